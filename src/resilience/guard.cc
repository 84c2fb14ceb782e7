#include "resilience/guard.h"

#include <algorithm>

namespace docmind::resilience {
namespace {

Result<> check_times(const GuardOptions& options) {
  if (options.attempt_timeout < Duration::zero() || options.attempt_timeout > std::chrono::hours(24)) {
    return Error{Code::kInvalidArgument, "The time of one attempt is out of range.", "Set 0 s (none) to a day."};
  }
  if (options.fair_time < Duration::zero() || options.fair_time > std::chrono::hours(1)) {
    return Error{Code::kInvalidArgument, "The time after which a backend counts as too slow is out of range.",
                 "Set 0 s to an hour."};
  }
  return {};
}

obs::Counter& counter(const GuardDeps& deps, const char* name, const char* help, obs::Labels labels) {
  return deps.metrics.counter(name, help, labels);
}

}  // namespace

GuardOptions guarding_a_backend() {
  return {.retry = retries_of_backend_calls(), .breaker = BreakerOptions{}, .bulkhead = BulkheadOptions{}};
}

GuardOptions guarding_steps() { return {.retry = retries_of_steps()}; }

Result<> check(const GuardOptions& options) {
  DM_TRY(check(options.retry));
  DM_TRY(check(options.budget));
  if (options.breaker) DM_TRY(check(*options.breaker));
  if (options.bulkhead) DM_TRY(check(*options.bulkhead));
  if (options.hedge) DM_TRY(check(*options.hedge));
  return check_times(options);
}

Result<std::unique_ptr<Guard>> Guard::open(std::string backend, const GuardOptions& options, GuardDeps deps) {
  DM_TRY(check(options));
  std::unique_ptr<Guard> guard(new Guard(std::move(backend), options, std::move(deps)));
  if (options.breaker) {
    guard->breaker_ = DM_TRY(Breaker::open(guard->backend_, *options.breaker,
                                           {guard->deps_.clock, guard->deps_.metrics, guard->deps_.on_breaker}));
  }
  if (options.bulkhead) {
    guard->bulkhead_ = DM_TRY(Bulkhead::open(guard->backend_, *options.bulkhead, guard->deps_.clock));
  }
  return guard;
}

Guard::Guard(std::string backend, const GuardOptions& options, GuardDeps deps)
    : backend_(std::move(backend)),
      options_(options),
      deps_(std::move(deps)),
      budget_(options.budget, deps_.clock),
      attempts_(counter(deps_, "docmind_resilience_attempts_total", "Attempts that were really made.",
                        {{"backend", backend_}})),
      retries_(
          counter(deps_, "docmind_resilience_retries_total", "Attempts after a failed one.", {{"backend", backend_}})),
      hedges_(counter(deps_, "docmind_resilience_hedges_total", "Second tries beside a slow one.",
                      {{"backend", backend_}})) {
  if (options.hedge && deps_.pool != nullptr) hedge_.emplace(*options.hedge);
  for (std::size_t i = 0; i < kEnds; ++i) {
    calls_.emplace_back(counter(deps_, "docmind_resilience_calls_total", "Guarded calls, by how they ended.",
                                {{"backend", backend_}, {"end", std::string(name(static_cast<End>(i)))}}));
  }
}

Guard::Outcome Guard::drive(const Call& call, const Body& body) {
  Outcome outcome;
  const TimePoint began = deps_.clock.now();
  outcome.report.end = walk(call, body, outcome);
  outcome.report.took = deps_.clock.now() - began;
  calls_.at(static_cast<std::size_t>(outcome.report.end)).get().add();
  return outcome;
}

std::optional<End> Guard::refuse_before(const Call& call, Outcome& outcome) const {
  if (call.stop.stop_requested()) {
    outcome.error = Error{Code::kCancelled, "stopped before " + backend_ + " was asked"};
    return End::kCancelled;
  }
  if (call.deadline.expired()) {
    outcome.error = Error{Code::kDeadlineExceeded, "no time was left to ask " + backend_, "Allow more time."};
    return End::kNoTime;
  }
  return {};
}

Result<std::optional<Bulkhead::Permit>> Guard::enter(const Call& call) {
  if (!bulkhead_) return std::optional<Bulkhead::Permit>();
  return std::optional<Bulkhead::Permit>(DM_TRY(bulkhead_->enter(call.deadline, call.stop)));
}

End Guard::walk(const Call& call, const Body& body, Outcome& outcome) {
  if (const auto end = refuse_before(call, outcome)) return *end;
  Result<std::optional<Bulkhead::Permit>> place = enter(call);
  if (!place) {
    outcome.error = place.error();
    if (place.error().code == Code::kCancelled) return End::kCancelled;
    if (place.error().code == Code::kDeadlineExceeded) return End::kNoTime;
    outcome.report.retry_after = bulkhead_->estimate();
    return End::kFull;
  }
  Report& report = outcome.report;
  for (std::uint32_t number = 1;; ++number) {
    const std::optional<Duration> delay = delay_of_hedge(call);
    Tried tried = delay ? race(call, body, {number, *delay}, outcome) : attempt(call, body, number);
    report.attempts += tried.made ? 1 : 0;
    outcome.error = std::move(tried.error);
    if (!outcome.error) return End::kAnswered;
    report.retry_after = tried.retry_after;
    if (tried.made) report.failed.push_back(std::move(tried.failed));
    if (const auto end = end_after(call, tried, number)) return *end;
    const Duration wait = draw_wait(options_.retry, number, tried.retry_after, deps_.rng);
    if (const auto end = end_at_wait(call, wait)) return *end;
    report.failed.back().waited = wait;
    retries_.add();
    if (!deps_.pause(wait, call.stop)) {
      outcome.error = Error{Code::kCancelled, "stopped before " + backend_ + " was asked again"};
      return End::kCancelled;
    }
    if (call.deadline.expired()) return End::kNoTime;  // The cause stays what it was.
  }
}

std::optional<End> Guard::end_after(const Call& call, const Tried& tried, std::uint32_t number) const {
  if (!tried.made) return End::kOpen;
  const ErrorClass error_class = tried.failed_class;
  if (error_class == ErrorClass::kCancelled) return End::kCancelled;
  if (tried.sent) return End::kSent;
  if (tried.given_up) return End::kGivenUp;
  if (error_class == ErrorClass::kDeadline) return End::kNoTime;
  if (!worth_another(error_class)) return End::kPermanent;
  if (number >= options_.retry.attempts) return End::kLastAttempt;
  if (tried.retry_after && *tried.retry_after > options_.retry.longest_retry_after) return End::kToldToGoAway;
  if (call.deadline.expired()) return End::kNoTime;
  return {};
}

std::optional<End> Guard::end_at_wait(const Call& call, Duration wait) {
  if (wait >= call.deadline.left()) return End::kNoTime;
  if (breaker_ && breaker_->tries_again() > wait) return End::kOpen;
  if (!budget_.spend()) return End::kNoBudget;
  return {};
}

Deadline Guard::deadline_of_attempt(const Call& call) const {
  if (options_.attempt_timeout == Duration::zero()) return call.deadline;
  return call.deadline.sooner(options_.attempt_timeout, deps_.clock);
}

Guard::Tried Guard::attempt(const Call& call, const Body& body, std::uint32_t number) {
  Attempt attempt(number, deadline_of_attempt(call), call.stop);
  return one(call, body, Race::kFirst, attempt);
}

Guard::Tried Guard::one(const Call& call, const Body& body, std::size_t side, Attempt& attempt) {
  Tried out;
  std::optional<Breaker::Permit> permit;
  if (breaker_) {
    Result<Breaker::Permit> admitted = breaker_->admit();
    if (!admitted) {
      out.error = std::move(admitted).error();
      out.retry_after = breaker_->tries_again();
      return out;
    }
    permit.emplace(*std::move(admitted));
  }
  if (attempt.number() == 1 && side == Race::kFirst) budget_.called();
  attempts_.add();
  out.made = true;
  const TimePoint began = deps_.clock.now();
  const Error* error = body.call(body.self, side, attempt);
  const Duration took = deps_.clock.now() - began;
  if (error == nullptr) {
    if (permit) permit->succeeded();
    if (hedge_) hedge_->answered_after(took);
    return out;
  }
  out.error = *error;
  out.sent = attempt.sent();
  out.given_up = attempt.given_up();
  out.retry_after = attempt.told_to_wait();
  out.failed_class = class_of(error->code, options_.retry.work,
                              {.stopped = attempt.stop().stop_requested(),
                               .out_of_time = call.deadline.expired(),
                               .told_to_wait = out.retry_after.has_value()});
  out.failed = {.number = attempt.number(),
                .error_class = out.failed_class,
                .error = *error,
                .took = took,
                .hedge = side == Race::kSecond};
  const bool blamed = out.failed_class == ErrorClass::kTransient ||
                      (out.failed_class == ErrorClass::kDeadline && took >= options_.fair_time);
  if (permit && blamed) permit->failed(error->message);
  return out;
}

// What the two sides of a hedged attempt share; the task on the pool may outlive the call when it was called off.
struct Guard::Running {
  Race race;
  Tried second;  // Written before second_over(), read after first_over().
};

std::optional<Duration> Guard::delay_of_hedge(const Call& call) const {
  if (!hedge_ || call.hedging == Hedging::kNo) return {};
  return hedge_->delay();
}

Guard::Tried Guard::race(const Call& call, const Body& body, Hedged hedged, Outcome& outcome) {
  const auto running = std::make_shared<Running>();
  const std::stop_callback follow(call.stop, [&running] { running->race.stop_both(); });
  const Deadline deadline = deadline_of_attempt(call);
  const auto second = [this, running, pause = deps_.pause, hedged, deadline, &call, &body] {
    Race& race = running->race;
    if (!pause(hedged.delay, race.stop_of(Race::kSecond)) || !race.begin_second()) return;
    // From here on the call waits for this side: before, nothing of it may be touched.
    if (budget_.spend()) {
      hedges_.add();
      Attempt attempt(hedged.number, deadline, race.stop_of(Race::kSecond), race, Race::kSecond);
      running->second = one(call, body, Race::kSecond, attempt);
    }
    race.second_over(running->second.made && !running->second.error);
  };
  if (!deps_.pool->try_submit(second, exec::Lane::kInteractive)) return attempt(call, body, hedged.number);
  Attempt attempt(hedged.number, deadline, running->race.stop_of(Race::kFirst), running->race, Race::kFirst);
  Tried first = one(call, body, Race::kFirst, attempt);
  const std::optional<std::size_t> winner = running->race.first_over(first.made && !first.error);
  Tried& other = running->second;
  outcome.report.attempts += other.made ? 1 : 0;
  if (winner) {
    outcome.side = *winner;
    if (first.error && first.made && first.failed_class != ErrorClass::kCancelled) {
      outcome.report.failed.push_back(std::move(first.failed));
    }
    first.error.reset();
    return first;
  }
  if (other.made) outcome.report.failed.push_back(std::move(other.failed));
  first.sent = first.sent || other.sent;
  first.given_up = first.given_up || other.given_up;
  return first;
}

}  // namespace docmind::resilience
