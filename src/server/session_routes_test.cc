#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "net/testing/recording_writer.h"
#include "server/routes.h"
#include "server/session_read.h"
#include "server/testing/fake_service.h"
#include "session/testing/sessions_in_memory.h"

namespace docmind::server {
namespace {

using ::testing::HasSubstr;

struct SessionRoutesTest : ::testing::Test {
  net::Response send(net::Request request) {
    net::testing::RecordingWriter writer;
    routes.handle(request, writer);
    return writer.response;
  }
  net::Response get(const std::string& target) { return send({.target = *net::Target::parse(target)}); }
  net::Response post(const std::string& path, const std::string& body) {
    return send(
        {.method = "POST", .target = {.path = path}, .headers = {{"Content-Type", "application/json"}}, .body = body});
  }
  static boost::json::value body(const net::Response& response) { return *parse_json(response.body); }

  testing::FakeService service;
  obs::Metrics metrics;
  ManualClock clock;
  SeededRng rng{3};
  std::unique_ptr<session::Sessions> sessions = session::testing::sessions_in_memory(clock, rng);
  Print print = [](const print::Paper& paper, const Deadline&, const std::stop_token&) -> Result<std::string> {
    return "%PDF- " + paper.title + ", " + std::to_string(paper.paragraphs.size()) + " paragraphs";
  };
  Routes routes{{.sessions = sessions.get(), .print = print}, service, metrics, clock};
};

TEST_F(SessionRoutesTest, ADeletedChatTakesTheTracesOfItsPartsWithIt) {
  service.answer.trace_id = "whole";
  service.answer.by_document.resize(2);
  service.answer.by_document[1].trace_id = "part";
  EXPECT_EQ(post("/api/sessions/s/ask", R"({"question":"Who?","analysis":"separate"})").status, 200);
  EXPECT_EQ(service.question.analysis, service::Analysis::kSeparate);
  get("/api/sessions/s");
  EXPECT_EQ(send({.method = "DELETE", .target = {.path = "/api/sessions/s"}}).status, 200);
  EXPECT_THAT(service.forgotten, ::testing::ElementsAre("whole", "", "part"));
}

TEST_F(SessionRoutesTest, ATurnIsAskedShownForkedExportedAndDeleted) {
  service.answer.text = "Anna.";
  service.answer.status = agents::AnswerStatus::kAnswered;
  service.answer.route = "hybrid";
  service.answer.trace_id = "of the answer";
  const std::string id(body(post("/api/sessions", "{}")).at("session").as_string());
  EXPECT_EQ(get("/api/sessions/" + id).status, 404);  // A name alone is no session.
  const std::string path = "/api/sessions/" + id;
  EXPECT_EQ(post(path + "/ask", R"({"question":"Who wrote the manual?","filter":{"types":["pdf"]}})").status, 200);
  EXPECT_EQ(service.question.filter.types, std::vector<std::string>{"pdf"});
  const auto second = body(post(path + "/ask", R"({"question":"When was it written?","turn":2})"));
  EXPECT_EQ(service.question.text, "When was the manual written?");
  ASSERT_EQ(service.question.history.size(), 1U);
  EXPECT_EQ(service.question.history[0].question, "Who wrote the manual?");
  EXPECT_EQ(service.question.history[0].answer, "Anna.");
  EXPECT_EQ(second.at("session"), boost::json::value(id));
  EXPECT_EQ(second.at("turn"), 2);
  EXPECT_EQ(second.at("query_used"), "When was the manual written?");
  EXPECT_EQ(second.at("because"), "it");
  EXPECT_EQ(second.at("answer").at("answer"), "Anna.");
  const auto shown = body(get(path));
  EXPECT_EQ(shown.at("turns"), 2);
  EXPECT_EQ(shown.at("messages").as_array().size(), 2U);
  EXPECT_EQ(shown.at("unanswered"), nullptr);
  EXPECT_EQ(shown.at("messages").at(0).at("filter"), (boost::json::object{{"types", {"pdf"}}}));
  EXPECT_EQ(body(get("/api/sessions")).at("sessions").at(0).at("title"), "Who wrote the manual?");
  EXPECT_EQ(body(post(path + "/fork", R"({"to":"渡船","turns":1})")).at("turns"), 1);
  EXPECT_EQ(body(get("/api/sessions/%E6%B8%A1%E8%88%B9")).at("session"), "渡船");
  const net::Response markdown = get(path + "/export");
  EXPECT_EQ(markdown.headers.find("Content-Type"), "text/markdown; charset=utf-8");
  EXPECT_THAT(markdown.body, HasSubstr("# Who wrote the manual?"));
  EXPECT_EQ(get(path + "/export?format=json").body, get(path).body);
  EXPECT_EQ(get(path + "/export?format=doc").status, 400);
  EXPECT_EQ(get(path + "/export?format=pdf").body, "%PDF- Who wrote the manual?, 8 paragraphs");
  EXPECT_EQ(get(path + "/export?format=pdf").headers.find("Content-Type"), "application/pdf");
  EXPECT_TRUE(service.forgotten.empty());
  EXPECT_EQ(send({.method = "DELETE", .target = {.path = path}}).status, 200);
  EXPECT_EQ(service.forgotten, (std::vector<std::string>{"of the answer", "of the answer"}));
  ASSERT_EQ(service.purged.size(), 1U);
  EXPECT_EQ(service.purged.front().first, cache::PurgeBy::kSession);
  EXPECT_EQ(get(path).status, 404);
  EXPECT_THAT(get("/metrics").body, HasSubstr("docmind_queries_total{query_type=\"hybrid\",status=\"success\"} 2"));
}

TEST_F(SessionRoutesTest, WhatIsInterruptedIsResumed) {
  service.failure = Error{Code::kDeadlineExceeded, "too slow", "again"};
  EXPECT_EQ(post("/api/sessions/s/ask", R"({"question":"Why?"})").status, 504);
  EXPECT_EQ(body(get("/api/sessions/s")).at("unanswered"), "Why?");
  service.failure.reset();
  EXPECT_EQ(body(post("/api/sessions/s/resume", "{}")).at("turn"), 1);
  EXPECT_EQ(post("/api/sessions/s/resume", "{}").status, 409);
}

TEST_F(SessionRoutesTest, DeletingADocumentTakesItsWordsOutOfSessions) {
  service.answer.claims.emplace_back().text = "Secret words.";
  service.answer.claims.back().citations.emplace_back().document_id = "D1";
  EXPECT_EQ(post("/api/sessions/s/ask", R"({"question":"Who?"})").status, 200);
  service.library.documents.emplace_back().document_id = "D1";
  service.library.documents.back().document = "/a.md";
  EXPECT_THAT(get("/api/sessions/s").body, HasSubstr("Secret"));
  service.going = {.document_id = "D1", .pages = 2, .chunks = 3, .bytes = 4, .cached_answers = 5};
  EXPECT_EQ(get("/api/documents/D1/removal").body,
            R"({"pages":2,"chunks":3,"bytes":4,"cached_answers":5,"sessions":1,"original_stays":false})");
  EXPECT_EQ(send({.method = "DELETE", .target = *net::Target::parse("/api/documents?document=/a.md")}).status, 200);
  EXPECT_THAT(get("/api/sessions/s").body, ::testing::Not(HasSubstr("Secret")));
}

TEST_F(SessionRoutesTest, WhatIsWrongIsRefused) {
  for (const char* wrong :
       {"", "[]", "{}", R"({"question":""})", R"({"question":1})", R"({"question":"x","turn":0})",
        R"({"question":"x","turn":"1"})", R"({"question":"x","as_typed":1})", R"({"question":"x","more":1})",
        R"({"question":"x","filter":{"kind":"pdf"}})", R"({"question":"x","filter":[]})"}) {
    EXPECT_EQ(post("/api/sessions/s/ask", wrong).status, 400) << wrong;
  }
  for (const char* wrong : {"[]", R"({"to":""})", R"({"to":1})", R"({"turns":0})", R"({"more":1})"}) {
    EXPECT_EQ(post("/api/sessions/s/fork", wrong).status, 400) << wrong;
  }
  EXPECT_EQ(post("/api/sessions/s/fork", "").status, 404);
  EXPECT_EQ(post("/api/sessions/s/ask", R"({"question":"x","turn":2})").status, 409);
  EXPECT_EQ(get("/api/sessions?limit=1001").status, 400);
  EXPECT_EQ(get("/api/sessions/a/b").status, 404);
  EXPECT_EQ(get("/api/sessions//ask").status, 404);
  EXPECT_EQ(post("/api/sessions/" + std::string(129, 'x') + "/ask", R"({"question":"x"})").status, 400);
  EXPECT_EQ(send({.method = "DELETE", .target = {.path = "/api/sessions/none"}}).status, 404);
  EXPECT_EQ(get("/api/sessions/s/ask").headers.find("Allow"), "POST");
  Routes without({}, service, metrics, clock);
  net::testing::RecordingWriter writer;
  without.handle({.target = {.path = "/api/sessions"}}, writer);
  EXPECT_EQ(writer.response.status, 404);
}

}  // namespace
}  // namespace docmind::server
