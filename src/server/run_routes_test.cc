#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "net/testing/recording_writer.h"
#include "server/routes.h"
#include "server/testing/fake_service.h"
#include "session/testing/sessions_in_memory.h"

namespace docmind::server {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class RunRoutesTest : public ::testing::Test {
 protected:
  RunRoutesTest() {
    service_.answer.text = "Anna.";
    service_.answer.status = agents::AnswerStatus::kAnswered;
    service_.answer.claims.emplace_back().text = "Anna.";
    routes_.serve_runs(*Runs::open({}, clock_, rng_));
  }
  net::Response send(const std::string& method, const std::string& target, const std::string& body = "",
                     const std::string& last_event = "") {
    net::testing::RecordingWriter writer;
    routes_.handle({.method = method,
                    .target = *net::Target::parse(target),
                    .headers = {{"Content-Type", "application/json"}, {"Last-Event-ID", last_event}},
                    .body = body},
                   writer);
    return writer.response;
  }
  std::string start(const std::string& body) {
    const net::Response response = send("POST", "/api/runs", body);
    EXPECT_EQ(response.status, 202) << response.body;
    return std::string(parse_json(response.body)->at("run").as_string());
  }

  testing::FakeService service_;
  obs::Metrics metrics_;
  ManualClock clock_;
  SeededRng rng_{3};
  std::unique_ptr<session::Sessions> sessions_ = session::testing::sessions_in_memory(clock_, rng_);
  Routes routes_{{.sessions = sessions_.get()}, service_, metrics_, clock_};
};

TEST_F(RunRoutesTest, AQuestionAloneIsFollowedToItsEnd) {
  const std::string run = start(R"({"question":"Who wrote it?","cache":"bypass"})");
  const net::Response events = send("GET", "/api/runs/" + run + "/events");
  EXPECT_EQ(events.headers.find("Content-Type"), "text/event-stream");
  EXPECT_THAT(events.body, AllOf(HasSubstr("event: seal"), HasSubstr(R"("text":"Anna.")"), HasSubstr("event: done"),
                                 HasSubstr(R"("answer":"Anna.")"), HasSubstr("id: 2")));
  EXPECT_EQ(service_.question.text, "Who wrote it?");
  EXPECT_EQ(service_.question.cache, cache::Use::kBypass);
  const net::Response again = send("GET", "/api/runs/" + run + "/events", "", "1");
  EXPECT_THAT(again.body, AllOf(HasSubstr("event: done"), Not(HasSubstr("event: seal"))));
  EXPECT_EQ(send("GET", "/api/runs/" + run + "/events?after=1").body, again.body);
  EXPECT_THAT(send("GET", "/api/runs/" + run).body, HasSubstr(R"("state":"done")"));
  EXPECT_EQ(send("GET", "/api/runs").body, R"({"runs":[]})");
}

TEST_F(RunRoutesTest, AQuestionOfASessionIsATurnOfIt) {
  const std::string run = start(R"({"session":"s1","question":"Who wrote it?"})");
  EXPECT_THAT(send("GET", "/api/runs/" + run + "/events").body,
              AllOf(HasSubstr("event: seal"), HasSubstr(R"("turn":1)")));
  EXPECT_THAT(send("GET", "/api/sessions/s1").body, HasSubstr("Who wrote it?"));
}

TEST_F(RunRoutesTest, WhoWatchesSeesTheStepsAndWhatIsWritten) {
  service_.watched = [](const agents::Watch& watch) {
    watch.step({.agent = "query_router", .status = "ok", .seconds = 0.25});
    watch.wrote("An");
  };
  const std::string run = start(R"({"question":"Who wrote it?"})");
  EXPECT_THAT(send("GET", "/api/runs/" + run + "/events").body,
              AllOf(HasSubstr(R"({"agent":"query_router","part":0,"state":"ok","ms":250})"),
                    HasSubstr(R"(event: draft)"), HasSubstr(R"({"text":"An"})")));
}

TEST_F(RunRoutesTest, ADocumentThatWasAskedIsSeenBeforeTheEnd) {
  agents::DocumentPart& part = service_.answer.by_document.emplace_back();
  part.document = "/d/a.pdf";
  part.status = "answered";
  part.count = 1;
  service_.watched = [](const agents::Watch& watch) {
    watch.step({.agent = "query_router", .status = "ok", .document = "/d/a.pdf"});
  };
  for (const char* session : {"", R"("session":"s1",)"}) {
    const std::string run = start(std::string("{") + session + R"("question":"Who wrote it?","analysis":"separate"})");
    const std::string events = send("GET", "/api/runs/" + run + "/events").body;
    EXPECT_THAT(events, AllOf(HasSubstr(R"("ms":0,"document":"/d/a.pdf")"), HasSubstr("event: part"),
                              HasSubstr(R"("count":1,"nearest":[],"trace_id":null,"index":0,"parts":1)")));
    EXPECT_LT(events.find("event: part"), events.find("event: seal"));
    EXPECT_THAT(events, HasSubstr(R"("citations":[],"part":0})"));
    EXPECT_EQ(events.find("event: seal"), events.rfind("event: seal")) << "once";
    EXPECT_EQ(service_.question.analysis, service::Analysis::kSeparate);
  }
}

TEST_F(RunRoutesTest, AFailureIsTheLastEvent) {
  service_.failure = Error{Code::kUnavailable, "no index", "Wait."};
  const std::string run = start(R"({"question":"Who wrote it?"})");
  EXPECT_THAT(send("GET", "/api/runs/" + run + "/events").body,
              AllOf(HasSubstr("event: error"), HasSubstr("no index")));
  EXPECT_THAT(send("GET", "/api/runs/" + run).body, HasSubstr(R"("state":"failed")"));
}

TEST_F(RunRoutesTest, WhatCannotBeIsRefused) {
  EXPECT_EQ(send("POST", "/api/runs", "{}").status, 400);
  EXPECT_EQ(send("POST", "/api/runs", R"({"session":3,"question":"q"})").status, 400);
  EXPECT_EQ(send("POST", "/api/runs", R"({"session":"s","question":"q","colour":"red"})").status, 400);
  EXPECT_EQ(send("GET", "/api/runs/none").status, 404);
  EXPECT_EQ(send("GET", "/api/runs/none/events").status, 404);
  EXPECT_EQ(send("DELETE", "/api/runs/none").status, 404);
  const std::string run = start(R"({"question":"Who wrote it?"})");
  EXPECT_EQ(send("GET", "/api/runs/" + run + "/events?after=x").status, 400);
  EXPECT_EQ(send("DELETE", "/api/runs/" + run).status, 200);
}

TEST_F(RunRoutesTest, WithoutRunsThereAreNone) {
  routes_.serve_runs(nullptr);
  EXPECT_EQ(send("POST", "/api/runs", R"({"question":"q"})").status, 404);
}

}  // namespace
}  // namespace docmind::server
