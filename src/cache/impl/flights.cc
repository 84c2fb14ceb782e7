#include "cache/impl/flights.h"

#include <utility>

#include "exec/wait.h"

namespace docmind::cache {

Flights::Lead::Lead(Lead&& other) noexcept
    : flights_(std::exchange(other.flights_, nullptr)), key_(std::move(other.key_)) {}

Flights::Lead& Flights::Lead::operator=(Lead&& other) noexcept {
  if (this != &other) {
    end();
    flights_ = std::exchange(other.flights_, nullptr);
    key_ = std::move(other.key_);
  }
  return *this;
}

void Flights::Lead::end() {
  Flights* const flights = std::exchange(flights_, nullptr);
  if (flights == nullptr) return;
  const MutexLock lock(flights->mutex_);
  flights->leading_.erase(key_);
  flights->changed_.notify_all();
}

Result<Flights::Lead> Flights::enter(const std::string& key, Deadline deadline, std::stop_token stop) {
  MutexLock lock(mutex_);
  const auto [lead, first] = leading_.try_emplace(key, leads_ + 1);
  if (first) {
    ++leads_;
    return Lead(*this, key);
  }
  const std::uint64_t awaited = lead->second;  // This one: who leads after it is not waited for.
  ++waiting_;
  const auto waited =
      exec::wait_until(changed_, lock, deadline, std::move(stop), [this, &key, awaited]() DM_REQUIRES(mutex_) {
        const auto now = leading_.find(key);
        return now == leading_.end() || now->second != awaited;
      });
  --waiting_;
  if (waited != exec::Waited::kReady) return exec::error_of(waited, "the same question, which is being answered");
  return Lead();
}

std::size_t Flights::waiting() const {
  const MutexLock lock(mutex_);
  return waiting_;
}

}  // namespace docmind::cache
