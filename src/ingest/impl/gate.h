// Lets one at a time work on a thing (a document's path, the text of a chunk), so that two ingests of the same files do
// the work once.
//
// Thread safety: any. A Pass must not outlive its gate. Whoever holds a pass may wait for another only while another
// thread can finish the first: of paths see Ingest, where the file in hand never waits for the file ahead; passes for
// several keys are taken in the order of the keys.
#pragma once
#include <condition_variable>
#include <optional>
#include <set>
#include <stop_token>
#include <utility>

#include "base/deadline.h"
#include "base/result.h"
#include "base/thread_annotations.h"
#include "exec/wait.h"

namespace docmind::ingest {

template <typename Key>
class Gate {
 public:
  class Pass {
   public:
    Pass() = default;
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)), key_(std::move(other.key_)) {}
    Pass& operator=(Pass&& other) noexcept {
      std::swap(gate_, other.gate_);
      std::swap(key_, other.key_);
      return *this;
    }
    ~Pass() {
      if (gate_ != nullptr && key_) gate_->leave(*key_);
    }

   private:
    friend class Gate;
    Pass(Gate& gate, Key key) : gate_(&gate), key_(std::move(key)) {}
    Gate* gate_ = nullptr;
    std::optional<Key> key_;
  };

  // Absent while somebody else is inside with this key.
  std::optional<Pass> try_enter(const Key& key) {
    const MutexLock lock(mutex_);
    if (!inside_.insert(key).second) return std::nullopt;
    return Pass(*this, key);
  }

  // Waits until nobody else is inside with this key. kCancelled, kDeadlineExceeded.
  Result<Pass> enter(const Key& key, Deadline deadline, std::stop_token stop) {
    MutexLock lock(mutex_);
    const exec::Waited waited = exec::wait_until(left_, lock, deadline, std::move(stop),
                                                 [&]() DM_REQUIRES(mutex_) { return !inside_.contains(key); });
    if (waited != exec::Waited::kReady) return exec::error_of(waited, "another ingest is working on the same text");
    inside_.insert(key);
    return Pass(*this, key);
  }

 private:
  void leave(const Key& key) {
    const MutexLock lock(mutex_);
    inside_.erase(key);
    left_.notify_all();
  }

  Mutex mutex_;
  std::condition_variable_any left_;
  std::set<Key> inside_ DM_GUARDED_BY(mutex_);
};

}  // namespace docmind::ingest
