#include "resilience/retry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <vector>

namespace docmind::resilience {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::vector<int> caps(const RetryOptions& options) {
  std::vector<int> out;
  for (std::uint32_t failed = 1; failed <= 5; ++failed) {
    out.push_back(static_cast<int>(std::chrono::duration_cast<seconds>(cap_of_wait(options, failed)).count()));
  }
  return out;
}

TEST(Retry, TheTwoSchedulesOfTheSpecification) {
  EXPECT_EQ(caps(retries_of_backend_calls()), (std::vector<int>{1, 2, 4, 4, 4}));
  EXPECT_EQ(caps(retries_of_steps()), (std::vector<int>{2, 4, 8, 10, 10}));
  EXPECT_EQ(retries_of_backend_calls().attempts, 3U);
  EXPECT_EQ(retries_of_steps().attempts, 3U);
}

TEST(Retry, WaitsAreEvenBelowTheirCap) {
  SeededRng rng(7);
  std::vector<int> tenths(10);
  for (int i = 0; i < 10'000; ++i) {
    const Duration wait = draw_wait({}, 2, {}, rng);
    ASSERT_GE(wait, Duration::zero());
    ASSERT_LT(wait, seconds(2));
    ++tenths.at(static_cast<std::size_t>(wait / milliseconds(200)));
  }
  for (const int count : tenths) EXPECT_NEAR(count, 1000, 150);
}

TEST(Retry, WhoIsToldWhenToComeBackIsNeverEarlierAndNotAllAtOnce) {
  SeededRng rng(7);
  std::vector<Duration> waits;
  for (int i = 0; i < 100; ++i) waits.push_back(draw_wait({}, 1, seconds(5), rng));
  const auto [least, most] = std::minmax_element(waits.begin(), waits.end());
  EXPECT_GE(*least, seconds(5));
  EXPECT_LE(*most, seconds(6));
  EXPECT_GT(*most - *least, milliseconds(500));
}

TEST(Retry, ManyFailuresDoNotOverflow) {
  const RetryOptions options{.factor = 10, .longest_wait = std::chrono::hours(1)};
  EXPECT_EQ(cap_of_wait(options, 4'000'000'000U), std::chrono::hours(1));
}

TEST(Retry, RangesAreChecked) {
  EXPECT_TRUE(check(retries_of_backend_calls()));
  EXPECT_TRUE(check(retries_of_steps()));
  EXPECT_FALSE(check(RetryOptions{.attempts = 0}));
  EXPECT_FALSE(check(RetryOptions{.attempts = 11}));
  EXPECT_FALSE(check(RetryOptions{.first_wait = seconds(0)}));
  EXPECT_FALSE(check(RetryOptions{.first_wait = seconds(5), .longest_wait = seconds(4)}));
  EXPECT_FALSE(check(RetryOptions{.factor = 0.5}));
  EXPECT_FALSE(check(RetryOptions{.factor = std::numeric_limits<double>::quiet_NaN()}));
  EXPECT_FALSE(check(RetryOptions{.longest_wait = std::chrono::hours(2)}));
  EXPECT_FALSE(check(RetryOptions{.longest_retry_after = seconds(-1)}));
}

}  // namespace
}  // namespace docmind::resilience
