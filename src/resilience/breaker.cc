#include "resilience/breaker.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace docmind::resilience {
namespace {

constexpr std::array<std::string_view, 3> kNames = {"closed", "half_open", "open"};
constexpr std::size_t kLongestWhy = 200;  // Bytes kept of an error's message.
constexpr std::uint32_t kMostDoublings = 20;

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

Duration doubled(Duration once, std::uint32_t times, Duration longest) {
  const Duration grown = once * (std::int64_t{1} << std::min(times, kMostDoublings));
  return std::min(grown, longest);
}

// Cut before a character, never in it.
std::string_view shortened(std::string_view text) {
  if (text.size() <= kLongestWhy) return text;
  std::size_t end = kLongestWhy;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end);
}

// Closed, the era is a multiple of 4; the other states only make it grow.
std::uint64_t next_era(std::uint64_t era, BreakerState to) {
  const std::uint64_t next = era + 1;
  if (to == BreakerState::kClosed) return (next + 3) / 4 * 4;
  return next % 4 == 0 ? next + 1 : next;
}

bool is_closed(std::uint64_t era) { return era % 4 == 0; }

bool in(std::uint32_t value, std::uint32_t least, std::uint32_t most) { return value >= least && value <= most; }

bool in_an_hour(Duration duration) { return duration > Duration::zero() && duration <= std::chrono::hours(1); }

}  // namespace

std::string_view name(BreakerState state) { return kNames.at(static_cast<std::size_t>(state)); }

Result<> check(const BreakerOptions& options) {
  const auto bad = [](const char* what, const char* hint) { return Error{Code::kInvalidArgument, what, hint}; };
  if (!in(options.in_a_row, 1, 1000) || !in(options.window_calls, 1, 1000)) {
    return bad("A breaker's number of calls is out of range.", "Set 1 to 1000.");
  }
  if (!in(options.least_calls, 1, options.window_calls)) {
    return bad("A breaker's least number of calls is out of range.", "Set 1 up to the calls of its window.");
  }
  if (!(options.failure_ratio > 0 && options.failure_ratio <= 1)) {
    return bad("A breaker's ratio of failures is out of range.", "Set more than 0 and at most 1.");
  }
  if (!in(options.probes, 1, 100) || !in(options.probes_to_close, 1, 100)) {
    return bad("A breaker's number of probes is out of range.", "Set 1 to 100.");
  }
  for (const Duration duration : {options.window, options.open_for, options.longest_open, options.longest_flapping,
                                  options.steady_after, options.probe_patience}) {
    if (!in_an_hour(duration))
      return bad("A time of a breaker is out of range.", "Set more than 0 s, at most an hour.");
  }
  if (options.longest_open < options.open_for || options.longest_flapping < options.longest_open) {
    return bad("A breaker's longest times are shorter than its first.", "Let them grow: first, longest, flapping.");
  }
  return {};
}

Result<std::unique_ptr<Breaker>> Breaker::open(std::string backend, const BreakerOptions& options, BreakerDeps deps) {
  DM_TRY(check(options));
  return std::unique_ptr<Breaker>(new Breaker(std::move(backend), options, std::move(deps)));
}

Breaker::Breaker(std::string backend, const BreakerOptions& options, BreakerDeps deps)
    : backend_(std::move(backend)),
      options_(options),
      deps_(std::move(deps)),
      state_gauge_(deps_.metrics.gauge("docmind_breaker_state",
                                       "0 closed, 1 half open, 2 open: the backend is left alone.",
                                       {{"backend", backend_}})),
      refused_(deps_.metrics.counter("docmind_breaker_refused_total", "Calls refused while a backend was left alone.",
                                     {{"backend", backend_}})),
      since_(deps_.clock.now()),
      since_wall_(deps_.clock.wall()),
      ring_(options.window_calls) {
  for (const std::string_view to : kNames) {
    transitions_.emplace_back(deps_.metrics.counter("docmind_breaker_transitions_total",
                                                    "Changes of a breaker's state, by the state moved to.",
                                                    {{"backend", backend_}, {"to", std::string(to)}}));
  }
  state_gauge_.set(0);
}

Result<Breaker::Permit> Breaker::admit() {
  const std::uint64_t era = era_.load(std::memory_order_acquire);
  if (is_closed(era)) return Permit(*this, era);
  return admit_unless_closed();
}

Result<Breaker::Permit> Breaker::admit_unless_closed() {
  std::optional<BreakerChange> change;
  std::optional<Error> refused;
  std::uint64_t era = 0;
  {
    const MutexLock lock(mutex_);
    const TimePoint now = deps_.clock.now();
    if (state_ == BreakerState::kOpen && now >= try_at_) change = move_to(BreakerState::kHalfOpen, now);
    if (state_ == BreakerState::kHalfOpen && probe_is_free(now)) {
      probing_ = std::min(probing_ + 1, options_.probes);  // More than that: one was lost.
      last_probe_ = now;
    } else if (state_ != BreakerState::kClosed) {
      refused = refusal(now);
    }
    era = era_.load(std::memory_order_relaxed);
  }
  tell(change);
  if (!refused) return Permit(*this, era);
  refused_.add();
  return *std::move(refused);
}

bool Breaker::probe_is_free(TimePoint now) const {
  return probing_ < options_.probes || now - last_probe_ >= options_.probe_patience;
}

