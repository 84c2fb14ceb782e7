// At most so many calls at once, and at most so many that wait for it, first come, first served.
//
// So one slow backend cannot take every thread of the server. Who finds the queue full is refused at once
// (kRateLimited), with an estimate when to come back.
// Thread safety: every method from any thread. Nothing allocates after it was made.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "base/thread_annotations.h"

namespace docmind::resilience {

struct BulkheadOptions {
  std::uint32_t running = 8;   // 1 to 1,000.
  std::uint32_t waiting = 64;  // 0 to 10,000.
};

Result<> check(const BulkheadOptions& options);

class Bulkhead {
 public:
  // A place among those that run, until it is destroyed. The bulkhead outlives it.
  class Permit {
   public:
    Permit(Permit&& other) noexcept : bulkhead_(std::exchange(other.bulkhead_, nullptr)), entered_(other.entered_) {}
    Permit& operator=(Permit&&) = delete;
    ~Permit() {
      if (bulkhead_ != nullptr) bulkhead_->leave(entered_);
    }

   private:
    friend class Bulkhead;
    Permit(Bulkhead& bulkhead, TimePoint entered) : bulkhead_(&bulkhead), entered_(entered) {}
    Bulkhead* bulkhead_;
    TimePoint entered_;
  };

  static Result<std::unique_ptr<Bulkhead>> open(std::string backend, BulkheadOptions options, const Clock& clock);
  Bulkhead(const Bulkhead&) = delete;
  Bulkhead& operator=(const Bulkhead&) = delete;

  // Waits its turn. Errors: kRateLimited (full: at once), kDeadlineExceeded, kCancelled.
  Result<Permit> enter(const Deadline& deadline, std::stop_token stop);
  // How long a newcomer would wait, from how long calls took of late; between 1 s and a minute.
  Duration estimate() const;
  std::uint32_t running() const;
  std::uint32_t waiting() const;

 private:
  Bulkhead(std::string backend, BulkheadOptions options, const Clock& clock);
  void leave(TimePoint entered);
  Duration estimate_locked() const DM_REQUIRES(mutex_);
  bool turn_of(const int* waiter) const DM_REQUIRES(mutex_);

  const std::string backend_;
  const BulkheadOptions options_;
  const Clock& clock_;
  mutable Mutex mutex_;
  std::condition_variable_any changed_;
  std::uint32_t running_ DM_GUARDED_BY(mutex_) = 0;
  std::vector<const int*> queue_ DM_GUARDED_BY(mutex_);      // Those who wait, each named by an address of its own.
  Duration usual_ DM_GUARDED_BY(mutex_) = Duration::zero();  // A moving mean of how long a place is held.
};

}  // namespace docmind::resilience
