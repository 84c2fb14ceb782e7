#include "server/rate_limits.h"

#include <gtest/gtest.h>

namespace docmind::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(RateLimits, ABurstAndThenASteadyRate) {
  ManualClock clock;
  RateLimits limits(120, clock);  // 2 a second, 20 at once.
  for (int i = 0; i < 20; ++i) EXPECT_EQ(limits.take("a"), Duration::zero()) << i;
  EXPECT_EQ(limits.take("a"), milliseconds(500));
  EXPECT_EQ(limits.take("b"), Duration::zero()) << "another one";
  clock.advance(milliseconds(250));
  EXPECT_EQ(limits.take("a"), milliseconds(250)) << "having asked costs nothing";
  clock.advance(milliseconds(250));
  EXPECT_EQ(limits.take("a"), Duration::zero());
  EXPECT_NE(limits.take("a"), Duration::zero());
  clock.advance(seconds(3600));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(limits.take("a"), Duration::zero()) << i;
  EXPECT_NE(limits.take("a"), Duration::zero()) << "nobody saves up more than a burst";
}

TEST(RateLimits, FewAMinuteMayStillComeTenAtOnce) {
  ManualClock clock;
  RateLimits limits(1, clock);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(limits.take("a"), Duration::zero());
  EXPECT_EQ(std::chrono::round<seconds>(limits.take("a")), seconds(60));
}

TEST(RateLimits, NoneWhereNoneIsSet) {
  ManualClock clock;
  RateLimits limits(0, clock);
  for (int i = 0; i < 100'000; ++i) ASSERT_EQ(limits.take("a"), Duration::zero());
}

TEST(RateLimits, ManyAddressesDoNotFillTheMemoryNorFreeThePersistent) {
  ManualClock clock;
  RateLimits limits(60, clock);
  for (int i = 0; i < 10; ++i) (void)limits.take("busy");
  for (int i = 0; i < 9'999; ++i) (void)limits.take("old" + std::to_string(i));
  clock.advance(seconds(2));  // The old are full again, who is busy has two.
  EXPECT_EQ(limits.take("new"), Duration::zero());
  EXPECT_EQ(limits.take("busy"), Duration::zero());
  EXPECT_EQ(limits.take("busy"), Duration::zero());
  EXPECT_NE(limits.take("busy"), Duration::zero()) << "forgotten with the full ones";
}

}  // namespace
}  // namespace docmind::server
