#include "resilience/breaker.h"

#include <gtest/gtest.h>

#include <atomic>
#include <limits>
#include <thread>
#include <vector>

namespace docmind::resilience {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class BreakerTest : public ::testing::Test {
 protected:
  void make(const BreakerOptions& options = {}) {
    auto opened = Breaker::open(
        "vllm", options, {clock_, metrics_, [this](const BreakerChange& change) { changes_.push_back(change); }});
    ASSERT_TRUE(opened) << opened.error().message;
    breaker_ = *std::move(opened);
  }
  void fail(int times = 1) {
    for (int i = 0; i < times; ++i) must().failed("connection refused");
  }
  void succeed(int times = 1) {
    for (int i = 0; i < times; ++i) must().succeeded();
  }
  Breaker::Permit must() {
    auto permit = breaker_->admit();
    EXPECT_TRUE(permit) << permit.error().message;
    return *std::move(permit);
  }
  BreakerState state() { return breaker_->status().state; }
  double gauge() { return metrics_.gauge("docmind_breaker_state", "", {{"backend", "vllm"}}).value(); }

  ManualClock clock_;
  obs::Metrics metrics_;
  std::vector<BreakerChange> changes_;
  std::unique_ptr<Breaker> breaker_;
};

TEST_F(BreakerTest, OpensAfterFiveFailuresInARow) {
  make();
  fail(4);
  EXPECT_EQ(state(), BreakerState::kClosed);
  fail();
  EXPECT_EQ(state(), BreakerState::kOpen);
  EXPECT_EQ(gauge(), 2);
  EXPECT_FALSE(breaker_->admit());
}

TEST_F(BreakerTest, FailuresInARowCountHoweverFarApart) {
  make();
  for (int i = 0; i < 5; ++i) {
    fail();
    clock_.advance(std::chrono::minutes(10));
  }
  EXPECT_EQ(breaker_->status().opened, 1U);
}

TEST_F(BreakerTest, OpensWhenHalfOfTheLastCallsFailed) {
  make();
  succeed(3);
  fail(2);
  succeed();
  EXPECT_EQ(state(), BreakerState::kClosed);
  fail();
  succeed();
  fail();  // 4 of 9.
  EXPECT_EQ(state(), BreakerState::kClosed);
  fail();  // 5 of 10.
  EXPECT_EQ(state(), BreakerState::kOpen);
}

TEST_F(BreakerTest, CallsOlderThanTheWindowAreForgotten) {
  make();
  fail(3);
  clock_.advance(seconds(31));
  succeed();
  fail();
  succeed();
  fail();
  EXPECT_EQ(state(), BreakerState::kClosed);  // Two of four, below the least number of calls.
}

TEST_F(BreakerTest, OnlyTheLastCallsOfTheWindowCount) {
  make({.in_a_row = 1000, .window_calls = 4, .least_calls = 4, .failure_ratio = 1});
  succeed(10);
  fail(3);
  EXPECT_EQ(state(), BreakerState::kClosed);
  fail();
  EXPECT_EQ(state(), BreakerState::kOpen);
}

TEST_F(BreakerTest, ARefusalSaysSinceWhenWhyAndWhenItTriesAgain) {
  make({.open_for = seconds(8)});
  fail(5);
  clock_.advance(milliseconds(3500));
  const auto refused = breaker_->admit();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kUnavailable);
  EXPECT_EQ(refused.error().message,
            "vllm has been left alone for 3.5 s, because it failed; the next try is in 4.5 s: connection refused");
  EXPECT_EQ(refused.error().hint, "Ask again in 5 s, or use another backend.");
  const BreakerStatus status = breaker_->status();
  EXPECT_EQ(status.since, milliseconds(3500));
  EXPECT_EQ(status.tries_again, milliseconds(4500));
  EXPECT_EQ(status.why, "connection refused");
  EXPECT_EQ(metrics_.counter("docmind_breaker_refused_total", "", {{"backend", "vllm"}}).value(), 1);
}

