#include "server/model_messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "base/json_members.h"
#include "net/testing/recording_writer.h"

namespace docmind::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

boost::json::value asked(const std::string& message_request) {
  const auto out = completion_request_of(message_request);
  EXPECT_TRUE(out) << out.error().message;
  return out ? *parse_json(*out) : boost::json::value();
}

std::string refused(const std::string& message_request) {
  const auto out = completion_request_of(message_request);
  EXPECT_FALSE(out);
  return out ? "" : out.error().message;
}

TEST(ModelMessages, AConversationKeepsItsWordsAndItsOrder) {
  const boost::json::value out = asked(R"({"model":"qwen","max_tokens":64,"system":[{"type":"text","text":"Be short."}],
    "messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":[{"type":"text","text":"Hello"}]},
                {"role":"user","content":[{"type":"text","text":"Who?"}]}],
    "stop_sequences":["END"],"temperature":0.5,"top_k":3})");
  EXPECT_EQ(to_text(out.at("messages")),
            R"([{"role":"system","content":"Be short."},{"role":"user","content":"Hi"},)"
            R"({"role":"assistant","content":"Hello"},{"role":"user","content":[{"type":"text","text":"Who?"}]}])");
  EXPECT_EQ(out.at("model"), "qwen");
  EXPECT_EQ(out.at("max_tokens"), 64);
  EXPECT_EQ(to_text(out.at("stop")), R"(["END"])");
  EXPECT_EQ(out.at("temperature"), 0.5);
  EXPECT_EQ(out.at("top_k"), 3);
  EXPECT_EQ(out.at("chat_template_kwargs").at("enable_thinking"), false);
  EXPECT_TRUE(json_member(out, "stream_options").is_null());
}

TEST(ModelMessages, ToolsGoThereAndTheirAnswersComeBack) {
  const boost::json::value out = asked(R"({"stream":true,"thinking":{"type":"enabled","budget_tokens":1024},
    "tools":[{"name":"weather","description":"Of a town","input_schema":{"type":"object"}}],
    "tool_choice":{"type":"tool","name":"weather","disable_parallel_tool_use":true},
    "messages":[{"role":"user","content":"Kiel?"},
      {"role":"assistant","content":[{"type":"thinking","thinking":"Hm","signature":""},
                                     {"type":"tool_use","id":"t1","name":"weather","input":{"town":"Kiel"}}]},
      {"role":"user","content":[{"type":"text","text":"And?"},
                                {"type":"tool_result","tool_use_id":"t1","content":[{"type":"text","text":"rain"}]}]}]})");
  const boost::json::array& messages = out.at("messages").as_array();
  EXPECT_EQ(to_text(messages[1]),
            R"({"role":"assistant","content":"","reasoning_content":"Hm","tool_calls":[{"id":"t1","type":"function",)"
            R"("function":{"name":"weather","arguments":"{\"town\":\"Kiel\"}"}}]})");
  EXPECT_EQ(to_text(messages[2]), R"({"role":"tool","tool_call_id":"t1","content":"rain"})");
  EXPECT_EQ(to_text(messages[3]), R"({"role":"user","content":[{"type":"text","text":"And?"}]})");
  EXPECT_EQ(
      to_text(out.at("tools")),
      R"([{"type":"function","function":{"name":"weather","parameters":{"type":"object"},"description":"Of a town"}}])");
  EXPECT_EQ(to_text(out.at("tool_choice")), R"({"type":"function","function":{"name":"weather"}})");
  EXPECT_EQ(out.at("parallel_tool_calls"), false);
  EXPECT_EQ(out.at("stream_options").at("include_usage"), true);
  EXPECT_EQ(out.at("chat_template_kwargs").at("enable_thinking"), true);
  EXPECT_EQ(asked(R"({"messages":[],"tool_choice":{"type":"any"}})").at("tool_choice"), "required");
}

TEST(ModelMessages, WhatTheModelCannotTakeIsRefusedByName) {
  EXPECT_THAT(refused(R"({"model":"qwen"})"), HasSubstr("\"messages\" is missing"));
  EXPECT_THAT(refused(R"({"messages":[{"role":"user","content":[{"type":"image","source":{}}]}]})"),
              HasSubstr("\"image\""));
  EXPECT_THAT(refused(R"({"messages":[{"role":"system","content":"x"}]})"), HasSubstr("\"role\""));
  EXPECT_THAT(refused(R"({"messages":[{"role":"user","content":7}]})"), HasSubstr("\"content\""));
  EXPECT_THAT(refused(R"({"messages":[],"tools":[{"type":"web_search_20250305","name":"w"}]})"),
              HasSubstr("web_search"));
  EXPECT_THAT(refused(R"({"messages":[],"tool_choice":{"type":"some"}})"), HasSubstr("\"tool_choice\""));
  EXPECT_THAT(refused(R"({"messages":[],"max_tokens":"many"})"), HasSubstr("max_tokens"));
  EXPECT_THAT(refused("["), HasSubstr("JSON"));
}

