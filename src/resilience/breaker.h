// A circuit breaker: after enough failures a backend is left alone for a while, then tried with one call.
//
// After M. Nygard, "Release It!", with the thresholds of few and long calls, where the 100 calls that other breakers
// wait for never come together: it opens after `in_a_row` failures, however far apart, or when of the last calls (at
// most window_calls, none older than window, at least least_calls) a share of failure_ratio has failed. Open, it
// refuses at once and says since when, why and when it tries again. The first time it stays open for open_for, doubled
// with each probe that fails, up to longest_open: a backend that is back has all its calls again in less than that. One
// that comes and goes (opens again within steady_after of closing) doubles that limit each time, up to
// longest_flapping.
// Half open, `probes` calls at once are let through; the first failure opens it again, `probes_to_close` successes
// close it. A probe that is dropped without a verdict (cancelled, a client's mistake) only gives its place back, and
// one that is lost holds it for probe_patience at most. Verdicts count in the state in which their call began: a late
// end of an old call moves nothing.
//
// Thread safety: every method from any thread. Closed, admit() takes no lock and a verdict takes one; nothing
// allocates. The listener is called outside the lock; number says the order of the changes. Metrics:
// docmind_breaker_state{backend} 0 closed, 1 half open, 2 open; docmind_breaker_transitions_total{backend,to};
// docmind_breaker_refused_total{backend}.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/thread_annotations.h"
#include "obs/metrics.h"

namespace docmind::resilience {

enum class BreakerState : std::uint8_t { kClosed, kHalfOpen, kOpen };
std::string_view name(BreakerState state);

struct BreakerOptions {
  std::uint32_t in_a_row = 5;                            // 1 to 1,000.
  std::uint32_t window_calls = 20;                       // 1 to 1,000.
  Duration window = std::chrono::seconds(30);            // All durations: more than 0, at most an hour.
  std::uint32_t least_calls = 5;                         // 1 to window_calls.
  double failure_ratio = 0.5;                            // Above 0, at most 1.
  Duration open_for = std::chrono::seconds(1);           //
  Duration longest_open = std::chrono::seconds(8);       // At least open_for.
  Duration longest_flapping = std::chrono::seconds(60);  // At least longest_open.
  Duration steady_after = std::chrono::seconds(60);      //
  std::uint32_t probes = 1;                              // 1 to 100.
  std::uint32_t probes_to_close = 1;                     // 1 to 100.
  Duration probe_patience = std::chrono::seconds(120);   //
};

Result<> check(const BreakerOptions& options);

struct BreakerStatus {
  BreakerState state = BreakerState::kClosed;
  Duration since = Duration::zero();        // How long it is in this state.
  WallTime since_wall{};                    // When that began, for people.
  std::string why{};                        // Not closed: what the backend did last.
  Duration tries_again = Duration::zero();  // Open: how long until then.
  std::uint64_t opened = 0;                 // How often, in all.
};

struct BreakerChange {
  std::string_view backend;
  BreakerState from = BreakerState::kClosed;
  BreakerState to = BreakerState::kClosed;
  std::string why{};
  std::uint64_t number = 0;  // 1, 2, 3, ...
};

struct BreakerDeps {  // All outlive the breaker.
  const Clock& clock;
  obs::Metrics& metrics;
  std::function<void(const BreakerChange&)> listener{};
};

class Breaker {
 public:
  // Lets one call through. Without a verdict it was neither a success nor a failure. The breaker outlives it.
  class Permit {
   public:
    Permit(Permit&& other) noexcept : breaker_(std::exchange(other.breaker_, nullptr)), era_(other.era_) {}
    Permit& operator=(Permit&&) = delete;
    ~Permit() {
      if (breaker_ != nullptr) breaker_->ended(era_, Verdict::kNone, {});
    }
    void succeeded() { std::exchange(breaker_, nullptr)->ended(era_, Verdict::kSuccess, {}); }
    void failed(std::string_view why) { std::exchange(breaker_, nullptr)->ended(era_, Verdict::kFailure, why); }