TEST_F(BreakerTest, HalfOpenLetsOneProbeThroughAndClosesOnItsSuccess) {
  make();
  fail(5);
  clock_.advance(seconds(1));
  Breaker::Permit probe = must();
  EXPECT_EQ(state(), BreakerState::kHalfOpen);
  EXPECT_EQ(gauge(), 1);
  EXPECT_FALSE(breaker_->admit());
  probe.succeeded();
  EXPECT_EQ(state(), BreakerState::kClosed);
  EXPECT_EQ(gauge(), 0);
  fail(4);  // What failed before it opened is forgotten.
  EXPECT_EQ(state(), BreakerState::kClosed);
}

TEST_F(BreakerTest, EachFailedProbeDoublesTheTimeUpToItsLimit) {
  make();
  fail(5);
  std::vector<int> times;
  for (int i = 0; i < 6; ++i) {
    const Duration wait = breaker_->tries_again();
    times.push_back(static_cast<int>(std::chrono::duration_cast<seconds>(wait).count()));
    clock_.advance(wait - Duration(1));
    EXPECT_FALSE(breaker_->admit());
    clock_.advance(Duration(1));
    fail();
  }
  EXPECT_EQ(times, (std::vector<int>{1, 2, 4, 8, 8, 8}));
}

TEST_F(BreakerTest, ABackendThatComesAndGoesIsLeftAloneEverLonger) {
  make();
  std::vector<int> times;
  for (int i = 0; i < 9; ++i) {
    fail(5);
    const Duration wait = breaker_->tries_again();
    times.push_back(static_cast<int>(std::chrono::duration_cast<seconds>(wait).count()));
    clock_.advance(wait);
    succeed();
    clock_.advance(seconds(3));
  }
  EXPECT_EQ(times, (std::vector<int>{1, 2, 4, 8, 16, 32, 60, 60, 60}));
  clock_.advance(seconds(60));
  fail(5);
  EXPECT_EQ(breaker_->tries_again(), seconds(1));  // It was steady in between.
}

TEST_F(BreakerTest, AProbeThatIsDroppedDoesNotStick) {
  make();
  fail(5);
  clock_.advance(seconds(1));
  {
    const Breaker::Permit cancelled = must();
  }
  EXPECT_EQ(state(), BreakerState::kHalfOpen);
  succeed();
  EXPECT_EQ(state(), BreakerState::kClosed);
}

TEST_F(BreakerTest, AProbeThatIsLostHoldsItsPlaceForAWhileOnly) {
  make({.probe_patience = seconds(30)});
  fail(5);
  clock_.advance(seconds(1));
  Breaker::Permit lost = must();
  clock_.advance(seconds(29));
  EXPECT_FALSE(breaker_->admit());
  clock_.advance(seconds(1));
  Breaker::Permit another = must();
  EXPECT_FALSE(breaker_->admit());
  another.succeeded();
  EXPECT_EQ(state(), BreakerState::kClosed);
  lost.failed("late");  // Moves nothing any more.
  fail(4);
  EXPECT_EQ(state(), BreakerState::kClosed);
}

TEST_F(BreakerTest, SeveralProbesMayBeAskedFor) {
  make({.probes = 2, .probes_to_close = 3});
  fail(5);
  clock_.advance(seconds(1));
  Breaker::Permit a = must();
  Breaker::Permit b = must();
  EXPECT_FALSE(breaker_->admit());
  a.succeeded();
  b.succeeded();
  EXPECT_EQ(state(), BreakerState::kHalfOpen);
  succeed();
  EXPECT_EQ(state(), BreakerState::kClosed);
}

TEST_F(BreakerTest, ALateEndOfAnOldCallMovesNothing) {
  make();
  std::vector<Breaker::Permit> old;
  for (int i = 0; i < 12; ++i) old.push_back(must());
  for (int i = 0; i < 5; ++i) old[static_cast<std::size_t>(i)].failed("reset");
  EXPECT_EQ(state(), BreakerState::kOpen);
  old[5].succeeded();
  EXPECT_EQ(state(), BreakerState::kOpen);
  clock_.advance(seconds(1));
  Breaker::Permit probe = must();
  old[6].failed("reset");
  EXPECT_EQ(state(), BreakerState::kHalfOpen);
  old[7].succeeded();
  EXPECT_EQ(state(), BreakerState::kHalfOpen);
  probe.succeeded();
  for (std::size_t i = 8; i < 12; ++i) old[i].failed("reset");
  fail();
  EXPECT_EQ(state(), BreakerState::kClosed);
}

