#include "llm/openai/http_backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/testing/threaded_seams.h"
#include "llm/openai/chat_client.h"
#include "llm/openai/testing/openai_server.h"

namespace docmind::openai {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::OpenAiServer;

struct HttpBackendTest : ::testing::Test {
  HttpBackend& backend(HttpBackendOptions options = {}) {
    if (options.upstream.endpoint.port == 0) options.upstream.endpoint.port = server.port();
    backend_.emplace(std::move(options), *client, clock);
    return *backend_;
  }
  Result<llm::BackendInfo> info(HttpBackendOptions options = {}) {
    return backend(std::move(options)).info(Deadline::never(), {});
  }

  SteadyClock clock;
  std::unique_ptr<net::Client> client = *net::Client::open();
  OpenAiServer server;
  std::optional<HttpBackend> backend_;
};

TEST_F(HttpBackendTest, FindsOutWhatAServerCan) {
  const auto found = info();
  ASSERT_TRUE(found) << found.error().message;
  const llm::Capabilities& can = found->capabilities;
  EXPECT_EQ(can.model, "qwen");
  EXPECT_EQ(can.server, "vllm 0.32.0");
  EXPECT_EQ(can.context, 4096U);
  EXPECT_TRUE(can.json_schema && can.tools && can.counts_tokens && can.caches_prefix);
  EXPECT_FALSE(can.documents || can.thinking);
  EXPECT_THAT(found->json, HasSubstr(R"("id":"qwen")"));
}

TEST_F(HttpBackendTest, WhatAServerCannotIsFoundOutToo) {
  server.schema = server.tools = server.caches = false;
  server.counts = "";
  const auto found = info();
  ASSERT_TRUE(found) << found.error().message;
  const llm::Capabilities& can = found->capabilities;
  EXPECT_FALSE(can.json_schema || can.tools || can.counts_tokens || can.caches_prefix);
  EXPECT_EQ(backend_->count(std::vector<std::string>{"a"}, Deadline::never(), {}).error().code, Code::kUnavailable);
}

TEST_F(HttpBackendTest, LlamaServerHasItsOwnWords) {
  server.models = R"({"data":[{"id":"a.gguf","owned_by":"llamacpp","meta":{"n_ctx_train":262144}}]})";
  server.counts = "content";
  const auto found = info();
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->capabilities.context, 2048U);
  EXPECT_EQ(found->capabilities.server, "llama-server b1-x");
  EXPECT_THAT(*backend_->count(std::vector<std::string>{"abc", ""}, Deadline::never(), {}), ElementsAre(3, 0));
}

TEST_F(HttpBackendTest, TriesOnce) {
  ASSERT_TRUE(info());
  const std::size_t requests = server.asked().size();
  ASSERT_TRUE(backend_->info(Deadline::never(), {}));
  EXPECT_EQ(server.asked().size(), requests);
}

TEST_F(HttpBackendTest, CallersThatComeTogetherShareOneTrial) {
  HttpBackend& shared = backend();
  std::vector<std::jthread> callers;
  for (int i = 0; i < 8; ++i) callers.emplace_back([&] { EXPECT_TRUE(shared.info(Deadline::never(), {})); });
  callers.clear();
  const std::vector<std::string> asked = server.asked();
  EXPECT_EQ(std::ranges::count(asked, "GET /v1/models"), 1);
}

TEST_F(HttpBackendTest, AnotherOneThatStandsThereIsTriedAnew) {
  server.drops = "lost";
  ASSERT_TRUE(info());
  const auto lose = [&] {
    const auto lost = backend_->post("/v1/chat/completions", R"({"messages":"lost"})", nullptr, Deadline::never(), {});
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().code, Code::kUnavailable);
  };
  lose();
  const std::size_t requests = server.asked().size();
  ASSERT_TRUE(backend_->info(Deadline::never(), {}));
  EXPECT_EQ(server.asked().size(), requests + 1);  // Who it is; the same.
  server.models = R"({"data":[{"id":"other","owned_by":"vllm","max_model_len":128}]})";
  lose();
  const auto found = backend_->info(Deadline::never(), {});
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->capabilities.context, 128U);
}

