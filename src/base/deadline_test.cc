#include "base/deadline.h"

#include <gtest/gtest.h>

namespace docmind {
namespace {

using std::chrono::seconds;

TEST(Deadline, ExpiresWhenItsClockSaysSo) {
  ManualClock clock;
  const Deadline deadline = Deadline::in(seconds(2), clock);
  EXPECT_EQ(deadline.left(), seconds(2));
  clock.advance(seconds(1));
  EXPECT_FALSE(deadline.expired());
  clock.advance(seconds(5));
  EXPECT_TRUE(deadline.expired());
  EXPECT_EQ(deadline.left(), seconds(0));
}

TEST(Deadline, SoonerNeverMovesItLater) {
  ManualClock clock;
  const Deadline two = Deadline::in(seconds(2), clock);
  EXPECT_EQ(two.sooner(seconds(9), clock).left(), seconds(2));
  EXPECT_EQ(two.sooner(seconds(1), clock).left(), seconds(1));
  EXPECT_EQ(Deadline::never().sooner(seconds(1), clock).left(), seconds(1));
  EXPECT_FALSE(Deadline::never().expired());
}

}  // namespace
}  // namespace docmind
