#include "server/mcp.h"

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

struct McpTest : ::testing::Test {
  net::Response post(const std::string& body) {
    net::testing::RecordingWriter out;
    routes.handle({.method = "POST", .target = {.path = "/mcp"}, .body = body}, out);
    return out.response;
  }
  json::value ask(const std::string& method, const std::string& params = "{}") {
    return *parse_json(post(R"({"jsonrpc":"2.0","id":7,"method":")" + method + R"(","params":)" + params + "}").body);
  }
  json::value call(const std::string& tool, const std::string& arguments) {
    return ask("tools/call", R"({"name":")" + tool + R"(","arguments":)" + arguments + "}").at("result");
  }
  static std::string text_in(const json::value& result) {
    return std::string(result.at("content").at(0).at("text").as_string());
  }

  testing::FakeService service;
  obs::Metrics metrics;
  ManualClock clock;
  Routes routes{{}, service, metrics, clock};
};

TEST_F(McpTest, AgreesOnARevision) {
  const json::value known = ask("initialize", R"({"protocolVersion":"2025-03-26","capabilities":{}})");
  EXPECT_EQ(known.at("id"), 7);
  EXPECT_EQ(known.at("result").at("protocolVersion"), "2025-03-26");
  EXPECT_EQ(known.at("result").at("serverInfo").at("name"), "docmind");
  EXPECT_EQ(ask("initialize", R"({"protocolVersion":"2099-01-01"})").at("result").at("protocolVersion"), "2025-11-25");
  EXPECT_EQ(to_text(ask("ping").at("result")), "{}");
}

TEST_F(McpTest, SaysNothingToNotificationsAndReplies) {
  const net::Response silent = post(R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
  EXPECT_EQ(silent.status, 202);
  EXPECT_EQ(silent.body, "");
  EXPECT_EQ(post(R"({"jsonrpc":"2.0","id":1,"result":{}})").status, 202);
}

TEST_F(McpTest, AnswersWhatIsNoMessageAsTheProtocolSays) {
  const auto code = [this](const std::string& body) { return parse_json(post(body).body)->at("error").at("code"); };
  EXPECT_EQ(code("{"), -32700);
  EXPECT_EQ(code("[]"), -32600);
  EXPECT_EQ(code(R"({"id":1,"method":"ping"})"), -32600);
  EXPECT_EQ(code(R"({"jsonrpc":"2.0","id":{},"method":"ping"})"), -32600);
  EXPECT_EQ(code(R"({"jsonrpc":"2.0","id":"a","method":"server/discover"})"), -32601);
  EXPECT_EQ(code(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"rm"}})"), -32602);
  EXPECT_EQ(code(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ask","arguments":7}})"), -32602);
}

TEST_F(McpTest, EveryToolSaysWhatItTakes) {
  std::vector<std::string> names;
  const json::value listed = ask("tools/list");
  for (const json::value& tool : listed.at("result").at("tools").as_array()) {
    names.emplace_back(tool.at("name").as_string());
    EXPECT_EQ(tool.at("inputSchema").at("type"), "object");
    EXPECT_EQ(tool.at("annotations").at("readOnlyHint"), true);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"ask", "search", "list_documents", "read_passage"}));
}

TEST_F(McpTest, AskGivesTheAnswerAndItsSources) {
  agents::Citation citation;
  citation.document = "/d/ship.pdf";
  citation.page = 3;
  citation.quote = "It is tall.";
  service.answer.status = agents::AnswerStatus::kAnswered;
  service.answer.claims.resize(1);
  service.answer.claims[0].text = "The mast is tall.";
  service.answer.claims[0].citations = {citation};
  const json::value result = call("ask", R"({"question":"Mast?","documents":["/d/"]})");
  EXPECT_EQ(text_in(result), "The mast is tall. [1]\n\nSources:\n[1] ship.pdf, page 3: \"It is tall.\"");
  EXPECT_EQ(result.at("isError"), false);
  EXPECT_EQ(result.at("structuredContent").at("status"), "answered");
  EXPECT_EQ(service.question.text, "Mast?");
  EXPECT_EQ(service.question.filter.documents, std::vector<std::string>{"/d/"});
}

TEST_F(McpTest, SearchGivesPassagesThatCanBeReadOn) {
  retrieval::Hit hit;
  hit.document = "/a.pdf";
  hit.document_id = "D";
  hit.span = {3, 9};
  hit.text = "words";
  service.found.hits = {hit};
  const json::value result = call("search", R"({"query":"w","k":5})");
  EXPECT_EQ(text_in(result), "1. a.pdf (document_id D, start 3, end 9)\nwords\n\n");
  EXPECT_EQ(service.query.text, "w");
  EXPECT_EQ(service.query.k, 5U);
}

TEST_F(McpTest, DocumentsAreListedAPageAtATime) {
  service.library.documents.resize(3);
  for (std::size_t i = 0; i < 3; ++i) service.library.documents[i].document_id = "D" + std::to_string(i);
  const json::value result = call("list_documents", R"({"offset":1,"limit":1})").at("structuredContent");
  ASSERT_EQ(result.at("documents").as_array().size(), 1U);
  EXPECT_EQ(result.at("documents").at(0).at("document_id"), "D1");
  EXPECT_EQ(result.at("total"), 3);
}

TEST_F(McpTest, WhatIsWrongIsSaidToTheModel) {
  for (const auto& [tool, arguments] : std::vector<std::pair<std::string, std::string>>{
           {"ask", "{}"},
           {"ask", R"({"question":7})"},
           {"ask", R"({"question":"a","mood":"b"})"},
           {"search", R"({"query":"w","k":101})"},
           {"search", R"({"query":["w"]})"},
           {"list_documents", R"({"limit":0})"},
           {"read_passage", "{}"},
           {"read_passage", R"({"document_id":"D","start":-1,"end":2})"}}) {
    const json::value result = call(tool, arguments);
    EXPECT_EQ(result.at("isError"), true) << tool << arguments;
    EXPECT_NE(text_in(result), "");
  }
  service.failure = Error{Code::kUnavailable, "it sleeps", "Wake it."};
  EXPECT_EQ(text_in(call("ask", R"({"question":"a"})")), "it sleeps. Wake it.");
}

}  // namespace
}  // namespace docmind::server