TEST_F(HttpBackendTest, AModelThatIsNotThere) {
  const auto other = info({.model = "other"});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Code::kNotFound);
  server.models = R"({"data":[]})";
  EXPECT_EQ(info().error().code, Code::kUnavailable);
  for (const char* odd : {"", "[]", "<html>", R"({"data":3})", R"({"data":[{}]})"}) {
    server.models = odd;
    EXPECT_FALSE(info()) << odd;
  }
}

TEST_F(HttpBackendTest, AKeyIsSentAndItsLackIsSaid) {
  server.key = "secret";
  EXPECT_EQ(info().error().code, Code::kUnauthorized);
  EXPECT_TRUE(info({.upstream = {.api_key = "secret"}}));
}

TEST_F(HttpBackendTest, ChatsAndCounts) {
  ASSERT_TRUE(info());
  ChatClient chat(*backend_);
  const auto reply =
      chat.chat({.messages = {{.role = llm::Role::kUser, .content = "Hi"}}}, nullptr, Deadline::never(), {});
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->content, "Hello.");
  EXPECT_EQ(reply->usage.prompt, 300U);
  EXPECT_THAT(*chat.count(std::vector<std::string>{"abc"}, Deadline::never(), {}), ElementsAre(3));
  EXPECT_EQ(backend_->metrics(Deadline::never(), {}), "up 1\n");
}

TEST_F(HttpBackendTest, NobodyThere) {
  const auto found = info({.upstream = {.endpoint = {.port = 1}}});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Code::kUnavailable);
  EXPECT_EQ(info({.upstream = {.endpoint = {.host = "10.0.0.1", .port = 80}}}).error().code, Code::kInvalidArgument);
}

TEST_F(HttpBackendTest, AServerThatFallsSilentIsLeft) {
  server.hang = "for ever";
  ASSERT_TRUE(info({.upstream = {.idle = std::chrono::milliseconds(30)}}));
  const auto reply = backend_->post("/v1/chat/completions", R"({"stream":true,"messages":"for ever"})",
                                    [](std::string_view) { return Result<>(); }, Deadline::never(), {});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, Code::kDeadlineExceeded);
  server.wait_until_left();
}

TEST_F(HttpBackendTest, APageOfAnotherProgramIsNoReply) {
  server.odd = "<html>Welcome</html>";
  ASSERT_TRUE(info());
  const std::string body = R"({"messages":"odd"})";
  EXPECT_EQ(backend_->post("/v1/chat/completions", body, nullptr, Deadline::never(), {}).error().code, Code::kDataLoss);
  std::string got;
  const auto keep = [&](std::string_view bytes) -> Result<> {
    got += bytes;
    return {};
  };
  EXPECT_EQ(backend_->post("/v1/chat/completions", body, keep, Deadline::never(), {}).error().code, Code::kDataLoss);
  EXPECT_EQ(got, "");
}

TEST_F(HttpBackendTest, AStreamThatIsReadWholeIsCheckedToItsEnd) {
  server.odd = "data: {\"choices\":[{\"delta\":{\"content\":\"24 m\"}}]}\n\n";
  ASSERT_TRUE(info());
  const std::string body = R"({"stream":true,"messages":"odd"})";
  const auto post = [&] { return backend_->post("/v1/chat/completions", body, nullptr, Deadline::never(), {}); };
  EXPECT_EQ(post().error().code, Code::kUnavailable) << "cut, so that it is tried again";
  server.odd += "data: [DONE]\n\n";
  const auto reply = post();
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->body, server.odd);
  server.odd = "data: {\"cho\n\ndata: [DONE]\n\n";
  EXPECT_EQ(post().error().code, Code::kDataLoss);
}

TEST_F(HttpBackendTest, AStopFreesTheServer) {
  server.hang = "for ever";
  ASSERT_TRUE(info());
  std::stop_source stop;
  const auto stop_at_first_bytes = [&](std::string_view) -> Result<> {
    stop.request_stop();
    return {};
  };
  const auto reply = backend_->post("/v1/chat/completions", R"({"stream":true,"messages":"for ever"})",
                                    stop_at_first_bytes, Deadline::never(), stop.get_token());
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, Code::kCancelled);
  server.wait_until_left();
}

}  // namespace
}  // namespace docmind::openai
