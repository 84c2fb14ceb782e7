#include "llm/openai/chat_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "llm/testing/fake_backend.h"

namespace docmind::openai {
namespace {

using llm::testing::FakeBackend;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

struct Kept final : llm::TokenStream {
  Result<> text(std::string_view piece) override {
    if (full) return Error{Code::kCancelled, "enough"};
    pieces.emplace_back(piece);
    return {};
  }
  std::vector<std::string> pieces;
  bool full = false;
};

struct ChatClientTest : ::testing::Test {
  ChatClientTest() {
    backend.capabilities = {.json_schema = true, .tools = true, .documents = true, .counts_tokens = true};
  }
  static llm::ChatRequest asked() { return {.messages = {{.role = llm::Role::kUser, .content = "How tall?"}}}; }
  Result<llm::ChatReply> whole(const llm::ChatRequest& request) {
    return client.chat(request, nullptr, Deadline::never(), {});
  }
  Result<llm::ChatReply> streamed(std::vector<std::string> events, Kept& kept) {
    backend.pieces.clear();
    for (std::string& event : events) backend.pieces.push_back("data: " + event + "\n\n");
    return client.chat(asked(), &kept, Deadline::never(), {});
  }

  FakeBackend backend{"qwen"};
  ChatClient client{backend};
};

constexpr const char* kAnswer =
    R"({"choices":[{"index":0,"message":{"role":"assistant","content":"24 m","reasoning_content":"hm"},)"
    R"("finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":3,)"
    R"("prompt_tokens_details":{"cached_tokens":7}},"timings":{"prompt_ms":500,"predicted_ms":250.5}})";

TEST_F(ChatClientTest, AsksAsOpenAiDoesAndReadsTheAnswer) {
  backend.reply.body = kAnswer;
  const auto reply = whole(asked());
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->content, "24 m");
  EXPECT_EQ(reply->reasoning, "hm");
  EXPECT_EQ(reply->finish, llm::ChatFinish::kEnd);
  EXPECT_EQ(reply->usage.prompt, 9U);
  EXPECT_EQ(reply->usage.cached, 7U);
  EXPECT_EQ(reply->usage.completion, 3U);
  EXPECT_EQ(reply->prefill_seconds, 0.5);
  EXPECT_EQ(reply->decode_seconds, 0.2505);
  EXPECT_EQ(backend.asked.back().first, "/v1/chat/completions");
  EXPECT_EQ(backend.asked.back().second,
            R"({"model":"qwen","messages":[{"role":"user","content":"How tall?"}],"temperature":0})");
}

TEST_F(ChatClientTest, EveryFieldOfARequestIsSent) {
  backend.reply.body = kAnswer;
  llm::ChatRequest request = asked();
  request.messages.push_back({.role = llm::Role::kAssistant, .tool_calls = {{"1", "search", R"({"q":"mast"})"}}});
  request.messages.push_back({.role = llm::Role::kTool, .content = "none", .tool_call_id = "1"});
  request.documents = {{"a.txt", "The mast."}};
  request.passages = {{"", "24 m"}};
  request.tools = {{"search", "finds", R"({"type":"object"})"}};
  request.max_tokens = 5;
  request.seed = 7;
  request.stop = {"."};
  request.priority = llm::ChatPriority::kHigh;
  ASSERT_TRUE(whole(request));
  const std::string& body = backend.asked.back().second;
  for (
      const char* part :
      {R"({"role":"assistant","content":"","tool_calls":[{"id":"1","type":"function","function":)"
       R"({"name":"search","arguments":"{\"q\":\"mast\"}"}}]})",
       R"({"role":"tool","content":"none","tool_call_id":"1"})",
       R"("documents":[{"title":"a.txt","text":"The mast."}],"passages":[{"title":"","text":"24 m"}])",
       R"("tools":[{"type":"function","function":{"name":"search","description":"finds","parameters":{"type":"object"}}}])",
       R"("max_tokens":5,"seed":7,"stop":["."])", R"("priority":"high")"}) {
    EXPECT_THAT(body, HasSubstr(part));
  }
  request.tools.clear();
  request.schema = R"({"type":"integer"})";
  ASSERT_TRUE(whole(request));
  EXPECT_THAT(backend.asked.back().second,
              HasSubstr(R"("response_format":{"type":"json_schema","json_schema":{"name":"answer","strict":true,)"
                        R"("schema":{"type":"integer"}}})"));
  request.schema = "{";
  EXPECT_EQ(whole(request).error().code, Code::kInvalidArgument);
}

