#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "net/testing/recording_writer.h"
#include "server/routes.h"
#include "server/testing/fake_service.h"

namespace docmind::server {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;

struct DocumentRoutesTest : ::testing::Test {
  net::Response get(const std::string& target) {
    net::testing::RecordingWriter writer;
    routes.handle({.target = *net::Target::parse(target)}, writer);
    return writer.response;
  }
  json::value body(const std::string& target) {
    const net::Response response = get(target);
    EXPECT_EQ(response.status, 200) << response.body;
    return *parse_json(response.body);
  }

  testing::FakeService service;
  obs::Metrics metrics;
  ManualClock clock;
  Routes routes{{}, service, metrics, clock};
};

TEST_F(DocumentRoutesTest, MarksAreShownAsTheContractSays) {
  service.marked = {.document_id = "D", .version = "v", .stored_version = "v", .quote = "It is tall."};
  service.marked.pages = {{3, "iii", 595.276F, 842, {{1.006F, 2, 3, 4.5F}}}};
  EXPECT_EQ(get("/api/documents/D/marks?version=v&start=3&end=14").body,
            R"({"document":"D","version":"v","current":true,"pages":[{"page":3,"label":"iii","width":595.28,)"
            R"("height":842,"quads":[[1.01,2,3,4.5]]}],"quote":"It is tall.","moved_to":null})");
  EXPECT_EQ(service.place.document, "D");
  EXPECT_EQ(service.place.version, "v");
  EXPECT_EQ(service.place.span, (doc::Span{3, 14}));
}

TEST_F(DocumentRoutesTest, WhatMovedHasItsNewPlace) {
  service.marked = {.document_id = "D", .version = "old", .stored_version = "new", .quote = "It is tall."};
  service.marked.moved_to = {{30, 41}, 0};
  const json::value shown = body("/api/documents/D/marks?version=old&start=3&end=14&quote=It+is+tall.");
  EXPECT_EQ(service.place.quote, "It is tall.");
  EXPECT_FALSE(shown.at("current").as_bool());
  EXPECT_EQ(shown.at("moved_to"), json::value({{"version", "new"}, {"start", 30}, {"end", 41}, {"page", nullptr}}));
}

TEST_F(DocumentRoutesTest, TextIsShownInRuns) {
  service.viewed = {.document_id = "D", .version = "v", .where = "page 3"};
  service.viewed.runs = {{"before ", false}, {"It is tall.", true}};
  service.viewed.shown = {5, 23};
  service.viewed.bytes = 100;
  const json::value shown = body("/api/documents/D/text?offset=5");
  EXPECT_EQ(service.place.offset, 5U);
  EXPECT_FALSE(service.place.span);
  EXPECT_EQ(shown.at("runs").at(1), json::value({{"text", "It is tall."}, {"mark", true}}));
  EXPECT_EQ(shown.at("where").as_string(), "page 3");
  EXPECT_TRUE(shown.at("before_cut").as_bool());
  EXPECT_TRUE(shown.at("after_cut").as_bool());
  EXPECT_EQ(shown.at("end").as_int64(), 23);
}

TEST_F(DocumentRoutesTest, ParametersThatAreNoneAreNamed) {
  for (const auto& [target, what] : std::vector<std::pair<std::string, std::string>>{
           {"/api/documents/D/marks?start=1", "belong together"},
           {"/api/documents/D/marks?start=x&end=3", "start"},
           {"/api/documents/D/marks?start=-1&end=3", "start"},
           {"/api/documents/D/text?start=1&end=99999999999999999999", "end"},
           {"/api/documents/D/text?ofset=3", "ofset"}}) {
    const net::Response response = get(target);
    EXPECT_EQ(response.status, 400) << target;
    EXPECT_THAT(response.body, HasSubstr(what)) << target;
  }
  EXPECT_EQ(get("/api/documents//marks?start=1&end=3").status, 404);
  EXPECT_EQ(get("/api/documents/D/marks/more").status, 404);
  EXPECT_EQ(get("/api/documents/D/other").status, 404);
}

TEST_F(DocumentRoutesTest, APageIsAPictureThatABrowserKeeps) {
  service.picture = {"v", std::make_shared<const std::string>("\x89PNG")};
  const net::Response response = get("/api/documents/D/pages/3?version=v&width=640");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "\x89PNG");
  EXPECT_EQ(response.headers.find("Content-Type"), "image/png");
  EXPECT_EQ(response.headers.find("ETag"), "\"v-3-640\"");
  EXPECT_EQ(response.headers.find("Cache-Control"), "private, max-age=31536000, immutable");
  EXPECT_EQ(service.page_asked.document, "D");
  EXPECT_EQ(service.page_asked.page, 3U);
  EXPECT_EQ(service.page_asked.width, 640U);
  EXPECT_EQ(get("/api/documents/D/pages/3").headers.find("Cache-Control"), "private, no-cache");
  EXPECT_EQ(service.page_asked.width, 900U);

  service.picture.png = nullptr;
  net::testing::RecordingWriter writer;
  routes.handle(
      {.target = *net::Target::parse("/api/documents/D/pages/3"), .headers = {{"If-None-Match", "\"v-3-900\""}}},
      writer);
  EXPECT_EQ(writer.response.status, 304);
  EXPECT_EQ(service.page_asked.known, "v");
  for (const std::string page : {"0", "-1", "x", "4294967296"}) {
    EXPECT_EQ(get("/api/documents/D/pages/" + page).status, 400) << page;
  }
  EXPECT_EQ(get("/api/documents/D/pages/").status, 404);
  EXPECT_EQ(get("/api/documents/D/pages/3/4").status, 404);
  for (const std::string width : {"0", "63", "2401", "x", "1e3"}) {
    EXPECT_EQ(get("/api/documents/D/pages/3?width=" + width).status, 400) << width;
  }
}

}  // namespace
}  // namespace docmind::server
