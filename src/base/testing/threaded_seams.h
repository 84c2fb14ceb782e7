// Seams for tests that run on several threads: time that goes on by itself, and chance that repeats.
#pragma once
#include <atomic>
#include <chrono>
#include <mutex>

#include "base/clock.h"
#include "base/rng.h"

namespace docmind {

class SteadyClock final : public Clock {
 public:
  TimePoint now() const override { return std::chrono::steady_clock::now(); }
  WallTime wall() const override { return WallTime{}; }
};

// Stands still until it is started, then goes on by itself: what a test does first takes no time, however slow the
// machine is.
class StartedClock final : public Clock {
 public:
  TimePoint now() const override { return started_.load() ? std::chrono::steady_clock::now() : made_; }
  WallTime wall() const override { return WallTime{}; }
  void start() { started_.store(true); }

 private:
  const TimePoint made_ = std::chrono::steady_clock::now();
  std::atomic<bool> started_ = false;
};

// A SeededRng for several threads.
class LockedRng final : public Rng {
 public:
  explicit LockedRng(std::uint64_t seed) : rng_(seed) {}
  std::uint64_t next() override {
    const std::lock_guard lock(mutex_);
    return rng_.next();
  }

 private:
  std::mutex mutex_;
  SeededRng rng_;
};

}  // namespace docmind
