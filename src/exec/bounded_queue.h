// A first-in, first-out queue between threads that never holds more than its bound.
//
// Thread safety: every method from any thread. After close() nothing enters, what is inside still comes out, and then
// pop() says kCancelled.
#pragma once
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <optional>
#include <stop_token>
#include <utility>

#include "base/deadline.h"
#include "base/result.h"
#include "base/thread_annotations.h"
#include "exec/wait.h"

namespace docmind::exec {

template <typename T>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t bound) : bound_(bound) { DM_CHECK(bound > 0); }

  // Waits for room. kCancelled on stop or after close(), kDeadlineExceeded.
  Result<> push(T value, Deadline deadline, std::stop_token stop) {
    MutexLock lock(mutex_);
    const Waited waited = wait_until(changed_, lock, deadline, stop,
                                     [this]() DM_REQUIRES(mutex_) { return closed_ || items_.size() < bound_; });
    if (waited != Waited::kReady) return error_of(waited, "the queue stayed full");
    if (closed_) return Error{Code::kCancelled, "the queue is closed"};
    items_.push_back(std::move(value));
    changed_.notify_all();
    return {};
  }

  // Never waits: kResourceExhausted when full.
  Result<> try_push(T value) {
    const MutexLock lock(mutex_);
    if (closed_) return Error{Code::kCancelled, "the queue is closed"};
    if (items_.size() >= bound_) return Error{Code::kResourceExhausted, "the queue is full"};
    items_.push_back(std::move(value));
    changed_.notify_all();
    return {};
  }

  // Waits for an item. kCancelled on stop, or when closed and empty; kDeadlineExceeded.
  Result<T> pop(Deadline deadline, std::stop_token stop) {
    MutexLock lock(mutex_);
    const Waited waited =
        wait_until(changed_, lock, deadline, stop, [this]() DM_REQUIRES(mutex_) { return closed_ || !items_.empty(); });
    if (waited != Waited::kReady) return error_of(waited, "the queue stayed empty");
    if (items_.empty()) return Error{Code::kCancelled, "the queue is closed"};
    T value = std::move(items_.front());
    items_.pop_front();
    changed_.notify_all();
    return value;
  }

  void close() {
    const MutexLock lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

  std::size_t size() const {
    const MutexLock lock(mutex_);
    return items_.size();
  }

 private:
  const std::size_t bound_;
  mutable Mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<T> items_ DM_GUARDED_BY(mutex_);
  bool closed_ DM_GUARDED_BY(mutex_) = false;
};

}  // namespace docmind::exec
