// The absolute moment until which an answer is wanted. Passed down every blocking call, never reset on the way.
//
// A Deadline without a clock never expires. A value: copy it freely; the Clock must outlive it.
#pragma once
#include <algorithm>

#include "base/clock.h"

namespace docmind {

class Deadline {
 public:
  static Deadline never() { return {}; }
  static Deadline in(Duration from_now, const Clock& clock) {
    Deadline d;
    d.clock_ = &clock;
    d.at_ = clock.now() + std::chrono::duration_cast<TimePoint::duration>(from_now);
    return d;
  }

  bool is_never() const { return clock_ == nullptr; }
  bool expired() const { return clock_ != nullptr && clock_->now() >= at_; }

  // What is left, at least 0; Duration::max() when it never expires.
  Duration left() const {
    if (clock_ == nullptr) return Duration::max();
    return std::max(Duration::zero(), std::chrono::duration_cast<Duration>(at_ - clock_->now()));
  }

  // The earlier of this one and from_now.
  Deadline sooner(Duration from_now, const Clock& clock) const {
    return left() <= from_now ? *this : in(from_now, clock);
  }

 private:
  const Clock* clock_ = nullptr;
  TimePoint at_{};
};

}  // namespace docmind
