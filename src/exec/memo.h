// A value that is made when it is first wanted and kept until it is forgotten. Callers that come while it is being made
// wait for it; a failure is returned to who made it and not kept, so the next of them tries again.
//
// Thread safety: any method from any thread. `make` runs without a lock, on the thread of its caller.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string_view>
#include <utility>

#include "base/deadline.h"
#include "base/result.h"
#include "base/thread_annotations.h"
#include "exec/wait.h"

namespace docmind::exec {

template <typename T>
class Memo {
 public:
  // `what` names the work for who waited in vain: kDeadlineExceeded, kCancelled.
  template <typename Make>
  Result<T> get(std::string_view what, Deadline deadline, std::stop_token stop, Make make) DM_EXCLUDES(mutex_) {
    std::uint64_t life = 0;
    {
      MutexLock lock(mutex_);
      const auto waited =
          wait_until(changed_, lock, deadline, std::move(stop), [this]() DM_REQUIRES(mutex_) { return !making_; });
      if (waited != Waited::kReady) return error_of(waited, what);
      if (value_) return *value_;
      making_ = true;
      life = life_;
    }
    Result<T> made = make();
    const MutexLock lock(mutex_);
    making_ = false;
    if (made && life == life_) value_ = *made;
    changed_.notify_all();
    return made;
  }

  // The next caller has it made again. One that is being made meanwhile is not kept.
  void forget() DM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    value_.reset();
    ++life_;
  }

 private:
  Mutex mutex_;
  std::condition_variable_any changed_;
  bool making_ DM_GUARDED_BY(mutex_) = false;
  std::uint64_t life_ DM_GUARDED_BY(mutex_) = 0;
  std::optional<T> value_ DM_GUARDED_BY(mutex_);
};

}  // namespace docmind::exec