TEST_F(ChatClientTest, AStreamIsGivenOutAsItComes) {
  Kept kept;
  const auto reply = streamed(
      {R"({"choices":[{"delta":{"role":"assistant","content":""}}]})", R"({"choices":[{"delta":{"content":"24"}}]})",
       R"({"choices":[{"delta":{"reasoning_content":"hm"}}]})", R"({"choices":[{"delta":{"content":" m"}}]})",
       R"({"choices":[{"delta":{},"finish_reason":"length"}]})",
       R"({"choices":[],"usage":{"prompt_tokens":4,"completion_tokens":2},"timings":{"prompt_ms":-1,"predicted_ms":8}})",
       "[DONE]"},
      kept);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_THAT(kept.pieces, ElementsAre("24", " m"));
  EXPECT_EQ(reply->content, "24 m");
  EXPECT_EQ(reply->reasoning, "hm");
  EXPECT_EQ(reply->finish, llm::ChatFinish::kLength);
  EXPECT_EQ(reply->usage.completion, 2U);
  EXPECT_FALSE(reply->prefill_seconds);
  EXPECT_EQ(reply->decode_seconds, 0.008);
  EXPECT_THAT(backend.asked.back().second, HasSubstr(R"("stream":true)"));
}

TEST_F(ChatClientTest, ToolCallsArePutTogether) {
  Kept kept;
  const auto reply = streamed(
      {R"({"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"q\""}}]}}]})",
       R"({"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]}}]})",
       R"({"choices":[{"delta":{"tool_calls":[{"index":1,"id":"b","function":{"name":"g","arguments":"{}"}}]}}]})",
       R"({"choices":[{"delta":{},"finish_reason":"tool_calls"}]})", "[DONE]"},
      kept);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_THAT(reply->tool_calls, ElementsAre(llm::ToolCall{"a", "f", R"({"q":1})"}, llm::ToolCall{"b", "g", "{}"}));
  EXPECT_EQ(reply->finish, llm::ChatFinish::kTools);
}

TEST_F(ChatClientTest, ACutStreamIsNoAnswer) {
  Kept kept;
  EXPECT_EQ(streamed({R"({"choices":[{"delta":{"content":"24"}}]})"}, kept).error().code, Code::kUnavailable);
  EXPECT_EQ(streamed({R"({"error":{"message":"out of room","hint":"ask for less"}})"}, kept).error().message,
            "out of room");
  EXPECT_EQ(streamed({"[DONE]", R"({"choices":[]})"}, kept).error().code, Code::kDataLoss);
  EXPECT_EQ(streamed({"{"}, kept).error().code, Code::kInvalidArgument);
  EXPECT_EQ(streamed({R"({"choices":[{"delta":{"tool_calls":[{"index":4000000000}]}}]})"}, kept).error().code,
            Code::kDataLoss);
  kept.full = true;
  EXPECT_EQ(streamed({R"({"choices":[{"delta":{"content":"24"}}]})", "[DONE]"}, kept).error().code, Code::kCancelled);
}

