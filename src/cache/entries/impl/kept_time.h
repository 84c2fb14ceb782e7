// Milliseconds that never go back, in this life of the process and over restarts: what a time to live is counted in.
//
// It is the wall clock wherever that goes forward. When the wall clock is put back, time goes on from where it was, by
// the monotonic clock: an entry is neither given after its time nor lost before it. `least`: the latest time that is
// known from before (of the newest stored entry). Thread safety: any.
#pragma once
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

#include "base/clock.h"

namespace docmind::cache {

class KeptTime {
 public:
  explicit KeptTime(const Clock& clock) : clock_(clock), ahead_(wall() - steady()) {}

  std::int64_t now() {
    const std::int64_t steadily = steady();
    raise(wall() - steadily);
    return steadily + ahead_.load(std::memory_order_relaxed);
  }
  void at_least(std::int64_t least) { raise(least - steady()); }

 private:
  std::int64_t wall() const { return clock_.wall().time_since_epoch().count(); }
  std::int64_t steady() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now().time_since_epoch()).count();
  }
  void raise(std::int64_t ahead) {
    std::int64_t known = ahead_.load(std::memory_order_relaxed);
    while (known < ahead && !ahead_.compare_exchange_weak(known, ahead, std::memory_order_relaxed)) {
    }
  }

  const Clock& clock_;
  std::atomic<std::int64_t> ahead_;  // Of the monotonic clock.
};

}  // namespace docmind::cache
