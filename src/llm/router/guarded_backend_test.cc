#include "llm/router/guarded_backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/threaded_seams.h"
#include "llm/testing/fake_backend.h"

namespace docmind::router {
namespace {

using llm::testing::FakeBackend;
using ::testing::HasSubstr;

struct GuardedBackendTest : ::testing::Test {
  GuardedBackendTest() {
    guarded = *GuardedBackend::open(
        "vllm", backend, resilience::guarding_a_backend(),
        {.clock = clock, .rng = rng, .metrics = metrics, .pause = [this](Duration wait, std::stop_token) {
           waited += wait;
           ++waits;
           if (at_wait) at_wait();
           return Result<>();
         }});
  }
  Result<llm::BackendReply> post(const llm::Backend::OnBytes& on_bytes = {}) {
    return guarded->post("/v1/chat/completions", "{}", on_bytes, Deadline::never(), {});
  }

  SteadyClock clock;
  LockedRng rng{7};
  obs::Metrics metrics;
  Duration waited{};
  int waits = 0;
  std::function<void()> at_wait{};
  FakeBackend backend{"qwen"};
  std::unique_ptr<GuardedBackend> guarded;
};

TEST_F(GuardedBackendTest, AnswersPassThrough) {
  backend.reply = {.body = "hello"};
  EXPECT_EQ(post()->body, "hello");
  backend.reply = {.status = 400, .body = "no"};
  EXPECT_EQ(post()->status, 400);
  EXPECT_EQ(backend.asked.size(), 2U);
}

TEST_F(GuardedBackendTest, WhatItIsCountsAndMeasures) {
  backend.capabilities.counts_tokens = true;
  EXPECT_EQ(guarded->info(Deadline::never(), {})->capabilities.model, "qwen");
  EXPECT_EQ(*guarded->count(std::vector<std::string>{"abc"}, Deadline::never(), {}), (std::vector<std::uint32_t>{3}));
  EXPECT_THAT(guarded->metrics(Deadline::never(), {}), HasSubstr("texts{model=\"qwen\"}"));
  EXPECT_EQ(guarded->left_alone(), Duration::zero());
}

TEST_F(GuardedBackendTest, OneThatComesBackIsAskedAgain) {
  backend.down = true;
  backend.reply = {.body = "hello"};
  at_wait = [this] { backend.down = false; };
  const auto reply = post();
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->body, "hello");
  EXPECT_EQ(waits, 1);
}

TEST_F(GuardedBackendTest, ABusyOneSaysWhenAndItsLastReplyIsTheAnswer) {
  backend.reply = {.status = 429, .body = "busy", .retry_after = "2"};
  const auto reply = post();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 429);
  EXPECT_EQ(reply->body, "busy");
  EXPECT_EQ(backend.asked.size(), 3U);
  EXPECT_GE(waited, std::chrono::seconds(4));
}

TEST_F(GuardedBackendTest, NothingIsSentAgainAfterTheFirstByte) {
  backend.pieces = {"data: half\n\n"};
  backend.breaks = true;
  std::string got;
  const auto reply = post([&](std::string_view bytes) -> Result<> {
    got += bytes;
    return {};
  });
  ASSERT_FALSE(reply);
  EXPECT_EQ(got, "data: half\n\n");
  EXPECT_EQ(backend.asked.size(), 1U);
}

TEST_F(GuardedBackendTest, ADeadOneIsLeftAloneAndTheAnswerIsAtOnce) {
  backend.down = true;
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(post());
  const std::size_t asked = backend.asked.size();
  const auto refused = post();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kUnavailable);
  EXPECT_EQ(backend.asked.size(), asked);
  EXPECT_EQ(guarded->breaker().state, resilience::BreakerState::kOpen);
}

}  // namespace
}  // namespace docmind::router