TEST_F(ChatClientTest, AnAnswerNobodyReadsAlongWithCanBeAskedForAsAStream) {
  ChatClient unread(backend, Unread::kStreamed);
  const auto answer = [&](std::string body) {
    backend.reply.body = std::move(body);
    return unread.chat(asked(), nullptr, Deadline::never(), {});
  };
  const std::string events =
      "data: {\"choices\":[{\"delta\":{\"content\":\"24\"}}]}\n\n"
      "data: {\"choices\":[{\"delta\":{\"content\":\" m\"},\"finish_reason\":\"stop\"}]}\n\n"
      "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":2}}\n\n";
  const auto reply = answer(events + "data: [DONE]\n\n");
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->content, "24 m");
  EXPECT_EQ(reply->usage.completion, 2U);
  EXPECT_THAT(backend.asked.back().second, HasSubstr(R"("stream":true,"stream_options":{"include_usage":true})"));
  EXPECT_EQ(answer(kAnswer)->content, "24 m") << "from a server that does not stream";
  EXPECT_EQ(answer(events).error().code, Code::kUnavailable);
  EXPECT_EQ(answer("data: {\"error\":{\"message\":\"out of room\"}}\n\n").error().message, "out of room");
  EXPECT_FALSE(answer(""));
  EXPECT_FALSE(answer("<html>"));
  backend.reply.body = kAnswer;
  llm::ChatRequest with_tools = asked();
  with_tools.tools = {{"search", "finds", R"({"type":"object"})"}};
  ASSERT_TRUE(unread.chat(with_tools, nullptr, Deadline::never(), {}));
  EXPECT_THAT(backend.asked.back().second, Not(HasSubstr("stream"))) << "their calls come whole";
}

TEST_F(ChatClientTest, RefusalsKeepTheServersWords) {
  backend.reply = {.status = 413, .body = R"({"error":{"code":"x","message":"Too long.","hint":"Shorten it."}})"};
  EXPECT_EQ(whole(asked()).error().message, "Too long.");
  EXPECT_EQ(whole(asked()).error().hint, "Shorten it.");
  backend.reply = {.status = 429, .body = "<html>busy</html>", .retry_after = "3"};
  EXPECT_EQ(whole(asked()).error().code, Code::kResourceExhausted);
  EXPECT_EQ(whole(asked()).error().hint, "Ask again in 3 s.");
  for (const char* odd : {"", "[]", "{}", R"({"choices":[]})", R"({"choices":[{"message":{"content":"x"}}]})",
                          R"({"choices":[{"message":{"tool_calls":[1]},"finish_reason":"stop"}]})"}) {
    backend.reply = {.body = odd};
    EXPECT_FALSE(whole(asked())) << odd;
  }
}

TEST_F(ChatClientTest, WhatAModelCannotDoIsNotAsked) {
  backend.capabilities = {};
  llm::ChatRequest request = asked();
  request.schema = "{}";
  EXPECT_EQ(whole(request).error().code, Code::kInvalidArgument);
  EXPECT_TRUE(backend.asked.empty());
  EXPECT_EQ(client.count(std::vector<std::string>{"x"}, Deadline::never(), {}).error().code, Code::kUnavailable);
}

TEST_F(ChatClientTest, AModelThatTakesNoDocumentsReadsThemInItsMessages) {
  backend.capabilities.documents = false;
  backend.reply.body = kAnswer;
  llm::ChatRequest request = asked();
  request.documents = {{"a.txt", "The mast."}};
  request.priority = llm::ChatPriority::kHigh;
  ASSERT_TRUE(whole(request));
  EXPECT_THAT(backend.asked.back().second,
              HasSubstr(R"("content":"<documents>\n<document index=\"1\" title=\"a.txt\">\nThe mast.\n)"));
  EXPECT_THAT(backend.asked.back().second, Not(HasSubstr(R"("documents":)")));
  EXPECT_THAT(backend.asked.back().second, Not(HasSubstr("priority"))) << "a vLLM refuses words there";
}

TEST_F(ChatClientTest, CountsTokens) {
  const std::vector<std::string> texts{"a b c", ""};
  EXPECT_THAT(*client.count(texts, Deadline::never(), {}), ElementsAre(5, 0));
}

}  // namespace
}  // namespace docmind::openai
