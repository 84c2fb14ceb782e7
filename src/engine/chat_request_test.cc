#include "engine/chat_request.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace docmind::engine {
namespace {

ChatRequest parsed(const std::string& fields) {
  auto request = parse_chat_request(R"({"messages":[{"role":"user","content":"Hi"}])" + fields + "}");
  EXPECT_TRUE(request) << request.error().message;
  return request ? *std::move(request) : ChatRequest{};
}

Error refused(const std::string& body) {
  const auto request = parse_chat_request(body);
  EXPECT_FALSE(request) << body;
  return request ? Error{Code::kInternal, ""} : request.error();
}

// Fields that must be named in the error.
void expect_refused(const std::string& field, const std::string& json) {
  const Error error = refused(R"({"messages":[{"role":"user","content":"Hi"}],)" + json + "}");
  EXPECT_EQ(error.code, Code::kInvalidArgument);
  EXPECT_NE(error.message.find("\"" + field + "\""), std::string::npos) << json << " gives " << error.message;
}

TEST(ChatRequest, DefaultsAreTheModels) {
  const ChatRequest r = parsed("");
  ASSERT_EQ(r.messages.size(), 1U);
  EXPECT_EQ(r.messages[0].content, "Hi");
  EXPECT_EQ(r.fields.answers, 1U);
  EXPECT_FALSE(r.fields.max_tokens || r.fields.sampling.temperature || r.fields.sampling.seed || r.fields.logprobs);
  EXPECT_FALSE(r.fields.stream || r.fields.include_usage || r.fields.ignore_end);
  EXPECT_TRUE(r.fields.drafting);
  EXPECT_TRUE(r.parallel_tool_calls);
}

TEST(ChatRequest, ReadsEveryField) {
  const ChatRequest r = parsed(R"(,"model":"m","temperature":0,"top_p":0.5,"top_k":40,"min_p":0.1,"presence_penalty":1,
    "frequency_penalty":-1.5,"repeat_penalty":1.1,"seed":9007199254740993,"stop":["a","b"],"max_completion_tokens":7,
    "n":3,"logprobs":true,"top_logprobs":5,"logit_bias":{"12":-100,"7":1.5},"stream":true,
    "stream_options":{"include_usage":true},"ignore_eos":true,"cache_prompt":true,"document_prefix":2,
    "priority":"high","drafting":false,"chat_template_kwargs":{"enable_thinking":false},"unknown":{"x":[1]},
    "documents":[{"title":"t","text":"d"}],"passages":[{"text":"p"}],"user":"me","metadata":null)");
  EXPECT_EQ(r.fields.model, "m");
  EXPECT_EQ(r.fields.sampling.temperature, 0);
  EXPECT_EQ(r.fields.sampling.top_p, 0.5);
  EXPECT_EQ(r.fields.sampling.top_k, 40U);
  EXPECT_EQ(r.fields.sampling.min_p, 0.1);
  EXPECT_EQ(r.fields.sampling.presence, 1);
  EXPECT_EQ(r.fields.sampling.frequency, -1.5);
  EXPECT_EQ(r.fields.sampling.repetition, 1.1);
  EXPECT_EQ(r.fields.sampling.seed, 9007199254740993U);
  EXPECT_EQ(r.fields.stops, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(r.fields.max_tokens, 7U);
  EXPECT_EQ(r.fields.answers, 3U);
  EXPECT_EQ(r.fields.logprobs, 5U);
  EXPECT_EQ(r.fields.sampling.bias, (std::vector<std::pair<std::int32_t, double>>{{12, -100}, {7, 1.5}}));
  EXPECT_TRUE(r.fields.stream && r.fields.include_usage && r.fields.ignore_end);
  EXPECT_EQ(r.document_prefix, 2U);
  EXPECT_EQ(r.fields.priority, RequestPriority::kHigh);
  EXPECT_FALSE(r.fields.drafting);
  EXPECT_EQ(r.extra.at("enable_thinking"), false);
  EXPECT_EQ(r.documents.at(0).title, "t");
  EXPECT_EQ(r.passages.at(0).text, "p");
}

TEST(ChatRequest, ReadsMessagesOfAllRoles) {
  const auto r = parse_chat_request(R"({"messages":[
    {"role":"developer","content":"rules"},
    {"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}],"name":"me"},
    {"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{\"x\":1}"}},
      {"function":{"name":"g","arguments":{"y":2}}}]},
    {"role":"tool","tool_call_id":"1","content":"out"},
    {"role":"assistant","content":"<think>\nhm\n</think>\n\nsaid"},
    {"role":"assistant","reasoning_content":"hm","content":"said"}]})");
  ASSERT_TRUE(r) << r.error().message;
  EXPECT_EQ(r->messages[0].role, Role::kSystem);
  EXPECT_EQ(r->messages[1].content, "ab");
  EXPECT_EQ(r->messages[2].tool_calls[0], (ToolCall{.id = "1", .name = "f", .arguments = R"({"x":1})"}));
  EXPECT_EQ(r->messages[2].tool_calls[1].arguments, R"({"y":2})");
  EXPECT_EQ(r->messages[3].tool_call_id, "1");
  for (const std::size_t i : {4U, 5U}) {
    EXPECT_EQ(r->messages[i].reasoning, "hm");
    EXPECT_EQ(r->messages[i].content, "said");
  }
}

