#include "resilience/bulkhead.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "exec/wait.h"

namespace docmind::resilience {

Result<> check(const BulkheadOptions& options) {
  if (options.running < 1 || options.running > 1000 || options.waiting > 10'000) {
    return Error{Code::kInvalidArgument, "A limit on calls at the same time is out of range.",
                 "Set 1 to 1000 calls that run and at most 10000 that wait."};
  }
  return {};
}

Result<std::unique_ptr<Bulkhead>> Bulkhead::open(std::string backend, BulkheadOptions options, const Clock& clock) {
  DM_TRY(check(options));
  return std::unique_ptr<Bulkhead>(new Bulkhead(std::move(backend), options, clock));
}

Bulkhead::Bulkhead(std::string backend, BulkheadOptions options, const Clock& clock)
    : backend_(std::move(backend)), options_(options), clock_(clock) {
  queue_.reserve(options.waiting);
}

bool Bulkhead::turn_of(const int* waiter) const {
  return running_ < options_.running && !queue_.empty() && queue_.front() == waiter;
}

Result<Bulkhead::Permit> Bulkhead::enter(const Deadline& deadline, std::stop_token stop) {
  MutexLock lock(mutex_);
  if (running_ >= options_.running || !queue_.empty()) {
    if (queue_.size() >= options_.waiting) {
      return Error{
          Code::kRateLimited,
          fmt::format("{} has {} calls running and {} waiting, which is all it takes.", backend_, running_,
                      queue_.size()),
          fmt::format("Ask again in {:.0f} s.", std::ceil(std::chrono::duration<double>(estimate_locked()).count()))};
    }
    const int place = 0;
    queue_.push_back(&place);
    const exec::Waited waited = exec::wait_until(changed_, lock, deadline, std::move(stop),
                                                 [&]() DM_REQUIRES(mutex_) { return turn_of(&place); });
    std::erase(queue_, &place);
    changed_.notify_all();  // Somebody else is the first now.
    if (waited != exec::Waited::kReady) return exec::error_of(waited, "every place at " + backend_ + " stayed taken");
  }
  ++running_;
  return Permit(*this, clock_.now());
}

void Bulkhead::leave(TimePoint entered) {
  const MutexLock lock(mutex_);
  --running_;
  const Duration held = clock_.now() - entered;
  usual_ = usual_ == Duration::zero() ? held : (4 * usual_ + held) / 5;
  if (!queue_.empty()) changed_.notify_all();
}

Duration Bulkhead::estimate_locked() const {
  const auto rounds = (static_cast<std::int64_t>(queue_.size()) + 1) / options_.running + 1;
  return std::clamp<Duration>(usual_ * rounds, std::chrono::seconds(1), std::chrono::minutes(1));
}

Duration Bulkhead::estimate() const {
  const MutexLock lock(mutex_);
  return estimate_locked();
}

std::uint32_t Bulkhead::running() const {
  const MutexLock lock(mutex_);
  return running_;
}

std::uint32_t Bulkhead::waiting() const {
  const MutexLock lock(mutex_);
  return static_cast<std::uint32_t>(queue_.size());
}

}  // namespace docmind::resilience
