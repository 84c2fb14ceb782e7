// Time as a dependency: whoever needs the time is handed a Clock, so a test can own it.
//
// Thread safety: every method from any thread.
#pragma once
#include <chrono>
#include <cstdint>

namespace docmind {

using Duration = std::chrono::nanoseconds;
using TimePoint = std::chrono::steady_clock::time_point;  // Monotonic; only ever compared with others of its Clock.
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;  // UTC, for people and files.

class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint now() const = 0;
  virtual WallTime wall() const = 0;
};

// Stands still until told to move. For tests.
class ManualClock final : public Clock {
 public:
  TimePoint now() const override { return now_; }
  WallTime wall() const override {
    return WallTime{} + std::chrono::duration_cast<std::chrono::milliseconds>(now_.time_since_epoch());
  }
  void advance(Duration by) { now_ += std::chrono::duration_cast<TimePoint::duration>(by); }

 private:
  TimePoint now_{};
};

}  // namespace docmind
