// A second try of a call that takes unusually long, beside the first: the first answer wins, the other is stopped.
//
// J. Dean, L. A. Barroso, "The Tail at Scale", CACM 2013: the second goes out after the time in which most calls (here
// 95 %) have ended, so few calls cost twice. Off unless asked for: for a model server with one queue it is more load.
// It counts against the retry budget, and starts no more once the first has sent something to the client.
//
// HedgeDelay: thread safety: every method from any thread; keeps the last 128 times.
// Race: the two sides of one call. The second side runs on a pool; `over` of the first waits for it when it has begun,
// so nothing of a call runs after it returned. A side that was told to stop is expected to end soon.
#pragma once
#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <optional>
#include <stop_token>

#include "base/clock.h"
#include "base/result.h"
#include "base/thread_annotations.h"
#include "resilience/attempt.h"

namespace docmind::resilience {

struct HedgeOptions {
  double quantile = 0.95;                                 // 0.5 to 0.999.
  std::uint32_t least_calls = 20;                         // Before that there is no usual time; 5 to 128.
  Duration least_delay = std::chrono::milliseconds(200);  // At most longest_delay.
  Duration longest_delay = std::chrono::seconds(30);      // At most an hour.
};

Result<> check(const HedgeOptions& options);

class HedgeDelay {
 public:
  explicit HedgeDelay(HedgeOptions options) : options_(options) {}
  void answered_after(Duration took);
  std::optional<Duration> delay() const;  // None while too few calls were seen.

 private:
  static constexpr std::size_t kKept = 128;
  const HedgeOptions options_;
  mutable Mutex mutex_;
  std::array<Duration, kKept> times_ DM_GUARDED_BY(mutex_){};
  std::size_t seen_ DM_GUARDED_BY(mutex_) = 0;
};

class Race final : public ClientClaim {
 public:
  static constexpr std::size_t kFirst = 0;
  static constexpr std::size_t kSecond = 1;

  std::stop_token stop_of(std::size_t side) const { return stops_.at(side).get_token(); }
  void stop_both();

  bool take(std::size_t who) override;

  // The second side: may it begin? Not when the first is over or has the client.
  bool begin_second();
  void second_over(bool answered);
  // The first side is over: calls the second off if it has not begun; else stops it if the first has answered, and
  // waits for it. Who has answered first, if anybody did.
  std::optional<std::size_t> first_over(bool answered);

 private:
  enum class Second : std::uint8_t { kNotBegun, kRunning, kOver, kCalledOff };

  std::array<std::stop_source, 2> stops_;
  std::atomic<int> client_ = -1;
  Mutex mutex_;
  std::condition_variable_any changed_;
  Second second_ DM_GUARDED_BY(mutex_) = Second::kNotBegun;
  std::optional<std::size_t> winner_ DM_GUARDED_BY(mutex_);
};

}  // namespace docmind::resilience
