#include "engine/chat_routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <iterator>
#include <set>
#include <thread>

#include "engine/llama_runner.h"
#include "engine/testing/tiny_causal.h"
#include "net/sse.h"
#include "net/testing/recording_writer.h"
#include "obs/log.h"
#include "scheduler/testing/fake_runner.h"
#include "sys/clock.h"

namespace docmind::engine {
namespace {

namespace json = boost::json;
using net::testing::RecordingWriter;
using ::testing::HasSubstr;

std::string qwen3() {
  std::ifstream in(DOCMIND_SOURCE_DIR
                   "/.deps/packages/llama_cpp_python/vendor/llama.cpp/models/templates/Qwen-Qwen3-0.6B.jinja",
                   std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class ChatRoutesTest : public ::testing::Test {
 protected:
  explicit ChatRoutesTest(scheduler::SchedulerOptions options = {}) {
    runner_ = *LlamaRunner::open(*model_, {.cells = 2048, .sequences = 32, .threads = 1});
    scheduler_ = std::make_unique<scheduler::Scheduler>(options, *runner_, nullptr, clock_, log_);
    ChatRoutesOptions routes;
    routes.model_hash = [this](std::stop_token) {
      ++hashed_;
      return Result<std::string>("abc");
    };
    routes_ = *ChatRoutes::open(routes, {*model_, *scheduler_, clock_, rng_, log_});
  }
  static void SetUpTestSuite() {
    tiny_ = std::make_unique<TinyCausal>(TinyCausalOptions{.chat_template = qwen3()});
    model_ = *CausalModel::open(tiny_->path());
  }
  static void TearDownTestSuite() {
    model_.reset();
    tiny_.reset();
  }

  RecordingWriter post(const std::string& path, const std::string& body) { return sent("POST", path, body); }
  RecordingWriter sent(const std::string& method, const std::string& path, const std::string& body = {}) {
    RecordingWriter writer;
    routes_->handle({.method = method, .target = {.path = path}, .body = body}, writer);
    return writer;
  }
  json::value chat(const std::string& fields, int status = 200) {
    const RecordingWriter writer = post("/v1/chat/completions", body(fields));
    EXPECT_EQ(writer.response.status, status) << writer.response.body;
    return json::parse(writer.response.body);
  }
  static std::string body(const std::string& fields) {
    return R"({"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Why?"}],"seed":1)" +
           fields + "}";
  }
  // The data of a stream's events.
  static std::vector<std::string> events(const RecordingWriter& writer) {
    std::vector<std::string> data;
    net::SseParser parser;
    EXPECT_TRUE(parser.feed(writer.response.body, [&](const net::SseEvent& event) -> Result<> {
      data.push_back(event.data);
      return {};
    }));
    return data;
  }

  static std::unique_ptr<TinyCausal> tiny_;
  static std::unique_ptr<CausalModel> model_;
  obs::Log log_;
  sys::RealClock clock_;
  SeededRng rng_{1};
  std::unique_ptr<LlamaRunner> runner_;
  std::unique_ptr<scheduler::Scheduler> scheduler_;
  std::unique_ptr<ChatRoutes> routes_;
  int hashed_ = 0;
};
std::unique_ptr<TinyCausal> ChatRoutesTest::tiny_;
std::unique_ptr<CausalModel> ChatRoutesTest::model_;

TEST_F(ChatRoutesTest, AnswersWithUsageAndTimings) {
  const json::value answer = chat(R"(,"max_tokens":8,"ignore_eos":true)");
  EXPECT_EQ(answer.at("object"), "chat.completion");
  EXPECT_EQ(answer.at("model"), "tiny-qwen3");
  EXPECT_THAT(std::string(answer.at("id").get_string()), ::testing::StartsWith("chatcmpl-"));
  const json::value& choice = answer.at("choices").at(0);
  EXPECT_EQ(choice.at("message").at("role"), "assistant");
  EXPECT_TRUE(choice.at("message").at("content").is_string());
  EXPECT_EQ(choice.at("finish_reason"), "length");
  EXPECT_EQ(answer.at("usage").at("completion_tokens"), 8);
  const auto prompt = answer.at("usage").at("prompt_tokens").to_number<int>();
  EXPECT_EQ(answer.at("timings").at("prompt_n"), prompt);
  EXPECT_EQ(answer.at("timings").at("cache_n"), 0);
  EXPECT_EQ(answer.at("timings").at("predicted_n"), 8);

  // The same again comes from the cache, and says so.
  const json::value again = chat(R"(,"max_tokens":8,"ignore_eos":true)");
  EXPECT_EQ(again.at("choices").at(0).at("message"), choice.at("message"));
  const auto cached = again.at("usage").at("prompt_tokens_details").at("cached_tokens").to_number<int>();
  EXPECT_GT(cached, 0);
  EXPECT_EQ(again.at("timings").at("cache_n"), cached);
  EXPECT_EQ(again.at("timings").at("forked"), cached);
  EXPECT_EQ(again.at("timings").at("prompt_n").to_number<int>() + cached, prompt);
}

TEST_F(ChatRoutesTest, StreamsTheSameText) {
  const json::value whole = chat(R"(,"max_tokens":24)");
  const RecordingWriter writer =
      post("/v1/chat/completions", body(R"(,"max_tokens":24,"stream":true,"stream_options":{"include_usage":true})"));
  EXPECT_EQ(writer.response.headers.find("Content-Type"), "text/event-stream");
  EXPECT_TRUE(writer.ended);
  const std::vector<std::string> data = events(writer);
  ASSERT_GE(data.size(), 4U);
  EXPECT_EQ(data.back(), "[DONE]");
  std::string content;
  std::string reasoning;
  for (std::size_t i = 0; i + 3 < data.size(); ++i) {
    const json::value event = json::parse(data[i]);
    EXPECT_EQ(event.at("object"), "chat.completion.chunk");
    EXPECT_EQ(event.at("choices").at(0).at("finish_reason"), nullptr);
    const json::object& delta = event.at("choices").at(0).at("delta").get_object();
    EXPECT_EQ(delta.contains("role"), i == 0);
    if (const auto* text = delta.if_contains("content")) content += text->get_string();
    if (const auto* text = delta.if_contains("reasoning_content")) reasoning += text->get_string();
  }
  const json::value& message = whole.at("choices").at(0).at("message");
  EXPECT_EQ(content, message.at("content").get_string());
  const json::value finish = json::parse(data[data.size() - 3]);
  EXPECT_EQ(finish.at("choices").at(0).at("finish_reason"), whole.at("choices").at(0).at("finish_reason"));
  EXPECT_TRUE(finish.at("timings").is_object());
  const json::value usage = json::parse(data[data.size() - 2]);
  EXPECT_TRUE(usage.at("choices").get_array().empty());
  EXPECT_EQ(usage.at("usage").at("completion_tokens"), whole.at("usage").at("completion_tokens"));
}

TEST_F(ChatRoutesTest, SeveralAnswersShareThePrompt) {
  const json::value answer = chat(R"(,"n":4,"max_tokens":12,"temperature":1.5,"top_k":0,"top_p":1,"ignore_eos":true)");
  ASSERT_EQ(answer.at("choices").get_array().size(), 4U);
  std::set<std::string> texts;
  for (const json::value& choice : answer.at("choices").get_array()) {
    texts.insert(std::string(choice.at("message").at("content").get_string()));
  }
  EXPECT_EQ(texts.size(), 4U);  // Each has a seed of its own.
  const auto prompt = answer.at("usage").at("prompt_tokens").to_number<int>();
  EXPECT_EQ(answer.at("usage").at("completion_tokens"), 48);
  EXPECT_LT(answer.at("timings").at("prompt_n").to_number<int>(),
            prompt + 8);  // Computed once, but for the last token.
  // The first is what a request for one alone gives.
  EXPECT_EQ(chat(R"(,"max_tokens":12,"temperature":1.5,"top_k":0,"top_p":1,"ignore_eos":true)").at("choices").at(0),
            answer.at("choices").at(0));

  const RecordingWriter writer =
      post("/v1/chat/completions", body(R"(,"n":3,"max_tokens":5,"ignore_eos":true,"stream":true)"));
  std::multiset<std::int64_t> ends;
  for (const std::string& data : events(writer)) {
    if (data == "[DONE]") continue;
    const json::value event = json::parse(data);
    if (!event.at("choices").at(0).at("finish_reason").is_null())
      ends.insert(event.at("choices").at(0).at("index").get_int64());
  }
  EXPECT_EQ(ends, (std::multiset<std::int64_t>{0, 1, 2}));
}

TEST_F(ChatRoutesTest, JsonIsWhatTheSchemaSays) {
  for (int seed = 0; seed < 8; ++seed) {
    RecordingWriter writer =
        post("/v1/chat/completions", R"({"messages":[{"role":"user","content":"x"}],"max_tokens":200,
      "temperature":1,"seed":)" + std::to_string(seed) +
                                         R"(,"response_format":{"type":"json_schema","json_schema":{"name":"s","schema":
      {"type":"object","properties":{"answer":{"enum":["yes","no"]},"pages":{"type":"array","items":{"type":"integer","minimum":1,
      "maximum":9},"maxItems":3}},"required":["answer","pages"],"additionalProperties":false}}}})");
    ASSERT_EQ(writer.response.status, 200) << writer.response.body;
    const json::value answer = json::parse(writer.response.body);
    const json::value& choice = answer.at("choices").at(0);
    ASSERT_EQ(choice.at("finish_reason"), "stop") << writer.response.body;
    const json::value value = json::parse(choice.at("message").at("content").get_string());
    EXPECT_TRUE(value.at("answer") == "yes" || value.at("answer") == "no");
    EXPECT_LE(value.at("pages").get_array().size(), 3U);
  }
}

