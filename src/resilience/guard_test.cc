#include "resilience/guard.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "resilience/testing/guard_bench.h"

namespace docmind::resilience {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Code kDown = Code::kUnavailable;

class GuardOfABackend : public testing::GuardTest {
 protected:
  GuardOptions options_ = guarding_a_backend();
};

TEST_F(GuardOfABackend, AnAnswerAtOnceIsPassedOn) {
  const auto done = guard(options_)->run({}, failing({}));
  ASSERT_TRUE(done.result);
  EXPECT_EQ(*done.result, 42);
  EXPECT_EQ(done.report.attempts, 1U);
  EXPECT_EQ(done.report.end, End::kAnswered);
  EXPECT_TRUE(waits_.empty());
}

TEST_F(GuardOfABackend, TransientErrorsAreTriedAgainWithinTheirCaps) {
  const auto done = guard(options_)->run({}, failing({Code::kUnavailable, Code::kDataLoss}));
  ASSERT_TRUE(done.result);
  EXPECT_EQ(calls_, 3U);
  ASSERT_EQ(waits_.size(), 2U);
  EXPECT_LE(waits_[0], seconds(1));
  EXPECT_LE(waits_[1], seconds(2));
  ASSERT_EQ(done.report.failed.size(), 2U);
  EXPECT_EQ(done.report.failed[0].waited, waits_[0]);
  EXPECT_EQ(done.report.failed[1].error.code, Code::kDataLoss);
  EXPECT_EQ(done.report.took, waits_[0] + waits_[1]);
}

TEST_F(GuardOfABackend, ThreeAttemptsInAllAndTheErrorTellsThem) {
  const auto done = guard(options_)->run({}, failing({kDown, kDown, kDown, kDown}));
  ASSERT_FALSE(done.result);
  EXPECT_EQ(calls_, 3U);
  EXPECT_EQ(done.report.end, End::kLastAttempt);
  const Error& error = done.result.error();
  EXPECT_EQ(error.code, Code::kUnavailable);
  EXPECT_TRUE(error.message.starts_with("not now (3 attempts in ")) << error.message;
  EXPECT_TRUE(error.message.ends_with(", unavailable; that was the last one allowed).")) << error.message;
  EXPECT_EQ(error.hint, "Ask again later; if it stays, look at the backend.");
}

TEST_F(GuardOfABackend, AClientsMistakeIsNotRepeatedAndNotTheBackendsFault) {
  const auto guarded = guard(options_);
  for (int i = 0; i < 20; ++i) {
    calls_ = 0;
    const auto done = guarded->run({}, failing({Code::kInvalidArgument}));
    ASSERT_FALSE(done.result);
    EXPECT_EQ(calls_, 1U);
    EXPECT_EQ(done.report.end, End::kPermanent);
    EXPECT_EQ(done.result.error().message, "not now");
  }
  EXPECT_EQ(guarded->breaker()->status().state, BreakerState::kClosed);
}

TEST_F(GuardOfABackend, NothingIsRepeatedOnceTheClientHasSeenAByte) {
  const auto done = guard(options_)->run({}, [this](Attempt& attempt) -> Result<int> {
    ++calls_;
    EXPECT_TRUE(attempt.to_client());
    return Error{kDown, "The stream was cut."};
  });
  ASSERT_FALSE(done.result);
  EXPECT_EQ(calls_, 1U);
  EXPECT_EQ(done.report.end, End::kSent);
  EXPECT_EQ(done.result.error().message,
            "The stream was cut (1 attempt in 0.0 s: unavailable; part of the answer had been sent, so it was not "
            "repeated).");
}

TEST_F(GuardOfABackend, WhatWasRepeatedInsideIsNotRepeatedOutside) {
  const auto inner = guard(options_);
  const auto outer = guard(guarding_steps());
  const auto done = outer->run({}, [&](Attempt& attempt) -> Result<int> {
    auto inside = inner->run({attempt.deadline(), attempt.stop()}, failing({kDown, kDown, kDown, kDown, kDown, kDown}));
    if (!inside.result) attempt.give_up();
    return std::move(inside.result);
  });
  EXPECT_EQ(calls_, 3U);
  EXPECT_EQ(done.report.end, End::kGivenUp);
}

TEST_F(GuardOfABackend, RetryAfterIsKeptTo) {
  const auto done = guard(options_)->run(within(seconds(60)), [this](Attempt& attempt) -> Result<int> {
    if (++calls_ > 1) return 42;
    attempt.retry_after(seconds(7));
    return Error{Code::kRateLimited, "busy"};
  });
  ASSERT_TRUE(done.result);
  ASSERT_EQ(waits_.size(), 1U);
  EXPECT_GE(waits_[0], seconds(7));
  EXPECT_LE(waits_[0], seconds(8));
}

TEST_F(GuardOfABackend, RetryAfterBeyondTheDeadlineIsNotWaitedFor) {
  const auto busy = [](Attempt& attempt) -> Result<int> {
    attempt.retry_after(seconds(7));
    return Error{Code::kUnavailable, "loading"};
  };
  const auto done = guard(options_)->run(within(seconds(7)), busy);
  ASSERT_FALSE(done.result);
  EXPECT_EQ(done.report.end, End::kNoTime);
  EXPECT_TRUE(waits_.empty());
  EXPECT_EQ(done.report.retry_after, seconds(7));
}

TEST_F(GuardOfABackend, AnAbsurdRetryAfterIsNotWaitedForAtAll) {
  const auto done = guard(options_)->run({}, [](Attempt& attempt) -> Result<int> {
    attempt.retry_after(std::chrono::hours(24 * 365));
    return Error{Code::kRateLimited, "busy"};
  });
  EXPECT_EQ(done.report.end, End::kToldToGoAway);
  EXPECT_EQ(done.result.error().hint, "Ask again in 31536000 s.");
}

TEST_F(GuardOfABackend, ABusyBackendIsNotADeadOne) {
  const auto guarded = guard(options_);
  for (int i = 0; i < 50; ++i) {
    (void)guarded->run({}, [](Attempt&) -> Result<int> { return Error{Code::kRateLimited, "busy"}; });
  }
  EXPECT_EQ(guarded->breaker()->status().opened, 0U);
}

TEST_F(GuardOfABackend, AnAttemptHasItsOwnTimeWithinTheCallers) {
  options_.attempt_timeout = seconds(10);
  options_.retry.first_wait = Duration(1);
  std::vector<Duration> left;
  const auto done = guard(options_)->run(within(seconds(25)), [&](Attempt& attempt) -> Result<int> {
    left.push_back(attempt.deadline().left());
    clock_.advance(attempt.deadline().left());
    return Error{Code::kDeadlineExceeded, "hangs"};
  });
  ASSERT_EQ(left.size(), 3U);
  EXPECT_EQ(left[0], seconds(10));
  EXPECT_EQ(left[1], seconds(10));
  EXPECT_LE(left[2], seconds(5));
  EXPECT_EQ(done.report.end, End::kNoTime);
  EXPECT_EQ(done.report.failed[0].error_class, ErrorClass::kTransient);
  EXPECT_EQ(done.report.failed[2].error_class, ErrorClass::kDeadline);
}

TEST_F(GuardOfABackend, ABackendThatHangsPastAFairTimeIsToBlameAndAHurriedCallerIsNot) {
  const auto hangs = [this](Attempt& attempt) -> Result<int> {
    clock_.advance(attempt.deadline().left());
    return Error{Code::kDeadlineExceeded, "hangs"};
  };
  const auto guarded = guard(options_);
  for (int i = 0; i < 20; ++i) (void)guarded->run(within(seconds(4)), hangs);
  EXPECT_EQ(guarded->breaker()->status().state, BreakerState::kClosed);
  for (int i = 0; i < 5; ++i) (void)guarded->run(within(seconds(6)), hangs);
  EXPECT_EQ(guarded->breaker()->status().state, BreakerState::kOpen);
}

TEST_F(GuardOfABackend, AnOpenBreakerIsAnsweredAtOnceWithoutACall) {
  const auto guarded = guard(options_);
  const auto dead = failing(std::vector<Code>(100, kDown));
  while (guarded->breaker()->status().state == BreakerState::kClosed) (void)guarded->run({}, dead);
  waits_.clear();
  const std::size_t before = calls_;
  const auto done = guarded->run({}, dead);
  EXPECT_EQ(calls_, before);
  EXPECT_TRUE(waits_.empty());
  EXPECT_EQ(done.report.end, End::kOpen);
  EXPECT_EQ(done.report.attempts, 0U);
  EXPECT_EQ(done.report.retry_after, guarded->breaker()->tries_again());
  EXPECT_NE(done.result.error().message.find("has been left alone"), std::string::npos);
}

TEST_F(GuardOfABackend, NobodyWaitsForABreakerThatHasJustOpened) {
  options_.breaker->in_a_row = 2;
  options_.breaker->open_for = seconds(8);
  const auto done = guard(options_)->run({}, failing(std::vector<Code>(9, kDown)));
  EXPECT_EQ(calls_, 2U);
  EXPECT_EQ(waits_.size(), 1U);
  EXPECT_EQ(done.report.end, End::kOpen);
  EXPECT_TRUE(done.result.error().message.starts_with("not now (2 attempts")) << done.result.error().message;
}

TEST_F(GuardOfABackend, AFullBulkheadRefusesBeforeAnythingElse) {
  options_.bulkhead = BulkheadOptions{.running = 1, .waiting = 0};
  const auto guarded = guard(options_);
  const auto done = guarded->run({}, [&](Attempt&) -> Result<int> {
    const auto second = guarded->run({}, failing({}));
    EXPECT_EQ(second.report.end, End::kFull);
    EXPECT_EQ(second.result.error().code, Code::kRateLimited);
    EXPECT_EQ(second.report.retry_after, seconds(1));
    return 1;
  });
  EXPECT_TRUE(done.result);
  EXPECT_EQ(calls_, 0U);
  EXPECT_EQ(guarded->bulkhead()->running(), 0U);
}

TEST_F(GuardOfABackend, AStopBeforeAndBetweenAttemptsEndsIt) {
  std::stop_source stop;
  const auto guarded = guard(options_);
  auto done = guarded->run({.stop = stop.get_token()}, [&](Attempt&) -> Result<int> {
    ++calls_;
    return Error{kDown, "down"};
  });
  EXPECT_EQ(calls_, 3U);
  calls_ = 0;
  done = guarded->run({.stop = stop.get_token()}, [&](Attempt&) -> Result<int> {
    ++calls_;
    stop.request_stop();
    return Error{kDown, "the connection was closed"};
  });
  EXPECT_EQ(calls_, 1U);
  EXPECT_EQ(done.report.end, End::kCancelled);
  EXPECT_EQ(done.report.failed[0].error_class, ErrorClass::kCancelled);
  done = guarded->run({.stop = stop.get_token()}, failing({}));
  EXPECT_EQ(done.result.error().code, Code::kCancelled);
  EXPECT_EQ(done.report.attempts, 0U);
}

class StoppedWhileWaiting : public GuardOfABackend {
 protected:
  Result<> wait(Duration how_long, std::stop_token stop) override {
    stop_.request_stop();
    return GuardTest::wait(how_long, std::move(stop));
  }
  std::stop_source stop_;
};

TEST_F(StoppedWhileWaiting, NoFurtherAttemptIsMade) {
  const auto done = guard(options_)->run({.stop = stop_.get_token()}, failing({kDown}));
  EXPECT_EQ(calls_, 1U);
  EXPECT_EQ(done.report.end, End::kCancelled);
  EXPECT_EQ(done.result.error().code, Code::kCancelled);
}

TEST_F(GuardOfABackend, WithoutTimeNothingIsTried) {
  const Call call = within(seconds(0));
  const auto done = guard(options_)->run(call, failing({}));
  EXPECT_EQ(done.result.error().code, Code::kDeadlineExceeded);
  EXPECT_EQ(calls_, 0U);
}

TEST_F(GuardOfABackend, TheBudgetEndsRetriesButNotCalls) {
  options_.breaker.reset();
  const auto guarded = guard(options_);
  for (int i = 0; i < 1000; ++i) {
    (void)guarded->run({}, [this](Attempt&) -> Result<int> {
      ++calls_;
      return Error{kDown, "down"};
    });
    clock_ = ManualClock();  // All in one window.
  }
  EXPECT_LE(calls_, 1100U);
  const double spent =
      metrics_.counter("docmind_resilience_calls_total", "", {{"backend", "ollama"}, {"end", "no_budget"}}).value();
  EXPECT_GT(spent, 900);
}

TEST_F(GuardOfABackend, ThingsThatCanOnlyBeMovedPassThrough) {
  const auto done = guard(options_)->run(
      {}, [](Attempt&) -> Result<std::unique_ptr<std::string>> { return std::make_unique<std::string>("值班"); });
  ASSERT_TRUE(done.result);
  EXPECT_EQ(**done.result, "值班");
}

TEST_F(GuardOfABackend, OptionsAreChecked) {
  EXPECT_TRUE(check(guarding_a_backend()));
  EXPECT_TRUE(check(guarding_steps()));
  GuardOptions bad = guarding_a_backend();
  bad.attempt_timeout = seconds(-1);
  EXPECT_FALSE(check(bad));
  bad = guarding_a_backend();
  bad.breaker->probes = 0;
  EXPECT_FALSE(Guard::open("x", bad, deps()));
  bad = guarding_a_backend();
  bad.hedge = HedgeOptions{.quantile = std::numeric_limits<double>::quiet_NaN()};
  EXPECT_FALSE(check(bad));
}

TEST(Report, HasANameForEveryEnd) {
  for (std::size_t i = 0; i < kEnds; ++i) EXPECT_FALSE(name(static_cast<End>(i)).empty());
  EXPECT_EQ(name(End::kGivenUp), "given_up");
}

}  // namespace
}  // namespace docmind::resilience
