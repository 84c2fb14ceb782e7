#include "cli/chat.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <deque>

#include "base/json.h"
#include "cli/exit_code.h"

namespace docmind::cli {
namespace {

using testing::HasSubstr;

// Gives its replies one after the other and remembers what was asked.
class ScriptedApi final : public Api {
 public:
  Result<net::Response> call(const net::Request& request) override {
    requests.push_back(request);
    if (replies.empty()) return Error{Code::kInternal, "nothing is left to say"};
    Result<net::Response> reply = std::move(replies.front());
    replies.pop_front();
    return reply;
  }
  Result<net::Response> stream(const net::Request&, const net::SseParser::OnEvent&) override {
    return Error{Code::kInternal, "not in a chat"};
  }
  void says(const std::string& body) { replies.emplace_back(net::json_response(200, body)); }

  std::deque<Result<net::Response>> replies;
  std::vector<net::Request> requests;
};

struct ChatTest : testing::Test {
  Surroundings here(bool json = false) { return {terminal, "/home/anna", json, nullptr}; }
  Typing typing(bool interactive = false) {
    return {[this]() -> Result<std::optional<std::string>> {
              if (lines.empty()) return std::optional<std::string>();
              auto line = std::move(lines.front());
              lines.pop_front();
              return line;
            },
            interactive, [this] { ++went_on; }};
  }
  void type(const std::string& line) { lines.emplace_back(std::optional(line)); }
  boost::json::value sent(std::size_t i) { return *parse_json(api.requests.at(i).body); }

  std::string out;
  std::string err;
  Terminal terminal{[this](std::string_view t) { out += t; }, [this](std::string_view t) { err += t; }};
  ScriptedApi api;
  std::deque<Result<std::optional<std::string>>> lines;
  int went_on = 0;
};

constexpr const char* kTurn = R"({"session":"S1","turn":1,"question":"Is it tall?","query_used":"Is the mast tall?",
  "because":"it","answer":{"status":"answered","mode":"extractive","claims":[{"text":"It is tall.\u001b[2J"}]}})";

TEST_F(ChatTest, ANewChatGetsItsNameAndCountsItsTurns) {
  api.says(R"({"session":"S1"})");
  api.says(kTurn);
  api.says(R"({"session":"S1","turn":2,"answer":{"status":"abstained"}})");
  for (const char* line : {"Is it tall?", "", " \t", "Why?"}) type(line);
  ChatOptions options{.as_typed = true};
  options.filter.types = {"pdf"};
  EXPECT_EQ(chat(api, options, here(), typing()), kOk);
  ASSERT_EQ(api.requests.size(), 3U);
  EXPECT_EQ(api.requests[0].target.path, "/api/sessions");
  EXPECT_EQ(api.requests[1].target.path, "/api/sessions/S1/ask");
  EXPECT_EQ(to_text(sent(1)), R"({"question":"Is it tall?","turn":1,"filter":{"types":["pdf"]},"as_typed":true})");
  EXPECT_EQ(sent(2).at("turn"), 2);
  EXPECT_THAT(out, HasSubstr("↳ Searched “Is the mast tall?”, because “it” points back.\nIt is tall. [2J"));
  EXPECT_THAT(out, HasSubstr("The documents do not say."));
  EXPECT_THAT(err, HasSubstr("docmind chat --session 'S1'"));
}

TEST_F(ChatTest, EachDocumentIsAskedByItselfWhenItIsSaid) {
  api.says(R"({"session":"S1"})");
  api.says(kTurn);
  type("Is it tall?");
  ChatOptions options{};
  options.separate = true;
  EXPECT_EQ(chat(api, options, here(), typing()), kOk);
  EXPECT_EQ(to_text(sent(1)), R"({"question":"Is it tall?","turn":1,"analysis":"separate"})");
}

TEST_F(ChatTest, AKnownChatGoesOnWhereItStood) {
  api.says(R"({"session":"渡船","turns":4,"unanswered":null})");
  api.says(R"({"session":"渡船","turn":5,"answer":{}})");
  type("Why?");
  EXPECT_EQ(chat(api, {.session = "渡船"}, here(true), typing()), kOk);
  EXPECT_EQ(api.requests[0].target.path, "/api/sessions/渡船");
  EXPECT_EQ(sent(1).at("turn"), 5);
  EXPECT_EQ(out, "{\"session\":\"渡船\",\"turn\":5,\"answer\":{}}\n");
}

