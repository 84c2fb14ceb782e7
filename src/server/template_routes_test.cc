#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/testing/recording_writer.h"
#include "server/routes.h"
#include "server/testing/fake_service.h"
#include "templates/testing/temp_templates.h"

namespace docmind::server {
namespace {

using ::testing::HasSubstr;

struct TemplateRoutesTest : ::testing::Test {
  net::Response send(const std::string& method, const std::string& target, const std::string& body = "") {
    net::testing::RecordingWriter writer;
    net::Request request{.method = method, .target = *net::Target::parse(target), .body = body};
    if (!body.empty()) request.headers.set("Content-Type", "application/json");
    routes.handle(request, writer);
    return writer.response;
  }

  testing::FakeService service;
  obs::Metrics metrics;
  ManualClock clock;
  templates::testing::TempTemplates kept;
  Routes routes{{.templates = kept.get()}, service, metrics, clock};
};

TEST_F(TemplateRoutesTest, AreKeptListedAndTakenAway) {
  EXPECT_THAT(send("GET", "/api/templates").body,
              HasSubstr(R"({"name":"How to","text":"How do I {task}?","blanks":["task"],"built_in":true})"));
  const std::string made = R"({"name":"渡 船","text":"Who built {ship}?","blanks":["ship"],"built_in":false})";
  EXPECT_EQ(send("PUT", "/api/templates/%E6%B8%A1%20%E8%88%B9", R"({"text":"Who built {ship}?"})").body, made);
  EXPECT_THAT(send("GET", "/api/templates").body, HasSubstr(made));
  EXPECT_EQ(send("DELETE", "/api/templates/%E6%B8%A1%20%E8%88%B9").body, made);
  EXPECT_EQ(send("DELETE", "/api/templates/%E6%B8%A1%20%E8%88%B9").status, 404);
}

TEST_F(TemplateRoutesTest, WhatDoesNotFitIsRefused) {
  for (const char* body : {"{}", R"({"text":""})", R"({"text":" "})", R"({"text":1})", R"({"text":"x","name":"y"})"}) {
    EXPECT_EQ(send("PUT", "/api/templates/a", body).status, 400) << body;
  }
  EXPECT_EQ(send("PUT", "/api/templates/" + std::string(65, 'x'), R"({"text":"x"})").status, 400);
  EXPECT_EQ(send("PUT", "/api/templates/List", R"({"text":"x"})").status, 409);
  EXPECT_EQ(send("DELETE", "/api/templates/List").status, 409);
  Routes without{{}, service, metrics, clock};
  net::testing::RecordingWriter writer;
  without.handle({.target = *net::Target::parse("/api/templates")}, writer);
  EXPECT_EQ(writer.response.status, 404);
}

}  // namespace
}  // namespace docmind::server