Error Breaker::refusal(TimePoint now) const {
  const Duration open = now - since_;
  if (state_ == BreakerState::kHalfOpen) {
    return {Code::kUnavailable,
            fmt::format("{} is being tried again after it failed, and takes no other calls until that has ended: {}",
                        backend_, why_),
            "Ask again in a few seconds, or use another backend."};
  }
  return {Code::kUnavailable,
          fmt::format("{} has been left alone for {:.1f} s, because it failed; the next try is in {:.1f} s: {}",
                      backend_, seconds(open), seconds(until_probe(now)), why_),
          fmt::format("Ask again in {:.0f} s, or use another backend.", std::ceil(seconds(until_probe(now))))};
}

Duration Breaker::until_probe(TimePoint now) const {
  if (state_ == BreakerState::kOpen) return std::max(Duration::zero(), Duration(try_at_ - now));
  return Duration::zero();
}

Duration Breaker::tries_again() const {
  if (is_closed(era_.load(std::memory_order_acquire))) return Duration::zero();
  const MutexLock lock(mutex_);
  return until_probe(deps_.clock.now());
}

BreakerStatus Breaker::status() const {
  const MutexLock lock(mutex_);
  const TimePoint now = deps_.clock.now();
  return {.state = state_,
          .since = now - since_,
          .since_wall = since_wall_,
          .why = why_,
          .tries_again = until_probe(now),
          .opened = opened_};
}

void Breaker::expect_healed() {
  const MutexLock lock(mutex_);
  if (state_ == BreakerState::kOpen) try_at_ = deps_.clock.now();
}

void Breaker::ended(std::uint64_t era, Verdict verdict, std::string_view why) {
  if (verdict == Verdict::kNone && is_closed(era)) return;
  std::optional<BreakerChange> change;
  {
    const MutexLock lock(mutex_);
    if (era != era_.load(std::memory_order_relaxed)) return;
    const TimePoint now = deps_.clock.now();
    change = state_ == BreakerState::kClosed ? judge_closed(now, verdict, why) : judge_probe(now, verdict, why);
  }
  tell(change);
}

std::optional<BreakerChange> Breaker::judge_closed(TimePoint now, Verdict verdict, std::string_view why) {
  const bool failed = verdict == Verdict::kFailure;
  remember(now, failed);
  in_a_row_ = failed ? in_a_row_ + 1 : 0;
  if (!failed) return {};
  const bool too_many = held_ >= options_.least_calls &&
                        static_cast<double>(failures_) >= options_.failure_ratio * static_cast<double>(held_);
  if (in_a_row_ < options_.in_a_row && !too_many) return {};
  const bool flapping = opened_ > 0 && now - since_ < options_.steady_after;
  flaps_ = flapping ? std::min(flaps_ + 1, kMostDoublings) : 0;
  reopened_ = flapping ? std::min(reopened_ + 1, kMostDoublings) : 0;
  return open_up(now, why);
}

std::optional<BreakerChange> Breaker::judge_probe(TimePoint now, Verdict verdict, std::string_view why) {
  if (probing_ > 0) --probing_;
  if (verdict == Verdict::kFailure) {
    reopened_ = std::min(reopened_ + 1, kMostDoublings);
    return open_up(now, why);
  }
  if (verdict == Verdict::kNone || ++probes_passed_ < options_.probes_to_close) return {};
  return move_to(BreakerState::kClosed, now);
}

void Breaker::remember(TimePoint now, bool failed) {
  forget_older_than(now - options_.window);
  if (held_ == ring_.size()) {
    failures_ -= ring_[first_].failed ? 1 : 0;
    first_ = (first_ + 1) % ring_.size();
    --held_;
  }
  ring_[(first_ + held_) % ring_.size()] = {now, failed};
  ++held_;
  failures_ += failed ? 1 : 0;
}

void Breaker::forget_older_than(TimePoint oldest) {
  while (held_ > 0 && ring_[first_].at < oldest) {
    failures_ -= ring_[first_].failed ? 1 : 0;
    first_ = (first_ + 1) % ring_.size();
    --held_;
  }
}

BreakerChange Breaker::open_up(TimePoint now, std::string_view why) {
  why_ = shortened(why);
  ++opened_;
  const Duration longest = doubled(options_.longest_open, flaps_, options_.longest_flapping);
  try_at_ = now + std::chrono::duration_cast<TimePoint::duration>(doubled(options_.open_for, reopened_, longest));
  return move_to(BreakerState::kOpen, now);
}

BreakerChange Breaker::move_to(BreakerState to, TimePoint now) {
  BreakerChange change{.backend = backend_, .from = state_, .to = to, .why = why_, .number = ++changes_};
  state_ = to;
  since_ = now;
  since_wall_ = deps_.clock.wall();
  probing_ = 0;
  probes_passed_ = 0;
  if (to == BreakerState::kClosed) {
    why_.clear();
    first_ = held_ = failures_ = 0;
    in_a_row_ = 0;
  }
  era_.store(next_era(era_.load(std::memory_order_relaxed), to), std::memory_order_release);
  state_gauge_.set(to == BreakerState::kClosed ? 0 : to == BreakerState::kHalfOpen ? 1 : 2);
  transitions_.at(static_cast<std::size_t>(to)).get().add();
  return change;
}

void Breaker::tell(const std::optional<BreakerChange>& change) const {
  if (change && deps_.listener) deps_.listener(*change);
}

}  // namespace docmind::resilience
