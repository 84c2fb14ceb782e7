#include "resilience/hedge.h"

#include <gtest/gtest.h>

#include <latch>
#include <thread>

#include "base/testing/threaded_seams.h"
#include "resilience/guard.h"

namespace docmind::resilience {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(HedgeDelay, IsTheTimeInWhichMostCallsEnded) {
  HedgeDelay delay({.least_calls = 20});
  for (int i = 1; i <= 19; ++i) delay.answered_after(seconds(i));
  EXPECT_EQ(delay.delay(), std::nullopt);
  delay.answered_after(seconds(20));
  EXPECT_EQ(delay.delay(), seconds(19));
  for (int i = 0; i < 128; ++i) delay.answered_after(milliseconds(1));
  EXPECT_EQ(delay.delay(), milliseconds(200));  // The least.
}

TEST(HedgeDelay, RangesAreChecked) {
  EXPECT_TRUE(check(HedgeOptions{}));
  EXPECT_FALSE(check(HedgeOptions{.quantile = 1}));
  EXPECT_FALSE(check(HedgeOptions{.least_calls = 4}));
  EXPECT_FALSE(check(HedgeOptions{.least_delay = seconds(31)}));
}

// Waits until the test says that the usual time is over, or a stop.
class HedgedGuard : public ::testing::Test {
 protected:
  HedgedGuard() : pool_(*exec::Pool::open({.threads = 1})) {
    GuardOptions options = guarding_a_backend();
    options.retry.attempts = 1;
    options.hedge = HedgeOptions{.least_calls = 5};
    guard_ = *Guard::open("vllm", options,
                          {.clock = clock_,
                           .rng = rng_,
                           .metrics = metrics_,
                           .pause = [this](Duration, std::stop_token stop) { return until_overdue(std::move(stop)); },
                           .pool = pool_.get()});
    for (int i = 0; i < 5; ++i) {
      EXPECT_TRUE(guard_->run({}, [](Attempt&) -> Result<int> { return 0; }).result);
    }
  }

  Result<> until_overdue(std::stop_token stop) {
    MutexLock lock(mutex_);
    changed_.wait(lock, stop, [this] { return overdue_; });
    if (stop.stop_requested()) return Error{Code::kCancelled, "stopped"};
    return {};
  }
  void make_overdue() {
    const MutexLock lock(mutex_);
    overdue_ = true;
    changed_.notify_all();
  }
  static void until_stopped(const std::stop_token& stop) {
    std::latch told(1);
    const std::stop_callback on_stop(stop, [&told] { told.count_down(); });
    told.wait();
  }
  double hedges() { return metrics_.counter("docmind_resilience_hedges_total", "", {{"backend", "vllm"}}).value(); }

