// Lets one run at a time work on a document, so that two ingests of the same files do the work once.
//
// Thread safety: any. A Pass must not outlive its gate. Whoever holds a pass may wait for another only while another
// thread can finish the first: see Ingest, where the file in hand never waits for the file ahead.
#pragma once
#include <condition_variable>
#include <set>
#include <stop_token>
#include <string>
#include <utility>

#include "base/deadline.h"
#include "base/result.h"
#include "base/thread_annotations.h"

namespace docmind::ingest {

class PathGate {
 public:
  class Pass {
   public:
    Pass() = default;
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)), path_(std::move(other.path_)) {}
    Pass& operator=(Pass&& other) noexcept {
      std::swap(gate_, other.gate_);
      std::swap(path_, other.path_);
      return *this;
    }
    ~Pass() {
      if (gate_ != nullptr) gate_->leave(path_);
    }

   private:
    friend class PathGate;
    Pass(PathGate& gate, std::string path) : gate_(&gate), path_(std::move(path)) {}
    PathGate* gate_ = nullptr;
    std::string path_;
  };

  // Waits until nobody else is inside with this path. kCancelled, kDeadlineExceeded.
  Result<Pass> enter(const std::string& path, Deadline deadline, std::stop_token stop);

 private:
  void leave(const std::string& path);

  Mutex mutex_;
  std::condition_variable_any left_;
  std::set<std::string> inside_ DM_GUARDED_BY(mutex_);
};

}  // namespace docmind::ingest