TEST(ChatRequest, ReadsFormats) {
  EXPECT_EQ(parsed(R"(,"response_format":{"type":"text"})").fields.format, FormatKind::kText);
  EXPECT_EQ(parsed(R"(,"response_format":{"type":"json_object"})").fields.format, FormatKind::kJsonObject);
  const ChatRequest r =
      parsed(R"(,"response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{"type":"object"}}})");
  EXPECT_EQ(r.fields.format, FormatKind::kJsonSchema);
  EXPECT_EQ(r.fields.schema.at("type"), "object");
  EXPECT_EQ(parsed(R"(,"response_format":{"type":"json_object","schema":{"type":"array"}})").fields.schema.at("type"),
            "array");
  expect_refused("response_format.json_schema.schema", R"("response_format":{"type":"json_schema"})");
  expect_refused("response_format.type", R"("response_format":{"type":"xml"})");
  expect_refused("response_format", R"("response_format":3)");
}

TEST(ChatRequest, ReadsTools) {
  const std::string tools = R"(,"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}])";
  EXPECT_EQ(parsed(tools).tools.size(), 1U);
  EXPECT_EQ(parsed(tools + R"(,"tool_choice":"none")").tool_choice, ToolChoice::kNone);
  EXPECT_EQ(parsed(tools + R"(,"tool_choice":"required")").tool_choice, ToolChoice::kRequired);
  const ChatRequest named = parsed(tools + R"(,"tool_choice":{"type":"function","function":{"name":"f"}})");
  EXPECT_EQ(named.tool_choice, ToolChoice::kNamed);
  EXPECT_EQ(named.tool_name, "f");
  expect_refused("tool_choice", tools.substr(1) + R"(,"tool_choice":{"function":{"name":"g"}})");
  expect_refused("tool_choice", R"("tool_choice":"sometimes")");
  expect_refused("tools", R"("tool_choice":"required")");
  expect_refused("tools[0]", R"("tools":[3])");
  expect_refused("tools[0].function.name", R"("tools":[{"function":{}}])");
  expect_refused("response_format", tools.substr(1) + R"(,"response_format":{"type":"json_object"})");
}

TEST(ChatRequest, NamesTheFieldThatIsWrong) {
  for (const auto& [field, json] : std::vector<std::pair<std::string, std::string>>{
           {"temperature", R"("temperature":"hot")"},
           {"temperature", R"("temperature":-1)"},
           {"temperature", R"("temperature":1e300)"},
           {"top_p", R"("top_p":1.5)"},
           {"top_k", R"("top_k":1.5)"},
           {"top_k", R"("top_k":-2)"},
           {"min_p", R"("min_p":[])"},
           {"repeat_penalty", R"("repeat_penalty":0)"},
           {"seed", R"("seed":-2)"},
           {"seed", R"("seed":"x")"},
           {"stop", R"("stop":3)"},
           {"stop", R"("stop":[""])"},
           {"stop", R"("stop":["1","2","3","4","5","6","7","8","9","0","1","2","3","4","5","6","7"])"},
           {"stop", "\"stop\":\"" + std::string(1001, 'x') + "\""},
           {"max_tokens", R"("max_tokens":0)"},
           {"max_tokens", R"("max_tokens":99999999999)"},
           {"max_completion_tokens", R"("max_completion_tokens":true)"},
           {"n", R"("n":9)"},
           {"n", R"("n":0)"},
           {"top_logprobs", R"("logprobs":true,"top_logprobs":21)"},
           {"logprobs", R"("top_logprobs":2)"},
           {"logprobs", R"("logprobs":"yes")"},
           {"logit_bias", R"("logit_bias":{"cat":1})"},
           {"logit_bias.5", R"("logit_bias":{"5":1000})"},
           {"stream", R"("stream":1)"},
           {"stream_options", R"("stream_options":[])"},
           {"stream_options.include_usage", R"("stream_options":{"include_usage":"y"})"},
           {"priority", R"("priority":"urgent")"},
           {"priority", R"("priority":7)"},
           {"drafting", R"("drafting":"off")"},
           {"document_prefix", R"("document_prefix":-1)"},
           {"documents", R"("documents":{})"},
           {"documents[0].text", R"("documents":[{"title":"x"}])"},
           {"passages[1]", R"("passages":[{"text":"x"},"y"])"},
           {"chat_template_kwargs", R"("chat_template_kwargs":[])"},
           {"model", R"("model":3)"},
       }) {
    expect_refused(field, json);
  }
}