TEST_F(BreakerTest, WhoSeesTheBackendAliveNeedNotWait) {
  make({.open_for = seconds(8)});
  fail(5);
  breaker_->expect_healed();
  EXPECT_EQ(breaker_->tries_again(), Duration::zero());
  Breaker::Permit probe = must();
  EXPECT_FALSE(breaker_->admit());  // One all the same.
  probe.failed("not yet");
  EXPECT_EQ(state(), BreakerState::kOpen);
}

TEST_F(BreakerTest, ChangesAreToldAndCounted) {
  make();
  fail(5);
  clock_.advance(seconds(1));
  succeed();
  ASSERT_EQ(changes_.size(), 3U);
  EXPECT_EQ(changes_[0].to, BreakerState::kOpen);
  EXPECT_EQ(changes_[0].why, "connection refused");
  EXPECT_EQ(changes_[1].to, BreakerState::kHalfOpen);
  EXPECT_EQ(changes_[2].from, BreakerState::kHalfOpen);
  EXPECT_EQ(changes_[2].to, BreakerState::kClosed);
  EXPECT_EQ(changes_[2].number, 3U);
  for (const char* to : {"open", "half_open", "closed"}) {
    EXPECT_EQ(metrics_.counter("docmind_breaker_transitions_total", "", {{"backend", "vllm"}, {"to", to}}).value(), 1);
  }
}

TEST_F(BreakerTest, AHugeMessageIsCutBetweenCharacters) {
  make({.in_a_row = 1});
  std::string words;
  while (words.size() < 100'000) words += "值班";
  must().failed(words);
  const std::string why = breaker_->status().why;
  EXPECT_EQ(why.size(), 198U);
  EXPECT_TRUE(words.starts_with(why));
}

TEST_F(BreakerTest, HoldsAmongThreads) {
  make({.probe_patience = std::chrono::hours(1)});
  fail(5);
  clock_.advance(seconds(1));
  std::atomic<int> admitted = 0;
  std::vector<Breaker::Permit> kept;
  Mutex mutex;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 1000; ++i) {
          auto permit = breaker_->admit();
          if (!permit) continue;
          ++admitted;
          const MutexLock lock(mutex);
          kept.push_back(*std::move(permit));
        }
      });
    }
  }
  EXPECT_EQ(admitted, 1);
}

TEST_F(BreakerTest, RangesAreChecked) {
  EXPECT_TRUE(check(BreakerOptions{}));
  EXPECT_FALSE(check(BreakerOptions{.in_a_row = 0}));
  EXPECT_FALSE(check(BreakerOptions{.window_calls = 1001}));
  EXPECT_FALSE(check(BreakerOptions{.window_calls = 3, .least_calls = 4}));
  EXPECT_FALSE(check(BreakerOptions{.failure_ratio = 0}));
  EXPECT_FALSE(check(BreakerOptions{.failure_ratio = std::numeric_limits<double>::quiet_NaN()}));
  EXPECT_FALSE(check(BreakerOptions{.open_for = seconds(0)}));
  EXPECT_FALSE(check(BreakerOptions{.open_for = seconds(9)}));
  EXPECT_FALSE(check(BreakerOptions{.longest_flapping = seconds(7)}));
  EXPECT_FALSE(check(BreakerOptions{.probes = 0}));
  EXPECT_FALSE(check(BreakerOptions{.probe_patience = std::chrono::hours(2)}));
  EXPECT_FALSE(Breaker::open("x", {.in_a_row = 0}, {clock_, metrics_}));
}

}  // namespace
}  // namespace docmind::resilience
