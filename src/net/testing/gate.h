// A door for tests: threads wait in front of it until the test opens it, and the test waits until they are there.
//
// Thread safety: every method from any thread. Nobody waits longer than 10 s: a test that hangs says so.
#pragma once
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace docmind::net::testing {

class Gate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  // False when nobody opened it.
  bool pass() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    return changed_.wait_for(lock, std::chrono::seconds(10), [this] { return open_; });
  }
  bool wait_for_waiting(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return waiting_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int waiting_ = 0;
  bool open_ = false;
};

}  // namespace docmind::net::testing