TEST(ChatRequest, NamesTheMessageThatIsWrong) {
  for (const auto& [field, message] : std::vector<std::pair<std::string, std::string>>{
           {"messages[0]", "3"},
           {"messages[0].role", R"({"content":"x"})"},
           {"messages[0].role", R"({"role":"god","content":"x"})"},
           {"messages[0].content", R"({"role":"user","content":3})"},
           {"messages[0].content[0]", R"({"role":"user","content":["x"]})"},
           {"messages[0].content[0].type", R"({"role":"user","content":[{"type":"image_url","image_url":{}}]})"},
           {"messages[0].content[0].text", R"({"role":"user","content":[{"type":"text"}]})"},
           {"messages[0].tool_calls[0].function", R"({"role":"assistant","tool_calls":[{}]})"},
           {"messages[0].tool_calls[0].function.name", R"({"role":"assistant","tool_calls":[{"function":{}}]})"},
       }) {
    const Error error = refused(R"({"messages":[)" + message + "]}");
    EXPECT_NE(error.message.find("\"" + field + "\""), std::string::npos) << message << error.message;
  }
  for (const char* body : {"{}", R"({"messages":[]})", R"({"messages":"hi"})"}) {
    EXPECT_NE(refused(body).message.find("\"messages\""), std::string::npos) << body;
  }
}

TEST(ChatRequest, WhatIsNoJsonIsRefused) {
  for (const std::string& body : {std::string(), std::string("{"), std::string("[]"), std::string("null"),
                                  std::string("{\"messages\":[{\"role\":\"user\",\"content\":\"\xFF\"}]}"),
                                  std::string("{\"messages\":[{\"role\":\"user\",\"content\":\"\xC3\"}]}"),
                                  std::string(100'000, '['), std::string(1, '\0')}) {
    EXPECT_FALSE(parse_chat_request(body)) << body.substr(0, 60);
    EXPECT_FALSE(parse_completion_request(body)) << body.substr(0, 60);
  }
}

TEST(ChatRequest, AMillionBytesAreFine) {
  EXPECT_TRUE(parse_chat_request(R"({"messages":[{"role":"user","content":")" + std::string(1U << 20U, 'x') + "\"}]}"));
}

TEST(CompletionRequest, TakesTextOrTokens) {
  EXPECT_EQ(std::get<std::string>(parse_completion_request(R"({"prompt":"Once","logprobs":3})")->prompt), "Once");
  EXPECT_EQ(parse_completion_request(R"({"prompt":"Once","logprobs":3})")->fields.logprobs, 3U);
  EXPECT_EQ(std::get<std::vector<std::int32_t>>(parse_completion_request(R"({"prompt":[1,2]})")->prompt),
            (std::vector<std::int32_t>{1, 2}));
  for (const char* body : {R"({})", R"({"prompt":[]})", R"({"prompt":["a","b"]})", R"({"prompt":[-1]})",
                           R"({"prompt":[[1]]})", R"({"prompt":3})"}) {
    const auto r = parse_completion_request(body);
    ASSERT_FALSE(r) << body;
    EXPECT_NE(r.error().message.find("\"prompt\""), std::string::npos);
  }
  EXPECT_FALSE(parse_completion_request(R"({"prompt":"x","echo":true})"));
  EXPECT_TRUE(parse_completion_request(R"({"prompt":"x","echo":false,"best_of":1})"));
  EXPECT_FALSE(parse_completion_request(R"({"prompt":"x","best_of":2})"));
  EXPECT_FALSE(parse_completion_request(R"({"prompt":"x","suffix":"y"})"));
}

}  // namespace
}  // namespace docmind::engine
