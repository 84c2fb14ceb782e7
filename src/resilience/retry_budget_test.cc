#include "resilience/retry_budget.h"

#include <gtest/gtest.h>

#include <atomic>
#include <limits>
#include <thread>
#include <vector>

namespace docmind::resilience {
namespace {

using std::chrono::seconds;

TEST(RetryBudget, AThousandCallsToADeadBackendAreAtMost1100Attempts) {
  ManualClock clock;
  RetryBudget budget({}, clock);
  int attempts = 0;
  for (int call = 0; call < 1000; ++call) {
    budget.called();
    ++attempts;
    for (int retry = 0; retry < 2 && budget.spend(); ++retry) ++attempts;
  }
  EXPECT_LE(attempts, 1100);
  EXPECT_GE(attempts, 1090);
}

TEST(RetryBudget, OneUserWithFewCallsIsHelpedAllTheSame) {
  ManualClock clock;
  RetryBudget budget({}, clock);
  budget.called();
  int granted = 0;
  while (budget.spend()) ++granted;
  EXPECT_EQ(granted, 10);
  clock.advance(seconds(30));
  EXPECT_FALSE(budget.spend());
  clock.advance(seconds(31));
  EXPECT_TRUE(budget.spend());
}

TEST(RetryBudget, CallsCountForOneWindow) {
  ManualClock clock;
  RetryBudget budget({.reserve = 0}, clock);
  EXPECT_FALSE(budget.spend());
  for (int i = 0; i < 100; ++i) budget.called();
  EXPECT_EQ(budget.calls(), 100U);
  EXPECT_TRUE(budget.spend());
  clock.advance(seconds(54));
  EXPECT_EQ(budget.calls(), 100U);
  EXPECT_EQ(budget.retries(), 1U);
  clock.advance(seconds(6));
  EXPECT_EQ(budget.calls(), 0U);
  EXPECT_EQ(budget.retries(), 0U);
  EXPECT_FALSE(budget.spend());
}

TEST(RetryBudget, NothingAtAllMayBeAllowed) {
  ManualClock clock;
  RetryBudget budget({.ratio = 0, .reserve = 0}, clock);
  for (int i = 0; i < 1000; ++i) budget.called();
  EXPECT_FALSE(budget.spend());
}

TEST(RetryBudget, HoldsAmongThreads) {
  ManualClock clock;
  RetryBudget budget({.reserve = 0}, clock);
  std::atomic<int> granted = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 2500; ++i) {
          budget.called();
          if (budget.spend()) ++granted;
        }
      });
    }
  }
  EXPECT_EQ(budget.calls(), 10'000U);
  EXPECT_EQ(granted, 1000);
  EXPECT_EQ(budget.retries(), 1000U);
}

TEST(RetryBudget, RangesAreChecked) {
  EXPECT_TRUE(check(RetryBudgetOptions{}));
  EXPECT_FALSE(check(RetryBudgetOptions{.ratio = -0.1}));
  EXPECT_FALSE(check(RetryBudgetOptions{.ratio = 1.1}));
  EXPECT_FALSE(check(RetryBudgetOptions{.ratio = std::numeric_limits<double>::quiet_NaN()}));
  EXPECT_FALSE(check(RetryBudgetOptions{.reserve = 1001}));
  EXPECT_FALSE(check(RetryBudgetOptions{.window = std::chrono::milliseconds(999)}));
}

}  // namespace
}  // namespace docmind::resilience
