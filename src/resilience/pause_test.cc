#include "resilience/pause.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/testing/threaded_seams.h"

namespace docmind::resilience {
namespace {

TEST(Pause, WaitsOnTheClock) {
  const SteadyClock clock;
  const TimePoint before = clock.now();
  EXPECT_TRUE(pause_on(clock)(std::chrono::milliseconds(1), {}));
  EXPECT_GE(clock.now() - before, std::chrono::milliseconds(1));
}

TEST(Pause, EndsAtAStop) {
  const ManualClock clock;  // On which the time never comes.
  std::stop_source stop;
  const std::jthread stopper([&stop] { stop.request_stop(); });
  EXPECT_EQ(pause_on(clock)(std::chrono::hours(1), stop.get_token()).error().code, Code::kCancelled);
}

}  // namespace
}  // namespace docmind::resilience