TEST_F(ChatTest, AFailureDoesNotEndTheChat) {
  api.says(R"({"session":"S1"})");
  api.replies.emplace_back(Error{Code::kInvalidArgument, "too long", "shorten it"});
  api.replies.emplace_back(Error{Code::kConflict, "somebody went on", ""});
  api.says(R"({"turns":7})");
  api.says(R"({"session":"S1","turn":8,"answer":{}})");
  for (const char* line : {"a", "b", "c"}) type(line);
  lines.emplace_back(Error{Code::kResourceExhausted, "a line is too long", ""});
  type("\xff");
  EXPECT_EQ(chat(api, {}, here(), typing()), kSomeFailed);
  EXPECT_EQ(sent(4).at("turn"), 8);  // It looked where the session stands.
  EXPECT_EQ(api.requests.size(), 5U);
  api.says(R"({"session":"S1"})");
  type("x");
  EXPECT_EQ(chat(api, {}, here(), typing()), kFailed);
}

TEST_F(ChatTest, AnInterruptEndsTheAnswerAtATerminalAndElseTheChat) {
  const Error stopped{Code::kCancelled, "interrupted"};
  for (const bool interactive : {true, false}) {
    api.says(R"({"session":"S1"})");
    api.replies.emplace_back(stopped);
    if (interactive) api.says(R"({"session":"S1","turn":1,"answer":{}})");
    lines.clear();
    type("a");
    type("b");
    EXPECT_EQ(chat(api, {}, here(), typing(interactive)), interactive ? kOk : kInterrupted);
    EXPECT_EQ(went_on, 1);
    EXPECT_TRUE(api.replies.empty());
  }
  api.says(R"({"session":"S1"})");
  lines = {Result<std::optional<std::string>>(stopped)};
  EXPECT_EQ(chat(api, {}, here(), typing(true)), kInterrupted);  // At the prompt.
  EXPECT_THAT(err, HasSubstr("> "));
}

TEST_F(ChatTest, ResumeAnswersWhatWasInterrupted) {
  api.says(R"({"session":"S1","turns":0,"unanswered":"Who?"})");
  api.says(R"({"session":"S1","turn":1,"answer":{}})");
  api.says(R"({"session":"S1","turn":2,"answer":{}})");
  type("And why?");
  EXPECT_EQ(sessions_resume(api, {"S1"}, here(), typing()), kOk);
  EXPECT_EQ(api.requests[1].target.path, "/api/sessions/S1/resume");
  EXPECT_EQ(sent(2).at("turn"), 2);
  EXPECT_THAT(out, HasSubstr("Who?"));
  api.replies.emplace_back(Error{Code::kNotFound, "there is no session S2"});
  EXPECT_EQ(sessions_resume(api, {"S2"}, here(), typing()), kFailed);
}

TEST_F(ChatTest, SessionsAreShownListedForkedExportedAndDeleted) {
  api.says(R"({"sessions":[{"session":"a\u001b","title":"Who?","turns":1,"unanswered":"x"}]})");
  EXPECT_EQ(sessions_list(api, {.limit = 3}, here()), kOk);
  EXPECT_EQ(api.requests.back().target.parameter("limit"), "3");
  EXPECT_EQ(out, "a   1 turn, interrupted  Who?\n");
  out.clear();
  api.says(std::string(R"({"session":"a","unanswered":"And why?","messages":[)") + kTurn + "]}");
  EXPECT_EQ(sessions_show(api, {"a"}, here()), kOk);
  EXPECT_THAT(out, HasSubstr("> Is it tall?\n↳ Searched"));
  EXPECT_THAT(out, HasSubstr("> And why?\nNot answered"));
  out.clear();
  api.says(R"({"session":"b"})");
  EXPECT_EQ(sessions_fork(api, {"a", "b", 2}, here()), kOk);
  EXPECT_EQ(api.requests.back().body, R"({"to":"b","turns":2})");
  EXPECT_EQ(out, "b\n");
  out.clear();
  api.replies.emplace_back(net::Response{.body = "# Who?\n"});
  EXPECT_EQ(sessions_export(api, {"a"}, here()), kOk);
  EXPECT_EQ(out, "# Who?\n");
  out.clear();
  api.replies.emplace_back(net::Response{.body = std::string("%PDF-\0\n", 7)});
  EXPECT_EQ(sessions_export(api, {"a", "pdf"}, here()), kOk);
  EXPECT_EQ(api.requests.back().target.parameter("format"), "pdf");
  EXPECT_EQ(out, std::string("%PDF-\0\n", 7));
  out.clear();
  const std::size_t asked = api.requests.size();
  terminal.out_is_screen = true;
  EXPECT_NE(sessions_export(api, {"a", "pdf"}, here()), kOk);
  EXPECT_EQ(api.requests.size(), asked);
  EXPECT_THAT(err, HasSubstr("docmind sessions export 'a' --format pdf > 'a.pdf'"));
  api.says(R"({"session":"a"})");
  api.replies.emplace_back(Error{Code::kNotFound, "there is no session b"});
  EXPECT_EQ(sessions_delete(api, {{"a", "b"}}, here()), kFailed);
  EXPECT_EQ(out, "deleted a\n");
  EXPECT_EQ(api.requests.back().method, "DELETE");
}

}  // namespace
}  // namespace docmind::cli