TEST_F(ChatRoutesTest, JsonThatIsCutSaysSo) {
  const json::value answer = chat(
      R"(,"max_tokens":2,"response_format":{"type":"json_schema","json_schema":{"schema":{"type":"object",
      "properties":{"a_long_name_of_a_field":{"type":"string","minLength":50}},"required":["a_long_name_of_a_field"]}}})");
  EXPECT_EQ(answer.at("choices").at(0).at("finish_reason"), "length");
  EXPECT_TRUE(answer.at("choices").at(0).at("parse_error").is_string());
}

TEST_F(ChatRoutesTest, ASchemaThatCannotBeKeptToIsRefused) {
  const json::value answer =
      chat(R"(,"response_format":{"type":"json_schema","json_schema":{"schema":{"type":"nonsense"}}})", 400);
  EXPECT_EQ(answer.at("error").at("code"), "invalid_argument");
}

TEST_F(ChatRoutesTest, ARequiredToolIsCalled) {
  const std::string tools =
      R"(,"tools":[{"type":"function","function":{"name":"look","parameters":{"type":"object","properties":{"page":
      {"type":"integer","minimum":1,"maximum":99}},"required":["page"],"additionalProperties":false}}},
      {"type":"function","function":{"name":"other","parameters":{}}}],"max_tokens":300)";
  const std::string named = R"(,"tool_choice":{"type":"function","function":{"name":"look"}})";
  const json::value answer = chat(tools + named);
  const json::value& choice = answer.at("choices").at(0);
  EXPECT_EQ(choice.at("finish_reason"), "tool_calls");
  EXPECT_EQ(choice.at("message").at("content"), nullptr);
  const json::value& call = choice.at("message").at("tool_calls").at(0);
  EXPECT_EQ(call.at("type"), "function");
  EXPECT_EQ(call.at("function").at("name"), "look");
  EXPECT_THAT(std::string(call.at("id").get_string()), ::testing::StartsWith("call_"));
  EXPECT_TRUE(json::parse(call.at("function").at("arguments").get_string()).at("page").is_int64());

  const RecordingWriter writer = post("/v1/chat/completions", body(tools + named + R"(,"stream":true)"));
  bool called = false;
  for (const std::string& data : events(writer)) {
    if (data == "[DONE]") continue;
    const json::value event = json::parse(data);
    const auto* delta = event.at("choices").at(0).at("delta").get_object().if_contains("tool_calls");
    if (delta == nullptr) continue;
    called = true;
    EXPECT_EQ(delta->at(0).at("index"), 0);
    EXPECT_EQ(delta->at(0).at("function"), call.at("function"));
  }
  EXPECT_TRUE(called);
}

