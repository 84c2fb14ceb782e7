// What holds for every guard and every backend: drawn options, drawn backends, drawn deadlines.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <deque>
#include <vector>

#include "resilience/guard.h"

namespace docmind::resilience {
namespace {

using std::chrono::milliseconds;

// One thing a backend does when it is called.
struct Act {
  Code code = Code::kUnavailable;
  bool answers = false;
  bool sends = false;
  int retry_after_ms = -1;  // Below 0: says nothing of it.
  int takes_ms = 0;
};

std::vector<Act> draw_acts() {
  std::vector<Act> acts;
  const auto count = *rc::gen::inRange<std::size_t>(1, 60);
  for (std::size_t i = 0; i < count; ++i) {
    acts.push_back({.code = static_cast<Code>(*rc::gen::inRange(0, 11)),
                    .answers = *rc::gen::inRange(0, 4) == 0,
                    .sends = *rc::gen::inRange(0, 8) == 0,
                    .retry_after_ms = *rc::gen::inRange(-20'000, 5'000),
                    .takes_ms = *rc::gen::inRange(0, 4'000)});
  }
  return acts;
}

GuardOptions draw_options() {
  GuardOptions options = *rc::gen::arbitrary<bool>() ? guarding_a_backend() : guarding_steps();
  options.retry.attempts = *rc::gen::inRange(1U, 11U);
  options.retry.first_wait = milliseconds(*rc::gen::inRange(1, 3'000));
  options.retry.longest_wait = options.retry.first_wait + milliseconds(*rc::gen::inRange(0, 10'000));
  options.attempt_timeout = milliseconds(*rc::gen::inRange(0, 5'000));
  options.budget.reserve = *rc::gen::inRange(0U, 50U);
  if (options.breaker) {
    options.breaker->in_a_row = *rc::gen::inRange(1U, 8U);
    options.breaker->probes = *rc::gen::inRange(1U, 4U);
  }
  return options;
}

// A guard, and the rules that everything it does is held to.
class Watched {
 public:
  explicit Watched(const GuardOptions& options) : options_(options) {
    guard_ = *Guard::open("b", options_, {clock_, rng_, metrics_, [this](Duration how_long, std::stop_token) {
                                            RC_ASSERT(how_long < call_.deadline.left());
                                            clock_.advance(how_long);
                                            return Result<>();
                                          }});
  }

  void call(Duration time, std::deque<Act>& acts) {
    call_ = {.deadline = Deadline::in(time, clock_)};
    std::uint32_t attempts = 0;
    bool sent = false;
    const bool open = guard_->breaker() != nullptr && guard_->breaker()->tries_again() > Duration::zero();
    const auto done = guard_->run(call_, [&](Attempt& attempt) -> Result<int> {
      RC_ASSERT(!open);
      RC_ASSERT(!sent);
      RC_ASSERT(!call_.deadline.expired());
      RC_ASSERT(attempt.deadline().left() <= call_.deadline.left());
      RC_ASSERT(attempt.number() == ++attempts);
      if (guard_->breaker() != nullptr) RC_ASSERT(guard_->breaker()->status().state != BreakerState::kOpen);
      return act(attempt, acts, sent);
    });
    RC_ASSERT(attempts <= options_.retry.attempts);
    RC_ASSERT(done.report.attempts == attempts);
    RC_ASSERT(static_cast<bool>(done.result) == (done.report.end == End::kAnswered));
    RC_ASSERT(done.report.failed.size() + (done.result ? 1 : 0) == attempts);
    if (!done.result) RC_ASSERT(!done.result.error().message.empty());
    calls_ += attempts > 0 ? 1 : 0;
    retries_ += attempts > 1 ? attempts - 1 : 0;
  }

  void idle(Duration time) { clock_.advance(time); }

 private:
  Result<int> act(Attempt& attempt, std::deque<Act>& acts, bool& sent) {
    const Act act = acts.front();
    acts.push_back(act);
    acts.pop_front();
    clock_.advance(std::min<Duration>(milliseconds(act.takes_ms), attempt.deadline().left()));
    if (act.answers) return 1;
    if (act.sends) sent = static_cast<bool>(attempt.to_client());
    if (act.retry_after_ms >= 0) attempt.retry_after(milliseconds(act.retry_after_ms));
    return Error{act.code, "x"};
  }

  const GuardOptions options_;
  ManualClock clock_;
  SeededRng rng_{5};
  obs::Metrics metrics_;
  Call call_;
  std::unique_ptr<Guard> guard_;
  std::uint64_t calls_ = 0;
  std::uint64_t retries_ = 0;
};

RC_GTEST_PROP(Properties, NeverPastTheDeadlineNorTooOftenNorWhenOpen, ()) {
  Watched watched(draw_options());
  const std::vector<Act> drawn = draw_acts();
  std::deque<Act> acts(drawn.begin(), drawn.end());
  for (int i = 0; i < 40; ++i) {
    watched.call(milliseconds(*rc::gen::inRange(0, 20'000)), acts);
    watched.idle(milliseconds(*rc::gen::inRange(0, 3'000)));
  }
}

RC_GTEST_PROP(Properties, HalfOpenNeverHasMoreCallsThanItsProbes, ()) {
  ManualClock clock;
  obs::Metrics metrics;
  const BreakerOptions options{.in_a_row = 2, .probes = *rc::gen::inRange(1U, 4U), .probes_to_close = 3};
  const auto breaker = *Breaker::open("b", options, {clock, metrics});
  std::vector<Breaker::Permit> running;
  std::size_t probes = 0;  // Of those running: the last ones.
  for (int i = 0; i < 200; ++i) {
    const int what = *rc::gen::inRange(0, 5);
    const BreakerState before = breaker->status().state;
    if (what == 0) {
      clock.advance(milliseconds(*rc::gen::inRange(0, 3'000)));
    } else if (what <= 2 || running.empty()) {
      auto permit = breaker->admit();
      const BreakerState after = breaker->status().state;
      if (before == BreakerState::kOpen && after == BreakerState::kHalfOpen) probes = 0;
      if (after == BreakerState::kOpen) RC_ASSERT(!permit);
      if (!permit) continue;
      running.push_back(*std::move(permit));
      if (after == BreakerState::kHalfOpen) RC_ASSERT(++probes <= options.probes);
    } else {
      Breaker::Permit last = std::move(running.back());
      running.pop_back();
      const bool probe = before == BreakerState::kHalfOpen && probes > 0;
      if (what == 3) {
        last.failed("x");
        if (probe) RC_ASSERT(breaker->status().state == BreakerState::kOpen);
      } else if (*rc::gen::arbitrary<bool>()) {
        last.succeeded();
      }
      if (probe) --probes;
    }
  }
}

RC_GTEST_PROP(Properties, RetriesNeverOutrunTheBudget, ()) {
  ManualClock clock;
  const RetryBudgetOptions options{.ratio = *rc::gen::inRange(0, 50) / 100.0, .reserve = *rc::gen::inRange(0U, 20U)};
  RetryBudget budget(options, clock);
  for (int i = 0; i < 300; ++i) {
    const int what = *rc::gen::inRange(0, 8);
    if (what == 0) clock.advance(milliseconds(*rc::gen::inRange(0, 10'000)));
    if (what <= 3) budget.called();
    const auto most =
        std::max(options.ratio * static_cast<double>(budget.calls()), static_cast<double>(options.reserve));
    const auto before = budget.retries();
    if (budget.spend()) {
      RC_ASSERT(static_cast<double>(before + 1) <= most);
    } else {
      RC_ASSERT(static_cast<double>(before + 1) > most);
    }
  }
}

}  // namespace
}  // namespace docmind::resilience
