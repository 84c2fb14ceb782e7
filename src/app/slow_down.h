// Whether models should compute with fewer threads for now: on battery, or while processors or cards are slowed for
// heat. A state has to last before it counts and before it is over, so that nothing flaps.
//
// Thread safety: look() on one thread, heed() from any.
#pragma once
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "sys/sensors.h"

namespace docmind::app {

struct Slowed {
  bool battery = false;
  bool throttle = false;

  bool any() const { return battery || throttle; }
  // What is told of it, in a sentence; of neither, that it is over.
  std::string says() const;
  bool operator==(const Slowed&) const = default;
};

// What the setting engine.slow_down_on names: auto (both), battery, throttle, never.
Slowed heeded_of(std::string_view setting);

class SlowDown {
 public:
  static constexpr double kShare = 0.5;  // Of its threads that an engine computes with then.

  SlowDown(Slowed heeded, const Clock& clock) : clock_(clock), heeded_(heeded) {}

  void heed(Slowed heeded) { heeded_ = heeded; }
  // Every few seconds: what is in force from now on. `hot_card`: a card is slowed for heat.
  Slowed look(const sys::Sensed& sensed, bool hot_card);

 private:
  class Settled {
   public:
    Settled(Duration on_after, Duration off_after) : on_after_(on_after), off_after_(off_after) {}
    bool settle(bool seen, TimePoint now);

   private:
    Duration on_after_;
    Duration off_after_;
    bool in_force_ = false;
    std::optional<TimePoint> other_since_{};
  };

  const Clock& clock_;
  std::atomic<Slowed> heeded_;
  Settled battery_{std::chrono::seconds(10), std::chrono::seconds(10)};
  Settled throttle_{std::chrono::seconds(20), std::chrono::seconds(120)};
  std::optional<std::uint64_t> throttles_{};  // At the last look.
  std::optional<TimePoint> throttled_{};      // When there was one last.
};

}  // namespace docmind::app
