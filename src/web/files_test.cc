#include "web/files.h"

#include <gtest/gtest.h>

#include <string>

namespace docmind::web {
namespace {

// What the first view loads: every built file that the index names.
std::uint64_t bytes_of_first_view() {
  const std::string_view index = find("/index.html")->bytes;
  std::uint64_t sum = 0;
  for (const File& file : files()) sum += index.find(file.path) == std::string_view::npos ? 0 : file.bytes.size();
  return sum;
}

TEST(Files, TheIndexNamesOnlyFilesThatAreThere) {
  const File* index = find("/index.html");
  ASSERT_NE(index, nullptr);
  EXPECT_EQ(index->type, "text/html; charset=utf-8");
  EXPECT_FALSE(index->compressed);
  int named = 0;
  for (std::size_t at = index->bytes.find("/assets/"); at != std::string_view::npos;
       at = index->bytes.find("/assets/", at + 1)) {
    const std::string_view path = index->bytes.substr(at, index->bytes.find('"', at) - at);
    EXPECT_NE(find(path), nullptr) << path;
    ++named;
  }
  EXPECT_GE(named, 2);  // A script and a style sheet.
}

TEST(Files, AreSortedTypedAndCompressed) {
  std::string_view before;
  for (const File& file : files()) {
    EXPECT_LT(before, file.path);
    before = file.path;
    EXPECT_EQ(file.hash.size(), 16U);
    if (!file.path.starts_with("/assets/")) continue;
    EXPECT_TRUE(file.compressed);
    EXPECT_EQ(file.bytes.substr(0, 2), "\x1f\x8b") << file.path;  // gzip
  }
  EXPECT_EQ(find("/assets/"), nullptr);
}

TEST(Files, TheIndexHasNothingInline) {
  const std::string_view index = find("/index.html")->bytes;
  for (const char* what : {"<style", "style=", "onload=", "data:", "http://", "https://"}) {
    EXPECT_EQ(index.find(what), std::string_view::npos) << what;
  }
  for (std::size_t at = index.find("<script"); at != std::string_view::npos; at = index.find("<script", at + 1)) {
    EXPECT_NE(index.substr(at, index.find('>', at) - at).find("src="), std::string_view::npos);
  }
}

// A page that one waits for on a slow line is not used: budgets in bytes as sent.
TEST(Files, StayWithinTheirBudget) {
  std::uint64_t all = 0;
  for (const File& file : files()) all += file.bytes.size();
  EXPECT_LE(bytes_of_first_view(), 110'000U);
  EXPECT_LE(all, 300'000U);
  EXPECT_GT(bytes_of_first_view(), 10'000U);  // The sum is of something.
}

TEST(IsPage, KnowsThePlacesAndWhatStandsBehindThem) {
  for (const char* path : {"/", "/chat/a", "/chat/a%2Fb", "/library", "/search", "/doc/7", "/trace/01J", "/models",
                           "/dashboard", "/settings", "/help"}) {
    EXPECT_TRUE(is_page(path)) << path;
  }
  for (const char* path : {"", "chat", "//", "/nothing", "/api/ask", "/v1/models", "/healthy", "/libraryx"}) {
    EXPECT_FALSE(is_page(path)) << path;
  }
}

}  // namespace
}  // namespace docmind::web
