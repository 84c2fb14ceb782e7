// An Ollama as a backend: what it can, its windows, its refusals, a stream that is cut off.
#include "llm/ollama/ollama_backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "llm/ollama/ollama_models.h"
#include "llm/ollama/testing/fake_ollama.h"
#include "sys/clock.h"
#include "sys/files.h"

namespace docmind::ollama {
namespace {

using ::testing::HasSubstr;

constexpr const char* kChat = "POST /api/chat";
constexpr const char* kShow = "POST /api/show";
constexpr const char* kAsked = R"({"model":"m","messages":[{"role":"user","content":"Hi"}]})";

class OllamaBackendTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const OllamaModels models(
        [this](ollama::Reaches, Deadline, std::stop_token) { return Place{.endpoint = there_.endpoint()}; }, *client_,
        clock_);
    const auto made =
        models.create({.file = there_.write("m.gguf", "GGUF"), .name = "m"}, nullptr, Deadline::never(), {});
    ASSERT_TRUE(made) << made.error().message;
  }
  OllamaBackend& backend(OllamaOptions options = {}) {
    options.upstream.endpoint = there_.endpoint();
    backend_.emplace(std::move(options), *client_, clock_);
    return *backend_;
  }
  Result<llm::BackendInfo> info(OllamaOptions options = {}) {
    return backend(std::move(options)).info(Deadline::never(), {});
  }
  std::uint32_t window(const std::string& shown, std::uint32_t asked = 0) {
    there_.instead[kShow] = shown;
    OllamaOptions options;
    options.context = asked;
    const auto found = info(std::move(options));
    EXPECT_TRUE(found) << found.error().message;
    return found ? found->capabilities.context : 0;
  }
  Result<llm::BackendReply> post(const llm::Backend::OnBytes& on_bytes = {}) {
    return backend_->post("/v1/chat/completions", kAsked, on_bytes, Deadline::never(), {});
  }

  sys::RealClock clock_;
  std::unique_ptr<net::Client> client_ = *net::Client::open();
  testing::FakeOllama there_;
  std::optional<OllamaBackend> backend_;
};

TEST_F(OllamaBackendTest, FindsOutWhatItsModelCan) {
  const auto found = info();
  ASSERT_TRUE(found) << found.error().message;
  const llm::Capabilities& can = found->capabilities;
  EXPECT_EQ(can.server, "ollama 0.17.4");
  EXPECT_EQ(can.model, "m:latest");
  EXPECT_EQ(can.context, 512U);
  EXPECT_TRUE(can.tools);
  EXPECT_FALSE(can.json_schema || can.thinking || can.counts_tokens || can.documents);
  EXPECT_THAT(found->json, HasSubstr(R"("owned_by":"ollama")"));
  const std::size_t asked = there_.asked().size();
  ASSERT_TRUE(backend_->info(Deadline::never(), {}));
  EXPECT_EQ(there_.asked().size(), asked) << "once";
  EXPECT_EQ(backend_->count({}, Deadline::never(), {}).error().code, Code::kUnavailable);
  EXPECT_EQ(backend_->metrics(Deadline::never(), {}), "");
}

TEST_F(OllamaBackendTest, TheWindowIsTheLeastThatIsSaid) {
  EXPECT_EQ(window("{}"), 8192U);
  EXPECT_EQ(window(R"({"parameters":"stop  \"x\"\nnum_ctx   4096\n"})"), 4096U);
  EXPECT_EQ(window(R"({"parameters":"num_ctx"})"), 8192U);
  EXPECT_EQ(window(R"({"parameters":"num_ctx 99999999999999","model_info":{"qwen3.context_length":40960}})"), 40960U);
  EXPECT_EQ(window(R"({"parameters":"num_ctx 4096","model_info":{"a":1,"qwen3.context_length":2048}})"), 2048U);
  EXPECT_EQ(window(R"({"parameters":"num_ctx 4096"})", 1024), 1024U);
}

TEST_F(OllamaBackendTest, OneThatThinksSaysSo) {
  there_.instead[kShow] = R"({"capabilities":["completion","thinking"]})";
  EXPECT_TRUE(info()->capabilities.thinking);
}

TEST_F(OllamaBackendTest, WhatCannotBeUsedSaysWhy) {
  OllamaOptions other;
  other.model = "other";
  EXPECT_EQ(info(other).error().code, Code::kNotFound);
  there_.instead["GET /api/version"] = "{}";
  EXPECT_EQ(info().error().code, Code::kDataLoss);
  there_.instead.clear();
  there_.remote = "ollama.example";
  EXPECT_THAT(info().error().message, HasSubstr("no model")) << "those that run elsewhere do not count";
  OllamaOptions named;
  named.model = "m";
  EXPECT_THAT(info(named).error().message, HasSubstr("but at ollama.example"));
}

TEST_F(OllamaBackendTest, AnswersAsOpenAiDoes) {
  backend();
  const auto reply = post();
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->status, 200);
  EXPECT_THAT(reply->body, HasSubstr(R"("content":"ok")"));
  EXPECT_THAT(there_.last_body(), HasSubstr(R"("num_ctx":512)"));
  std::string events;
  const auto streamed = post([&](std::string_view bytes) -> Result<> {
    events += bytes;
    return {};
  });
  ASSERT_TRUE(streamed) << streamed.error().message;
  EXPECT_THAT(events, HasSubstr(R"("content":"ok")"));
  EXPECT_THAT(events, HasSubstr("data: [DONE]"));
  const auto elsewhere = backend_->post("/v1/embeddings", "{}", {}, Deadline::never(), {});
  EXPECT_EQ(elsewhere.error().code, Code::kInvalidArgument);
}

TEST_F(OllamaBackendTest, AStreamThatIsCutOffIsAnError) {
  ASSERT_TRUE(info());
  there_.instead[kChat] = "{\"message\":{\"role\":\"assistant\",\"content\":\"half\"},\"done\":false}\n";
  const auto reply = post([](std::string_view) -> Result<> { return {}; });
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, Code::kUnavailable);
}

TEST_F(OllamaBackendTest, RefusalsKeepTheirMeaning) {
  ASSERT_TRUE(info());
  const auto code = [&](int status, const std::string& error) {
    there_.instead[kChat] = R"({"error":")" + error + R"("})";
    there_.statuses[kChat] = status;
    const auto reply = post();
    EXPECT_TRUE(reply && reply->status == status);
    const auto streamed = post([](std::string_view) -> Result<> { return {}; });
    EXPECT_TRUE(streamed && streamed->status == status);
    return reply ? std::string(json_text(json_member(json_member(*parse_json(reply->body), "error"), "code"))) : "";
  };
  EXPECT_EQ(code(400, "the input exceeds the context length"), "invalid_argument");
  EXPECT_EQ(code(400, "what?"), "invalid_argument");
  EXPECT_EQ(code(500, "it fell"), "unavailable");
  EXPECT_EQ(code(503, "busy"), "resource_exhausted");
  EXPECT_EQ(code(404, "no such model"), "not_found");
}

TEST_F(OllamaBackendTest, AModelThatWasRemovedIsLookedForAgain) {
  ASSERT_TRUE(info());
  there_.remove_model("m:latest");
  EXPECT_EQ(post()->status, 404);
  EXPECT_EQ(post().error().code, Code::kUnavailable) << "there is none now";
}

}  // namespace
}  // namespace docmind::ollama
