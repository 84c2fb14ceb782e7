#include "app/slow_down.h"

#include <utility>

namespace docmind::app {
namespace {

// Processors are slowed for moments, again and again: so long after one they still are.
constexpr Duration kThrottled = std::chrono::seconds(15);

}  // namespace

std::string Slowed::says() const {
  if (!any()) return "The machine is at full speed again: models compute with all their threads.";
  const char* const why = battery && throttle ? "runs on its battery and is slowed for heat"
                          : battery           ? "runs on its battery"
                                              : "is slowed for heat";
  return std::string("The machine ") + why + ": models compute with half of their threads.";
}

Slowed heeded_of(std::string_view setting) {
  return {.battery = setting == "auto" || setting == "battery", .throttle = setting == "auto" || setting == "throttle"};
}

bool SlowDown::Settled::settle(bool seen, TimePoint now) {
  if (seen == in_force_) {
    other_since_.reset();
  } else if (!other_since_) {
    other_since_ = now;
  }
  if (other_since_ && now - *other_since_ >= (seen ? on_after_ : off_after_)) {
    in_force_ = seen;
    other_since_.reset();
  }
  return in_force_;
}

Slowed SlowDown::look(const sys::Sensed& sensed, bool hot_card) {
  const TimePoint now = clock_.now();
  const auto before = std::exchange(throttles_, sensed.throttles);
  if ((before && sensed.throttles > *before) || sensed.too_hot || hot_card) throttled_ = now;
  const bool throttled = throttled_ && now - *throttled_ < kThrottled;
  const Slowed heeded = heeded_;
  const bool battery = battery_.settle(sensed.on_battery, now);
  const bool throttle = throttle_.settle(throttled, now);
  return {.battery = battery && heeded.battery, .throttle = throttle && heeded.throttle};
}

}  // namespace docmind::app