TEST(ModelMessages, AReplyIsAMessage) {
  const auto out =
      message_of(R"({"id":"c1","model":"qwen","choices":[{"message":{"content":"Hi","reasoning_content":"Hm",
    "tool_calls":[{"id":"t1","function":{"name":"weather","arguments":"{\"town\":\"Kiel\"}"}}]},
    "finish_reason":"tool_calls"}],
    "usage":{"prompt_tokens":10,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":3}}})");
  EXPECT_EQ(*out, R"({"id":"msg_c1","type":"message","role":"assistant","model":"qwen","content":[)"
                  R"({"type":"thinking","thinking":"Hm","signature":""},{"type":"text","text":"Hi","citations":null},)"
                  R"({"type":"tool_use","id":"t1","name":"weather","input":{"town":"Kiel"}}],"stop_reason":"tool_use",)"
                  R"("stop_sequence":null,"usage":{"input_tokens":7,"cache_creation_input_tokens":0,)"
                  R"("cache_read_input_tokens":3,"output_tokens":4}})");
  const auto cut = message_of(R"({"choices":[{"message":{"content":"Hi"},"finish_reason":"length"}]})");
  EXPECT_THAT(*cut, HasSubstr(R"("stop_reason":"max_tokens")"));
  for (const char* none : {"", "{}", R"({"choices":[]})",
                           R"({"choices":[{"message":{"tool_calls":[{"function":{"arguments":"{"}}]}}]})"}) {
    EXPECT_FALSE(message_of(none)) << none;
  }
}

TEST(ModelMessages, AnErrorKeepsItsWords) {
  EXPECT_EQ(message_error_of(429, R"({"error":{"code":"rate_limited","message":"busy","hint":"Wait."}})"),
            R"({"type":"error","error":{"type":"rate_limit_error","message":"busy: Wait."}})");
}

struct MessageWriterTest : ::testing::Test {
  // The types of the events, with what belongs to them.
  std::vector<std::string> events() {
    std::vector<std::string> out;
    net::SseParser parser;
    EXPECT_TRUE(parser.feed(recorded.response.body, [&](const net::SseEvent& event) -> Result<> {
      const boost::json::value body = *parse_json(event.data);
      EXPECT_EQ(json_text(json_member(body, "type")), event.name);
      std::string line = event.name;
      for (const char* key : {"content_block", "delta", "usage", "error"}) {
        if (!json_member(body, key).is_null()) line += " " + to_text(json_member(body, key));
      }
      out.push_back(line);
      return {};
    }));
    return out;
  }
  static std::string chunk(const std::string& delta, const std::string& why = "null") {
    return R"(data: {"id":"c1","model":"qwen","choices":[{"index":0,"delta":)" + delta + R"(,"finish_reason":)" + why +
           "}]}\n\n";
  }

  net::testing::RecordingWriter recorded;
  MessageWriter writer{recorded};
};

TEST_F(MessageWriterTest, ThoughtsTextAndCallsAreBlocksInTurn) {
  const std::string stream =
      chunk(R"({"role":"assistant","reasoning_content":"Hm"})") + chunk(R"({"content":"I"})") +
      chunk(R"({"content":" ask"})") +
      chunk(R"({"tool_calls":[{"index":0,"id":"t1","function":{"name":"weather","arguments":"{}"}},)"
            R"({"index":1,"id":"t2","function":{"name":"time","arguments":""}}]})") +
      chunk("{}", "\"tool_calls\"") +
      "data: {\"id\":\"c1\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2}}\n\ndata: "
      "[DONE]\n\n";
  ASSERT_TRUE(writer.begin({.body = stream.substr(0, 40)}));
  for (std::size_t at = 40; at < stream.size(); at += 7)
    ASSERT_TRUE(writer.write(std::string_view(stream).substr(at, 7)));
  ASSERT_TRUE(writer.end());
  EXPECT_THAT(
      events(),
      ElementsAre("message_start", R"(content_block_start {"type":"thinking","thinking":"","signature":""})",
                  R"(content_block_delta {"type":"thinking_delta","thinking":"Hm"})", "content_block_stop",
                  R"(content_block_start {"type":"text","text":""})",
                  R"(content_block_delta {"type":"text_delta","text":"I"})",
                  R"(content_block_delta {"type":"text_delta","text":" ask"})", "content_block_stop",
                  R"(content_block_start {"type":"tool_use","id":"t1","name":"weather","input":{}})",
                  R"(content_block_delta {"type":"input_json_delta","partial_json":"{}"})", "content_block_stop",
                  R"(content_block_start {"type":"tool_use","id":"t2","name":"time","input":{}})", "content_block_stop",
                  R"(message_delta {"stop_reason":"tool_use","stop_sequence":null} {"input_tokens":9,)"
                  R"("cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":2})",
                  "message_stop"));
}

TEST_F(MessageWriterTest, AStreamThatBreaksSaysWhyAndHasNoEnd) {
  ASSERT_TRUE(writer.begin({.body = chunk(R"({"content":"I"})")}));
  ASSERT_TRUE(writer.write("\n\ndata: {\"error\":{\"code\":\"unavailable\",\"message\":\"gone\"}}\n\n"));
  const auto told = events();
  ASSERT_EQ(told.size(), 4U);
  EXPECT_EQ(told.back(), R"(error {"type":"overloaded_error","message":"gone"})");
}

TEST_F(MessageWriterTest, RubbishEndsIt) { EXPECT_FALSE(writer.begin({.body = "data: {\n\n"})); }

}  // namespace
}  // namespace docmind::server
