// Locks that clang can check: a Mutex, its MutexLock, and the words that tie data to them (-Wthread-safety).
//
// libstdc++'s own mutex carries no annotations, so a member marked DM_GUARDED_BY needs this Mutex. A
// std::condition_variable_any waits on a MutexLock; its predicate is a lambda marked DM_REQUIRES(mutex_).
#pragma once
#include <mutex>

#if defined(__clang__)
#define DM_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define DM_THREAD_ATTRIBUTE(x)
#endif

#define DM_GUARDED_BY(mutex) DM_THREAD_ATTRIBUTE(guarded_by(mutex))
#define DM_REQUIRES(...) DM_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define DM_EXCLUDES(...) DM_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))
#define DM_ACQUIRE(...) DM_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
// For a template that calls a predicate marked DM_REQUIRES: the checker cannot tell that its lock is the one meant.
#define DM_UNCHECKED DM_THREAD_ATTRIBUTE(no_thread_safety_analysis)
#define DM_RELEASE(...) DM_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))

namespace docmind {

class DM_THREAD_ATTRIBUTE(capability("mutex")) Mutex {
 public:
  void lock() DM_ACQUIRE() { mutex_.lock(); }
  void unlock() DM_RELEASE() { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

// Holds a Mutex for a scope; unlock() and lock() in between are for a condition variable and for calling out.
class DM_THREAD_ATTRIBUTE(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) DM_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() DM_RELEASE() {
    if (held_) mutex_.unlock();
  }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;
  void lock() DM_ACQUIRE() {
    mutex_.lock();
    held_ = true;
  }
  void unlock() DM_RELEASE() {
    held_ = false;
    mutex_.unlock();
  }

 private:
  Mutex& mutex_;
  bool held_ = true;
};

}  // namespace docmind