   private:
    friend class Breaker;
    Permit(Breaker& breaker, std::uint64_t era) : breaker_(&breaker), era_(era) {}
    Breaker* breaker_;  // Null once there was a verdict: exactly one.
    std::uint64_t era_;
  };

  static Result<std::unique_ptr<Breaker>> open(std::string backend, const BreakerOptions& options, BreakerDeps deps);
  Breaker(const Breaker&) = delete;
  Breaker& operator=(const Breaker&) = delete;

  // kUnavailable while the backend is left alone.
  Result<Permit> admit();
  // Until a call has a chance: zero when closed, or when one may be let through now.
  Duration tries_again() const;
  BreakerStatus status() const;
  // Somebody saw the backend alive (it was restarted, its health answers): the next call is let through as a probe.
  void expect_healed();

 private:
  enum class Verdict : std::uint8_t { kSuccess, kFailure, kNone };
  struct Ended {
    TimePoint at{};
    bool failed = false;
  };

  Breaker(std::string backend, const BreakerOptions& options, BreakerDeps deps);
  Result<Permit> admit_unless_closed();
  Error refusal(TimePoint now) const DM_REQUIRES(mutex_);
  bool probe_is_free(TimePoint now) const DM_REQUIRES(mutex_);
  Duration until_probe(TimePoint now) const DM_REQUIRES(mutex_);
  void ended(std::uint64_t era, Verdict verdict, std::string_view why);
  std::optional<BreakerChange> judge_closed(TimePoint now, Verdict verdict, std::string_view why) DM_REQUIRES(mutex_);
  std::optional<BreakerChange> judge_probe(TimePoint now, Verdict verdict, std::string_view why) DM_REQUIRES(mutex_);
  void remember(TimePoint now, bool failed) DM_REQUIRES(mutex_);
  void forget_older_than(TimePoint oldest) DM_REQUIRES(mutex_);
  BreakerChange open_up(TimePoint now, std::string_view why) DM_REQUIRES(mutex_);
  BreakerChange move_to(BreakerState to, TimePoint now) DM_REQUIRES(mutex_);
  void tell(const std::optional<BreakerChange>& change) const;

  const std::string backend_;
  const BreakerOptions options_;
  const BreakerDeps deps_;
  obs::Gauge& state_gauge_;
  obs::Counter& refused_;
  std::vector<std::reference_wrapper<obs::Counter>> transitions_;  // By the state moved to.

  std::atomic<std::uint64_t> era_ =
      0;  // Grows with each change of state; those divisible by 4 and only they are closed.
  mutable Mutex mutex_;
  BreakerState state_ DM_GUARDED_BY(mutex_) = BreakerState::kClosed;
  std::uint64_t changes_ DM_GUARDED_BY(mutex_) = 0;
  TimePoint since_ DM_GUARDED_BY(mutex_);
  WallTime since_wall_ DM_GUARDED_BY(mutex_);
  std::string why_ DM_GUARDED_BY(mutex_);
  std::uint64_t opened_ DM_GUARDED_BY(mutex_) = 0;
  // Closed: the last calls, as a ring.
  std::vector<Ended> ring_ DM_GUARDED_BY(mutex_);
  std::size_t first_ DM_GUARDED_BY(mutex_) = 0;
  std::size_t held_ DM_GUARDED_BY(mutex_) = 0;
  std::size_t failures_ DM_GUARDED_BY(mutex_) = 0;  // Of those held.
  std::uint32_t in_a_row_ DM_GUARDED_BY(mutex_) = 0;
  // Open and half open.
  TimePoint try_at_ DM_GUARDED_BY(mutex_);
  std::uint32_t reopened_ DM_GUARDED_BY(mutex_) = 0;  // Doublings of open_for.
  std::uint32_t flaps_ DM_GUARDED_BY(mutex_) = 0;     // Doublings of longest_open.
  std::uint32_t probing_ DM_GUARDED_BY(mutex_) = 0;
  std::uint32_t probes_passed_ DM_GUARDED_BY(mutex_) = 0;
  TimePoint last_probe_ DM_GUARDED_BY(mutex_);
};

}  // namespace docmind::resilience
