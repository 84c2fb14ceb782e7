// Calls one backend so that its failures stay small: deadline > bulkhead > retry > breaker > attempt timeout.
//
// One Guard per backend (or per kind of step) is shared by all its callers. run() makes at most RetryOptions::attempts
// attempts; which errors are worth another, class_of() says. It never starts a wait or an attempt that the caller's
// deadline does not allow, ends a wait at once on a stop, repeats nothing of which the client has seen a byte, sends a
// backend no more retries than its budget has, and asks the breaker before every attempt. A breaker's refusal is not
// tried again. Guards may be nested (a step around backend calls): the inner one's errors then have to be marked with
// Attempt::give_up(), or retries multiply.
//
// Thread safety: run() from any thread. The happy path takes the breaker's lock once (and the bulkhead's twice, where
// there is one) and allocates nothing.
// Metrics, by backend: docmind_resilience_calls_total{end}, docmind_resilience_attempts_total,
// docmind_resilience_retries_total, docmind_resilience_hedges_total; and the breaker's.
#pragma once
#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "base/rng.h"
#include "exec/pool.h"
#include "obs/metrics.h"
#include "resilience/attempt.h"
#include "resilience/breaker.h"
#include "resilience/bulkhead.h"
#include "resilience/hedge.h"
#include "resilience/pause.h"
#include "resilience/report.h"
#include "resilience/retry.h"
#include "resilience/retry_budget.h"

namespace docmind::resilience {

struct GuardOptions {
  RetryOptions retry{};
  RetryBudgetOptions budget{};
  std::optional<BreakerOptions> breaker{};
  std::optional<BulkheadOptions> bulkhead{};
  std::optional<HedgeOptions> hedge{};          // Needs a pool.
  Duration attempt_timeout = Duration::zero();  // Of each attempt; zero: the caller's deadline alone. At most a day.
  // A call that the caller's own deadline ended counts as the backend's failure only if it had so long.
  Duration fair_time = std::chrono::seconds(5);
};

GuardOptions guarding_a_backend();  // With breaker and bulkhead.
GuardOptions guarding_steps();      // A whole query, the storage: retries alone.
Result<> check(const GuardOptions& options);

struct GuardDeps {  // All outlive the guard; clock and pause the pool, too.
  const Clock& clock;
  Rng& rng;  // next() from any thread.
  obs::Metrics& metrics;
  Pause pause;
  exec::Pool* pool = nullptr;  // For hedges; null: there are none.
  std::function<void(const BreakerChange&)> on_breaker{};
};

enum class Hedging : std::uint8_t { kNo, kAllowed };

struct Call {
  Deadline deadline{};
  std::stop_token stop{};
  Hedging hedging = Hedging::kNo;  // fn has to bear being called on two threads at once.
};

template <typename R>
struct Guarded {
  R result;  // A failure's message tells what was tried.
  Report report;
};

class Guard {
 public:
  static Result<std::unique_ptr<Guard>> open(std::string backend, const GuardOptions& options, GuardDeps deps);
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

  // fn: (Attempt&) -> Result<T>, with the attempt's deadline and stop. Called on the caller's thread; a hedge on the
  // pool's.
  template <typename Fn>
  auto run(const Call& call, Fn&& fn) -> Guarded<std::invoke_result_t<Fn&, Attempt&>> {
    using R = std::invoke_result_t<Fn&, Attempt&>;
    struct Place {
      std::remove_reference_t<Fn>& fn;
      std::array<std::optional<R>, 2> results{};
    } place{fn};
    const Body body{&place, [](void* self, std::size_t side, Attempt& attempt) -> const Error* {
                      auto& here = *static_cast<Place*>(self);
                      std::optional<R>& result = here.results.at(side);
                      result.emplace(here.fn(attempt));
                      return *result ? nullptr : &result->error();
                    }};
    Outcome outcome = drive(call, body);
    if (outcome.error) return {R(told(outcome.report, *std::move(outcome.error))), std::move(outcome.report)};
    std::optional<R>& result = place.results.at(outcome.side);
    DM_CHECK(result.has_value());
    return {*std::move(result), std::move(outcome.report)};
  }

  Breaker* breaker() { return breaker_.get(); }  // Null without one.
  Bulkhead* bulkhead() { return bulkhead_.get(); }
  const RetryBudget& budget() const { return budget_; }

 private:
  struct Body {
    void* self;
    const Error* (*call)(void* self, std::size_t side, Attempt& attempt);  // The error, or null.
  };
  struct Outcome {
    Report report{};
    std::optional<Error> error{};
    std::size_t side = 0;  // Of the answer.
  };
  // How one attempt ended.
  struct Tried {
    std::optional<Error> error{};  // None: answered.
    bool made = false;             // False: the breaker refused it.
    bool sent = false;
    bool given_up = false;
    std::optional<Duration> retry_after{};
    ErrorClass failed_class = ErrorClass::kTransient;  // When made and not answered, and the rest of it.
    FailedAttempt failed{};
  };
  struct Hedged {
    std::uint32_t number = 1;  // Of the attempt.
    Duration delay{};
  };
  struct Running;

  Guard(std::string backend, const GuardOptions& options, GuardDeps deps);
  Outcome drive(const Call& call, const Body& body);
  End walk(const Call& call, const Body& body, Outcome& outcome);
  Result<std::optional<Bulkhead::Permit>> enter(const Call& call);
  std::optional<End> refuse_before(const Call& call, Outcome& outcome) const;
  Tried attempt(const Call& call, const Body& body, std::uint32_t number);
  Tried race(const Call& call, const Body& body, Hedged hedged, Outcome& outcome);
  Tried one(const Call& call, const Body& body, std::size_t side, Attempt& attempt);
  std::optional<Duration> delay_of_hedge(const Call& call) const;  // None: no hedge.
  Deadline deadline_of_attempt(const Call& call) const;
  std::optional<End> end_after(const Call& call, const Tried& tried, std::uint32_t number) const;
  std::optional<End> end_at_wait(const Call& call, Duration wait);

  const std::string backend_;
  const GuardOptions options_;
  const GuardDeps deps_;
  RetryBudget budget_;
  std::unique_ptr<Breaker> breaker_;
  std::unique_ptr<Bulkhead> bulkhead_;
  std::optional<HedgeDelay> hedge_;
  std::vector<std::reference_wrapper<obs::Counter>> calls_;  // By how they ended.
  obs::Counter& attempts_;
  obs::Counter& retries_;
  obs::Counter& hedges_;
};

}  // namespace docmind::resilience
