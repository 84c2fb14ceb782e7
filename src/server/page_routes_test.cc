#include "server/page_routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "web/files.h"

namespace docmind::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::optional<net::Response> get(const std::string& path, net::Headers headers = {}) {
  return page_response({.target = {.path = path}, .headers = std::move(headers)});
}

std::string header(const net::Response& response, std::string_view name) {
  return std::string(response.headers.find(name).value_or(""));
}

std::string a_built_file() {
  for (const web::File& file : web::files()) {
    if (file.compressed) return std::string(file.path);
  }
  return "";
}

TEST(PageResponse, EveryPlaceIsTheIndexUnderAStrictPolicy) {
  for (const char* path : {"/", "/chat/a", "/library", "/doc/7", "/settings"}) {
    const auto page = get(path);
    ASSERT_TRUE(page) << path;
    EXPECT_EQ(page->status, 200);
    EXPECT_EQ(page->body, web::find("/index.html")->bytes);
    EXPECT_EQ(header(*page, "Cache-Control"), "no-cache");
    const std::string policy = header(*page, "Content-Security-Policy");
    EXPECT_THAT(policy, HasSubstr("default-src 'none'; script-src 'self'; style-src 'self';"));
    EXPECT_THAT(policy, HasSubstr("require-trusted-types-for 'script'; trusted-types svelte-trusted-html"));
    EXPECT_THAT(policy, HasSubstr("frame-ancestors 'none'"));
    EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
    EXPECT_THAT(policy, Not(HasSubstr("data:")));
    EXPECT_EQ(header(*page, "Referrer-Policy"), "no-referrer");
    EXPECT_EQ(header(*page, "Cross-Origin-Opener-Policy"), "same-origin");
    EXPECT_EQ(header(*page, "Cross-Origin-Resource-Policy"), "same-origin");
  }
}

TEST(PageResponse, ABuiltFileNeverChangesUnderItsName) {
  const std::string path = a_built_file();
  const auto file = get(path);
  ASSERT_TRUE(file);
  EXPECT_EQ(header(*file, "Cache-Control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(header(*file, "Content-Encoding"), "gzip");
  EXPECT_EQ(file->body, web::find(path)->bytes);

  const auto again = get(path, {{"If-None-Match", header(*file, "ETag")}});
  ASSERT_TRUE(again);
  EXPECT_EQ(again->status, 304);
  EXPECT_TRUE(again->body.empty());
  EXPECT_EQ(get(path, {{"If-None-Match", "\"another\""}})->status, 200);
}

TEST(PageResponse, AnUnknownAddressIsAPageForABrowserAlone) {
  EXPECT_FALSE(get("/nothing"));
  EXPECT_FALSE(get("/assets/nothing.js", {{"Accept", "text/html"}}));
  const auto page = get("/nothing", {{"Accept", "text/html,application/xhtml+xml"}});
  ASSERT_TRUE(page);
  EXPECT_EQ(page->status, 404);
  EXPECT_EQ(page->body, web::find("/index.html")->bytes);
}

}  // namespace
}  // namespace docmind::server