TEST_F(ChatRoutesTest, StopStringsEndTheTextAndAreNotInIt) {
  const json::value whole = chat(R"(,"max_tokens":40,"ignore_eos":true)");
  const std::string text(whole.at("choices").at(0).at("message").at("content").get_string());
  ASSERT_GT(text.size(), 20U);
  std::size_t at = text.size() / 2;
  while (at < text.size() && static_cast<unsigned char>(text[at]) >= 0x80) ++at;
  const std::string stop = text.substr(at, 1);
  const json::value answer = chat(R"(,"max_tokens":40,"ignore_eos":true,"stop":)" + json::serialize(json::value(stop)));
  EXPECT_EQ(answer.at("choices").at(0).at("message").at("content").get_string(), text.substr(0, text.find(stop)));
  EXPECT_EQ(answer.at("choices").at(0).at("finish_reason"), "stop");
}

TEST_F(ChatRoutesTest, ReportsLogProbabilities) {
  const json::value answer =
      chat(R"(,"max_tokens":4,"temperature":0,"ignore_eos":true,"logprobs":true,"top_logprobs":3)");
  const json::array& content = answer.at("choices").at(0).at("logprobs").at("content").get_array();
  ASSERT_EQ(content.size(), 4U);
  for (const json::value& entry : content) {
    EXPECT_LT(entry.at("logprob").to_number<double>(), 0);
    EXPECT_EQ(entry.at("top_logprobs").get_array().size(), 3U);
    EXPECT_EQ(entry.at("top_logprobs").at(0).at("logprob"), entry.at("logprob"));  // Greedy: the likeliest.
    EXPECT_TRUE(entry.at("bytes").is_array());
  }
  EXPECT_TRUE(chat(R"(,"max_tokens":2,"logprobs":true,"ignore_eos":true)")
                  .at("choices")
                  .at(0)
                  .at("logprobs")
                  .at("content")
                  .at(0)
                  .at("top_logprobs")
                  .get_array()
                  .empty());
  const RecordingWriter completion =
      post("/v1/completions", R"({"prompt":"Once","max_tokens":3,"ignore_eos":true,"logprobs":2})");
  const json::value tokens = json::parse(completion.response.body).at("choices").at(0).at("logprobs");
  EXPECT_EQ(tokens.at("tokens").get_array().size(), 3U);
  EXPECT_EQ(tokens.at("token_logprobs").get_array().size(), 3U);
}

