#include "llm/ollama/ollama_wire.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace docmind::ollama {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const Window kWindow{.tokens = 1024, .keep_alive = "5m"};

std::string sent(const std::string& fields) {
  const auto out = chat_request(R"({"model":"m","messages":[{"role":"user","content":"q"}])" + fields + "}", kWindow);
  return out ? *out : "refused: " + out.error().message;
}

TEST(OllamaWire, ThePromptIsNeverCut) {
  const std::string body = sent("");
  EXPECT_THAT(body, HasSubstr(R"("truncate":false)"));
  EXPECT_THAT(body, HasSubstr(R"("shift":false)"));
  EXPECT_THAT(body, HasSubstr(R"("num_ctx":1024)"));
  EXPECT_THAT(body, HasSubstr(R"("keep_alive":"5m")"));
  EXPECT_THAT(body, HasSubstr(R"("messages":[{"role":"user","content":"q"}])"));
}

TEST(OllamaWire, WhatAnAnswerIsMadeWithGoesAlong) {
  const std::string body = sent(R"(,"temperature":0.7,"top_p":0.95,"seed":7,"max_tokens":5,"stop":"x","stream":true)");
  for (const char* part :
       {R"("temperature":0.7)", R"("seed":7)", R"("num_predict":5)", R"("stop":["x"])", R"("stream":true)"}) {
    EXPECT_THAT(body, HasSubstr(part));
  }
  EXPECT_THAT(sent(R"(,"response_format":{"type":"json_schema","json_schema":{"schema":{"type":"integer"}}})"),
              HasSubstr(R"("format":{"type":"integer"})"));
  EXPECT_THAT(sent(R"(,"response_format":{"type":"json_object"})"), HasSubstr(R"("format":"json")"));
  EXPECT_THAT(sent(R"(,"tools":[{"type":"function"}])"), HasSubstr(R"("tools":[{"type":"function"}])"));
  EXPECT_THAT(sent(R"(,"tools":[{"type":"function"}],"tool_choice":"none")"), Not(HasSubstr("tools")));
}

TEST(OllamaWire, MessagesAreTurnedIntoItsOwn) {
  const auto body = chat_request(
      R"({"model":"m","messages":[{"role":"developer","content":[{"type":"text","text":"be "},{"type":"text","text":"brief"}]},)"
      R"({"role":"assistant","content":"","tool_calls":[{"id":"a1","type":"function","function":{"name":"look","arguments":"{\"q\":1}"}}]},)"
      R"({"role":"tool","tool_call_id":"a1","content":"found"}]})",
      kWindow);
  ASSERT_TRUE(body) << body.error().message;
  EXPECT_THAT(*body, HasSubstr(R"({"role":"system","content":"be brief"})"));
  EXPECT_THAT(*body, HasSubstr(R"("tool_calls":[{"function":{"name":"look","arguments":{"q":1}}}])"));
  EXPECT_THAT(*body, HasSubstr(R"({"role":"tool","content":"found","tool_name":"look"})"));
}

TEST(OllamaWire, WhatWouldChangeTheAnswerIsRefused) {
  for (const char* fields :
       {R"(,"n":2)", R"(,"tool_choice":"required")", R"(,"tool_choice":{"type":"function","function":{"name":"f"}})",
        R"(,"response_format":{"type":"grammar"})"}) {
    EXPECT_THAT(sent(fields), HasSubstr("refused: Ollama does not take")) << fields;
  }
  const auto picture =
      chat_request(R"({"messages":[{"role":"user","content":[{"type":"image_url","image_url":{}}]}]})", kWindow);
  EXPECT_EQ(picture.error().code, Code::kInvalidArgument);
  for (const char* odd : {"", "[]", "{}", R"({"messages":3})"}) EXPECT_FALSE(chat_request(odd, kWindow)) << odd;
}

