// How many retries a backend gets in all: a share of the calls, so that a dead backend does not see a multiple of them.
//
// In any window the retries (hedges are retries, too) are at most `ratio` of the calls, or `reserve` where that is
// more: one user alone has few calls a minute and shall still be helped. The window moves in tenths of its length.
// After Finagle's RetryBudget (deposits of calls that expire; twitter.github.io/finagle), with the greater of share and
// reserve instead of their sum, so that 1,000 calls to a dead backend are at most 1,100 attempts.
// Thread safety: any method from any thread. called() takes no lock; spend() takes one, where something has failed.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>

#include "base/clock.h"
#include "base/result.h"
#include "base/thread_annotations.h"

namespace docmind::resilience {

struct RetryBudgetOptions {
  double ratio = 0.1;                          // Of the calls in the window; 0 to 1.
  std::uint32_t reserve = 10;                  // Retries in a window whatever the calls; at most 1,000.
  Duration window = std::chrono::seconds(60);  // 1 s to an hour.
};

Result<> check(const RetryBudgetOptions& options);

class RetryBudget {
 public:
  RetryBudget(RetryBudgetOptions options, const Clock& clock) : options_(options), clock_(clock) {}

  void called();  // A call begins: its first attempt is sent.
  bool spend();   // May one more retry be sent? If so, it is counted.
  // In the window that ends now.
  std::uint64_t calls() const;
  std::uint64_t retries() const;

 private:
  static constexpr std::size_t kSlices = 10;
  struct Slice {
    std::uint64_t number = 0;  // Of the tenth of a window since the clock's beginning.
    std::uint64_t count = 0;
  };

  std::uint64_t slice_now() const;
  std::uint64_t retries_since(std::uint64_t now) const DM_REQUIRES(mutex_);
  std::uint64_t calls_since(std::uint64_t now) const;

  const RetryBudgetOptions options_;
  const Clock& clock_;
  std::array<std::atomic<std::uint64_t>, kSlices> calls_{};  // The slice's number << 24, and calls in it.
  mutable Mutex mutex_;
  std::array<Slice, kSlices> retries_ DM_GUARDED_BY(mutex_){};
};

}  // namespace docmind::resilience