TEST_F(ChatRoutesTest, CompletesTextAndTokens) {
  const json::value text =
      json::parse(post("/v1/completions", R"({"prompt":"Once upon","max_tokens":6,"temperature":0,"ignore_eos":true})")
                      .response.body);
  EXPECT_EQ(text.at("object"), "text_completion");
  EXPECT_THAT(std::string(text.at("id").get_string()), ::testing::StartsWith("cmpl-"));
  const auto ids = model_->tokenise("Once upon", Specials::kParse);
  const json::value tokens =
      json::parse(post("/v1/completions", R"({"max_tokens":6,"temperature":0,"ignore_eos":true,"prompt":)" +
                                              json::serialize(json::array(ids->begin(), ids->end())) + "}")
                      .response.body);
  EXPECT_EQ(tokens.at("choices"), text.at("choices"));
  const RecordingWriter stream = post(
      "/v1/completions", R"({"prompt":"Once upon","max_tokens":6,"temperature":0,"ignore_eos":true,"stream":true})");
  std::string streamed;
  for (const std::string& data : events(stream)) {
    if (data != "[DONE]") streamed += json::parse(data).at("choices").at(0).at("text").get_string();
  }
  EXPECT_EQ(streamed, text.at("choices").at(0).at("text").get_string());
  EXPECT_EQ(post("/v1/completions", R"({"prompt":[99999999]})").response.status, 400);
}

TEST_F(ChatRoutesTest, ATooLongPromptIsRefusedWithTheCounts) {
  const std::string text = [] {
    std::string words;
    for (int i = 0; i < 2100; ++i) words += " the";
    return words;
  }();
  const RecordingWriter writer = post("/v1/completions", R"({"prompt":")" + text + "\"}");
  EXPECT_EQ(writer.response.status, 413);
  EXPECT_THAT(writer.response.body, HasSubstr("The prompt has 2100 tokens; the model can take 2031."));
  const RecordingWriter more = post("/v1/completions", R"({"prompt":" the the","max_tokens":2040})");
  EXPECT_EQ(more.response.status, 400);
  EXPECT_THAT(more.response.body, HasSubstr("The prompt has 2 tokens and \\\"max_tokens\\\" is 2040"));
  EXPECT_EQ(scheduler_->counts().computed, 0U);
}

TEST_F(ChatRoutesTest, BadRequestsNeverReachTheModel) {
  for (const auto& [path, bad] : std::vector<std::pair<std::string, std::string>>{
           {"/v1/chat/completions", "{"},
           {"/v1/chat/completions", R"({"messages":[{"role":"user","content":")"
                                    "\xFF"
                                    R"("}]})"},
           {"/v1/chat/completions", R"({"messages":[{"role":"user","content":"x"}],"stream":true,"n":100})"},
           {"/v1/chat/completions", R"({"messages":[{"role":"user","content":"x"}],"document_prefix":9})"},
           {"/v1/completions", R"({"prompt":""})"},
           {"/v1/completions", R"({"prompt":"x","echo":true})"}}) {
    const RecordingWriter writer = post(path, bad);
    EXPECT_EQ(writer.response.status, 400) << bad << writer.response.body;
    EXPECT_TRUE(json::parse(writer.response.body).at("error").at("hint").is_string());
  }
  EXPECT_EQ(post("/v1/chat/completions", body(R"(,"model":"other")")).response.status, 404);
  EXPECT_EQ(scheduler_->counts().computed, 0U);
}

