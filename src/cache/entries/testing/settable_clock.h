// A clock whose two hands are set apart from each other: the wall clock may be put back while time goes on.
#pragma once
#include <atomic>

#include "base/clock.h"

namespace docmind::cache::testing {

class SettableClock final : public Clock {
 public:
  TimePoint now() const override { return TimePoint(std::chrono::milliseconds(steady_.load())); }
  WallTime wall() const override { return WallTime(std::chrono::milliseconds(wall_.load())); }
  void go_on(std::chrono::milliseconds by) {
    steady_ += by.count();
    wall_ += by.count();
  }
  void set_wall(std::int64_t ms) { wall_ = ms; }
  void restart() { steady_ = 0; }  // Of the machine: the monotonic clock begins anew.
  std::int64_t wall_ms() const { return wall_; }

 private:
  std::atomic<std::int64_t> steady_ = 5'000;
  std::atomic<std::int64_t> wall_ = 1'700'000'000'000;
};

}  // namespace docmind::cache::testing
