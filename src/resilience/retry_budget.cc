#include "resilience/retry_budget.h"

#include <algorithm>

namespace docmind::resilience {
namespace {

constexpr std::uint64_t kCountBits = 24;
constexpr std::uint64_t kMostCounted = (std::uint64_t{1} << kCountBits) - 1;

}  // namespace

Result<> check(const RetryBudgetOptions& options) {
  if (!(options.ratio >= 0 && options.ratio <= 1)) {
    return Error{Code::kInvalidArgument, "The share of calls that may be tried again is out of range.", "Set 0 to 1."};
  }
  if (options.reserve > 1000) {
    return Error{Code::kInvalidArgument, "The reserve of retries is out of range.", "Set at most 1000."};
  }
  if (options.window < std::chrono::seconds(1) || options.window > std::chrono::hours(1)) {
    return Error{Code::kInvalidArgument, "The window of the retry budget is out of range.", "Set 1 s to an hour."};
  }
  return {};
}

std::uint64_t RetryBudget::slice_now() const {
  const auto since = std::chrono::duration_cast<Duration>(clock_.now().time_since_epoch());
  // From kSlices on, so that a slice never used (number 0) is always old.
  return static_cast<std::uint64_t>(since / (options_.window / kSlices)) + kSlices;
}

void RetryBudget::called() {
  const std::uint64_t now = slice_now();
  std::atomic<std::uint64_t>& slice = calls_.at(now % kSlices);
  std::uint64_t old = slice.load(std::memory_order_relaxed);
  std::uint64_t next = 0;
  do {
    if (old >> kCountBits > now) return;  // Others are a whole window further on.
    const bool same = old >> kCountBits == now;
    next = now << kCountBits | (same ? std::min((old & kMostCounted) + 1, kMostCounted) : 1);
  } while (!slice.compare_exchange_weak(old, next, std::memory_order_relaxed));
}

bool RetryBudget::spend() {
  const MutexLock lock(mutex_);
  const std::uint64_t now = slice_now();
  const auto share = static_cast<std::uint64_t>(options_.ratio * static_cast<double>(calls_since(now)));
  if (retries_since(now) >= std::max<std::uint64_t>(share, options_.reserve)) return false;
  Slice& slice = retries_.at(now % kSlices);
  if (slice.number != now) slice = {.number = now};
  ++slice.count;
  return true;
}

std::uint64_t RetryBudget::calls_since(std::uint64_t now) const {
  std::uint64_t sum = 0;
  for (const auto& slice : calls_) {
    const std::uint64_t word = slice.load(std::memory_order_relaxed);
    if ((word >> kCountBits) + kSlices > now) sum += word & kMostCounted;
  }
  return sum;
}

std::uint64_t RetryBudget::retries_since(std::uint64_t now) const {
  std::uint64_t sum = 0;
  for (const Slice& slice : retries_) {
    if (slice.number + kSlices > now) sum += slice.count;
  }
  return sum;
}

std::uint64_t RetryBudget::calls() const { return calls_since(slice_now()); }

std::uint64_t RetryBudget::retries() const {
  const MutexLock lock(mutex_);
  return retries_since(slice_now());
}

}  // namespace docmind::resilience