TEST_F(ChatRoutesTest, AClientThatGoesFreesTheModel) {
  RecordingWriter writer;
  writer.patience = 3;
  routes_->handle({.method = "POST",
                   .target = {.path = "/v1/chat/completions"},
                   .body = body(R"(,"stream":true,"max_tokens":1500,"ignore_eos":true,"n":2)")},
                  writer);
  EXPECT_FALSE(writer.ended);
  EXPECT_EQ(writer.writes, 3U) << "nothing is written to a client that has gone";
  EXPECT_THAT(writer.response.body, ::testing::Not(HasSubstr("[DONE]")));
  ASSERT_TRUE(scheduler_->idle(Deadline::never(), {}));
  EXPECT_EQ(scheduler_->counts().running, 0U);
  EXPECT_LT(scheduler_->counts().generated, 1500U);
}

class FullChatRoutesTest : public ChatRoutesTest {
 protected:
  FullChatRoutesTest() : ChatRoutesTest({.running = 1, .waiting = 0}) {}
};

TEST_F(FullChatRoutesTest, AFullQueueIsTryAgain) {
  const RecordingWriter two = post("/v1/chat/completions", body(R"(,"n":2,"max_tokens":1500,"ignore_eos":true)"));
  EXPECT_EQ(two.response.status, 429) << two.response.body;
  EXPECT_TRUE(two.response.headers.find("Retry-After"));
}

TEST_F(ChatRoutesTest, AStreamThatHasBegunEndsWithAnErrorAndWithoutDone) {
  scheduler::RunnerFacts facts = scheduler::testing::FakeRunner::small();
  facts.vocabulary = tiny_->vocabulary();
  facts.end_tokens = model_->vocabulary().ends;
  scheduler::testing::FakeRunner runner(facts);
  int steps = 0;
  runner.on_step = [&](std::span<const scheduler::Span>) {
    if (++steps == 12) runner.fail_next = "The model has broken.";
  };
  scheduler::Scheduler scheduler({}, runner, nullptr, clock_, log_);
  const auto routes = *ChatRoutes::open({}, {*model_, scheduler, clock_, rng_, log_});
  RecordingWriter writer;
  routes->handle({.method = "POST",
                  .target = {.path = "/v1/chat/completions"},
                  .body = body(R"(,"stream":true,"max_tokens":900,"ignore_eos":true,"temperature":0)")},
                 writer);
  const std::vector<std::string> data = events(writer);
  ASSERT_GE(data.size(), 2U) << writer.response.body;
  EXPECT_THAT(json::parse(data.back()).at("error").at("message").get_string().c_str(), HasSubstr("broken"));
  EXPECT_TRUE(writer.ended);
}

TEST_F(ChatRoutesTest, SaysWhatTheModelIs) {
  for (int i = 0; i < 2; ++i) {
    const json::value model = json::parse(sent("GET", "/v1/models").response.body).at("data").at(0);
    EXPECT_EQ(model.at("id"), "tiny-qwen3");
    EXPECT_EQ(model.at("window"), 2048);
    EXPECT_EQ(model.at("vocabulary"), tiny_->vocabulary());
    EXPECT_EQ(model.at("hash"), "abc");
    EXPECT_EQ(model.at("chat_template"), true);
    EXPECT_EQ(json::serialize(model.at("capabilities")), R"(["completion","json_schema","tools","thinking"])");
  }
  EXPECT_EQ(hashed_, 1);
  EXPECT_EQ(sent("GET", "/health").response.status, 200);
  EXPECT_EQ(sent("GET", "/nowhere").response.status, 404);
  EXPECT_EQ(post("/v1/embeddings", "{}").response.status, 404);
}

TEST_F(ChatRoutesTest, CountsTokens) {
  const RecordingWriter writer = post("/tokenize", R"({"texts":[" the the","","<|im_end|>"]})");
  const json::value counts = json::parse(writer.response.body).at("counts");
  EXPECT_EQ(counts.at(0), 2);
  EXPECT_EQ(counts.at(1), 0);
  EXPECT_GT(counts.at(2).to_number<int>(), 1);  // Text, no special token.
}

}  // namespace
}  // namespace docmind::engine