  SteadyClock clock_;
  LockedRng rng_{1};
  obs::Metrics metrics_;
  Mutex mutex_;
  std::condition_variable_any changed_;
  bool overdue_ = false;
  std::thread::id caller_ = std::this_thread::get_id();
  std::unique_ptr<exec::Pool> pool_;
  std::unique_ptr<Guard> guard_;
};

TEST_F(HedgedGuard, TheFirstAnswerWinsAndTheOtherIsStopped) {
  const auto done = guard_->run({.hedging = Hedging::kAllowed}, [&](Attempt& attempt) -> Result<int> {
    if (std::this_thread::get_id() != caller_) return 2;
    make_overdue();
    until_stopped(attempt.stop());
    return Error{Code::kCancelled, "stopped"};
  });
  ASSERT_TRUE(done.result) << done.result.error().message;
  EXPECT_EQ(*done.result, 2);
  EXPECT_EQ(done.report.attempts, 2U);
  EXPECT_TRUE(done.report.failed.empty());
  EXPECT_EQ(hedges(), 1);
  EXPECT_EQ(guard_->budget().retries(), 1U);
}

TEST_F(HedgedGuard, AnAnswerInTheUsualTimeHasNoSecond) {
  const auto done = guard_->run({.hedging = Hedging::kAllowed}, [&](Attempt&) -> Result<int> { return 1; });
  EXPECT_EQ(*done.result, 1);
  EXPECT_EQ(done.report.attempts, 1U);
  EXPECT_EQ(hedges(), 0);
}

TEST_F(HedgedGuard, ASlowFirstAnswerStopsTheSecond) {
  std::latch second_runs(1);
  const auto done = guard_->run({.hedging = Hedging::kAllowed}, [&](Attempt& attempt) -> Result<int> {
    if (std::this_thread::get_id() == caller_) {
      make_overdue();
      second_runs.wait();
      return 1;
    }
    second_runs.count_down();
    until_stopped(attempt.stop());
    return Error{Code::kCancelled, "stopped"};
  });
  EXPECT_EQ(*done.result, 1);
  EXPECT_EQ(done.report.attempts, 2U);
  EXPECT_EQ(guard_->breaker()->status().state, BreakerState::kClosed);
}

TEST_F(HedgedGuard, OnlyOneMayWriteToTheClient) {
  std::latch second_writes(1);
  const auto done = guard_->run({.hedging = Hedging::kAllowed}, [&](Attempt& attempt) -> Result<int> {
    if (std::this_thread::get_id() == caller_) {
      make_overdue();
      second_writes.wait();
      DM_TRY(attempt.to_client());
      return 1;
    }
    EXPECT_TRUE(attempt.to_client());
    EXPECT_TRUE(attempt.to_client());  // And again.
    second_writes.count_down();
    return 2;
  });
  ASSERT_TRUE(done.result);
  EXPECT_EQ(*done.result, 2);
}

TEST_F(HedgedGuard, TheOneThatWritesStopsTheOtherAtOnce) {
  std::latch first_stopped(1);
  const auto done = guard_->run({.hedging = Hedging::kAllowed}, [&](Attempt& attempt) -> Result<int> {
    if (std::this_thread::get_id() == caller_) {
      make_overdue();
      until_stopped(attempt.stop());
      first_stopped.count_down();
      return Error{Code::kUnavailable, "closed"};
    }
    EXPECT_TRUE(attempt.to_client());
    first_stopped.wait();
    return 2;
  });
  EXPECT_EQ(*done.result, 2);
  EXPECT_TRUE(done.report.failed.empty());
}

TEST_F(HedgedGuard, NoSecondOnceTheClientHasSomething) {
  const auto done = guard_->run({.hedging = Hedging::kAllowed}, [&](Attempt& attempt) -> Result<int> {
    EXPECT_EQ(std::this_thread::get_id(), caller_);
    EXPECT_TRUE(attempt.to_client());
    make_overdue();
    return Error{Code::kUnavailable, "cut"};
  });
  EXPECT_FALSE(done.result);
  EXPECT_EQ(done.report.end, End::kSent);
  EXPECT_EQ(hedges(), 0);
}

TEST_F(HedgedGuard, WhenBothFailBothAreTold) {
  std::latch second_failed(1);
  const auto done = guard_->run({.hedging = Hedging::kAllowed}, [&](Attempt&) -> Result<int> {
    if (std::this_thread::get_id() == caller_) {
      make_overdue();
      second_failed.wait();
      return Error{Code::kUnavailable, "first"};
    }
    second_failed.count_down();
    return Error{Code::kInternal, "second"};
  });
  ASSERT_FALSE(done.result);
  EXPECT_EQ(done.report.attempts, 2U);
  ASSERT_EQ(done.report.failed.size(), 2U);
  EXPECT_TRUE(done.report.failed[0].hedge);
  EXPECT_TRUE(done.result.error().message.starts_with("first (2 attempts"));
}

TEST_F(HedgedGuard, AStopOfTheCallerStopsBoth) {
  std::stop_source stop;
  const auto done =
      guard_->run({.stop = stop.get_token(), .hedging = Hedging::kAllowed}, [&](Attempt& attempt) -> Result<int> {
        if (std::this_thread::get_id() == caller_) {
          make_overdue();
        } else {
          stop.request_stop();
        }
        until_stopped(attempt.stop());
        return Error{Code::kCancelled, "stopped"};
      });
  EXPECT_EQ(done.report.end, End::kCancelled);
}

TEST_F(HedgedGuard, NotUnlessTheCallAllowsIt) {
  make_overdue();
  const auto done = guard_->run({}, [&](Attempt&) -> Result<int> { return 1; });
  EXPECT_EQ(done.report.attempts, 1U);
  EXPECT_EQ(hedges(), 0);
}

}  // namespace
}  // namespace docmind::resilience