TEST(OllamaWire, AWholeReplyBecomesOpenAis) {
  const auto reply = chat_reply(
      R"({"model":"m","message":{"role":"assistant","content":"24 m","thinking":"hm","tool_calls":[{"function":{"name":"f","arguments":{"a":1}}}]},)"
      R"("done":true,"done_reason":"stop","prompt_eval_count":9,"eval_count":3})",
      kWindow);
  ASSERT_TRUE(reply) << reply.error().message;
  for (const char* part :
       {R"("content":"24 m")", R"("reasoning_content":"hm")", R"("finish_reason":"tool_calls")", R"("id":"call_0")",
        R"("arguments":"{\"a\":1}")", R"("prompt_tokens":9)", R"("completion_tokens":3)"}) {
    EXPECT_THAT(*reply, HasSubstr(part));
  }
  for (const char* odd : {"", "[]", "{}", R"({"message":{},"done":false})", R"({"done":true})"}) {
    EXPECT_FALSE(chat_reply(odd, kWindow)) << odd;
  }
}

TEST(OllamaWire, ATextThatOllamaEndedForItsRepetitionIsCut) {
  const auto cut = chat_reply(R"({"message":{"content":"wwww"},"done":false})", kWindow);
  ASSERT_TRUE(cut) << cut.error().message;
  EXPECT_THAT(*cut, HasSubstr(R"("content":"wwww")"));
  EXPECT_THAT(*cut, HasSubstr(R"("finish_reason":"length")"));
}

TEST(OllamaWire, ARunnerThatDiedIsToldInOllamasWords) {
  const auto died = chat_reply(R"({"error":"model runner has unexpectedly stopped"})", kWindow);
  ASSERT_FALSE(died);
  EXPECT_EQ(died.error().code, Code::kUnavailable);
  EXPECT_EQ(died.error().message, "Ollama: model runner has unexpectedly stopped");
}

TEST(OllamaWire, APromptThatFillsTheWindowWasCut) {
  const auto cut = chat_reply(R"({"message":{"content":"x"},"done":true,"prompt_eval_count":1024})", kWindow);
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code, Code::kInvalidArgument);
  EXPECT_THAT(cut.error().message, HasSubstr("was cut"));
}

TEST(OllamaWire, AStreamInPiecesOfAnySize) {
  const std::string lines =
      "{\"message\":{\"content\":\"24\"},\"done\":false}\n{\"message\":{\"content\":\" 米\"},\"done\":false}\n"
      "{\"message\":{\"content\":\"\"},\"done\":true,\"done_reason\":\"length\",\"prompt_eval_count\":4,\"eval_count\":"
      "2}\n";
  std::string whole;
  for (const std::size_t size : {std::size_t{1}, std::size_t{7}, lines.size()}) {
    StreamReader reader(kWindow);
    std::string events;
    for (std::size_t at = 0; at < lines.size(); at += size) {
      const auto more = reader.take(std::string_view(lines).substr(at, size));
      ASSERT_TRUE(more) << more.error().message;
      events += *more;
    }
    EXPECT_TRUE(reader.done());
    EXPECT_TRUE(whole.empty() || whole == events);
    whole = events;
  }
  for (const char* part : {R"("delta":{"content":"24"})", R"("content":" 米")", R"("finish_reason":"length")",
                           R"("prompt_tokens":4)", "data: [DONE]\n\n"}) {
    EXPECT_THAT(whole, HasSubstr(part));
  }
}

TEST(OllamaWire, BrokenStreamsAreErrors) {
  StreamReader cut(kWindow);
  ASSERT_TRUE(cut.take("{\"message\":{\"content\":\"a\"},\"done\":false}\n"));
  EXPECT_FALSE(cut.done());
  EXPECT_FALSE(StreamReader(kWindow).take("<html>\n"));
  EXPECT_FALSE(StreamReader(kWindow).take("3\n"));
  EXPECT_EQ(StreamReader(kWindow).take(std::string(5U << 20U, 'x')).error().code, Code::kResourceExhausted);
  StreamReader ended(kWindow);
  ASSERT_TRUE(ended.take("{\"message\":{},\"done\":true}\n"));
  EXPECT_EQ(ended.take("{\"message\":{},\"done\":true}\n").error().code, Code::kDataLoss);
  EXPECT_THAT(*StreamReader(kWindow).take("{\"error\":\"out of memory\"}\n"),
              HasSubstr(R"({"error":{"message":"Ollama: out of memory"}})"));
}

}  // namespace
}  // namespace docmind::ollama
