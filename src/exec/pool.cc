#include "exec/pool.h"

#include <array>
#include <condition_variable>
#include <deque>
#include <system_error>
#include <thread>
#include <vector>

#include "base/request_id.h"
#include "base/thread_annotations.h"
#include "base/trace_context.h"
#include "exec/wait.h"

namespace docmind::exec {

class Pool::Impl {
 public:
  explicit Impl(PoolOptions options) : options_(options) { DM_CHECK(options.threads > 0 && options.queue_bound > 0); }

  ~Impl() {
    std::vector<std::jthread> threads;  // Joined at the end.
    {
      const MutexLock lock(mutex_);
      closing_ = true;
      threads.swap(threads_);
    }
    work_.notify_all();
    room_.notify_all();
  }

  Result<> start() {
    const MutexLock lock(mutex_);
    try {
      add_thread();
    } catch (const std::system_error& e) {
      return Error{Code::kResourceExhausted, std::string("cannot start a thread: ") + e.what(),
                   "Close other programs, or lower the number of threads in the settings."};
    }
    return {};
  }

  Result<> submit(Task task, Lane lane, const Deadline& deadline, std::stop_token stop) {
    MutexLock lock(mutex_);
    const Waited waited = wait_until(room_, lock, deadline, std::move(stop), [this, lane]() DM_REQUIRES(mutex_) {
      return closing_ || queue(lane).size() < options_.queue_bound;
    });
    if (waited != Waited::kReady) return error_of(waited, "the pool stayed busy");
    DM_TRY(put(std::move(task), lane));
    lock.unlock();
    work_.notify_one();
    return {};
  }

  Result<> try_submit(Task task, Lane lane) {
    {
      const MutexLock lock(mutex_);
      DM_TRY(put(std::move(task), lane));
    }
    work_.notify_one();
    return {};
  }

  std::size_t threads() const { return options_.threads; }

  std::size_t waiting() const {
    const MutexLock lock(mutex_);
    return lanes_[0].size() + lanes_[1].size();
  }

 private:
  std::deque<Task>& queue(Lane lane) DM_REQUIRES(mutex_) { return lanes_.at(static_cast<std::size_t>(lane)); }

  static Task for_request(Task task) {
    return [id = request_id(), trace = trace_context(), task = std::move(task)] {
      const RequestScope scope(id);
      const TraceScope place(trace);
      task();
    };
  }

  Result<> put(Task task, Lane lane) DM_REQUIRES(mutex_) {
    if (closing_) return Error{Code::kCancelled, "the pool is closing"};
    const bool busy = lanes_[0].size() + lanes_[1].size() >= free_;
    const bool grows = busy && threads_.size() < options_.threads;
    if (busy && !grows && queue(lane).size() >= options_.queue_bound) {
      return Error{Code::kResourceExhausted, "too much work is waiting"};
    }
    queue(lane).push_back(request_id().empty() && !trace_context() ? std::move(task) : for_request(std::move(task)));
    if (!grows) return {};
    try {
      add_thread();
    } catch (const std::system_error&) {  // Those there are take it.
    }
    return {};
  }

  void add_thread() DM_REQUIRES(mutex_) {
    threads_.emplace_back([this] { work(); });
    ++free_;
  }

  void work() {
    MutexLock lock(mutex_);
    while (true) {
      while (!closing_ && lanes_[0].empty() && lanes_[1].empty()) work_.wait(lock);
      std::deque<Task>& from = lanes_[0].empty() ? lanes_[1] : lanes_[0];
      if (from.empty()) return;
      Task task = std::move(from.front());
      from.pop_front();
      --free_;
      lock.unlock();
      room_.notify_all();  // Of either lane.
      task();
      task = nullptr;  // What it holds goes before the lock comes back.
      lock.lock();
      ++free_;
    }
  }

  const PoolOptions options_;
  mutable Mutex mutex_;
  std::condition_variable_any work_;  // Notified without the lock: who wakes can go on at once.
  std::condition_variable_any room_;
  std::array<std::deque<Task>, 2> lanes_ DM_GUARDED_BY(mutex_);  // By Lane.
  bool closing_ DM_GUARDED_BY(mutex_) = false;
  std::size_t free_ DM_GUARDED_BY(mutex_) = 0;  // Threads that have no task; those that are starting, too.
  std::vector<std::jthread> threads_ DM_GUARDED_BY(mutex_);
};

Pool::Pool(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Pool::~Pool() = default;

Result<std::unique_ptr<Pool>> Pool::open(PoolOptions options) {
  auto impl = std::make_unique<Impl>(options);
  DM_TRY(impl->start());
  return std::unique_ptr<Pool>(new Pool(std::move(impl)));
}

Result<> Pool::submit(Task task, Lane lane, Deadline deadline, std::stop_token stop) {
  return impl_->submit(std::move(task), lane, deadline, std::move(stop));
}

Result<> Pool::try_submit(Task task, Lane lane) { return impl_->try_submit(std::move(task), lane); }
std::size_t Pool::threads() const { return impl_->threads(); }
std::size_t Pool::waiting() const { return impl_->waiting(); }

}  // namespace docmind::exec
