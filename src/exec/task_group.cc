#include "exec/task_group.h"

#include <condition_variable>
#include <deque>
#include <optional>

#include "base/thread_annotations.h"

namespace docmind::exec {

namespace {

constexpr std::size_t kWaitingBound = 256;

}  // namespace

// The tasks wait here and not in the pool: the pool only gets a note "come and take one". So a note that the pool has
// no room for costs nothing but help, and a note that comes after the group's end finds nothing and touches nothing.
class TaskGroup::State {
 public:
  explicit State(std::stop_token parent) : follow_parent_(std::move(parent), [this] { source_.request_stop(); }) {}

  void add(Task task) {
    while (full()) run_one();  // The caller lends a hand until there is room.
    const MutexLock lock(mutex_);
    waiting_.push_back(std::move(task));
  }

  // Runs one waiting task, if there is one.
  bool run_one() {
    Task task;
    {
      const MutexLock lock(mutex_);
      if (waiting_.empty()) return false;
      task = std::move(waiting_.front());
      waiting_.pop_front();
      if (source_.stop_requested()) {
        skipped_ = true;
        return true;
      }
      ++running_;
    }
    if (Result<> result = task(source_.get_token()); !result) fail(std::move(result).error());
    task = nullptr;  // What it holds goes before join() can return.
    const MutexLock lock(mutex_);
    --running_;
    changed_.notify_all();
    return true;
  }

  Result<> finish() {
    while (run_one()) {
    }
    MutexLock lock(mutex_);
    while (running_ > 0) changed_.wait(lock);
    if (std::optional<Error> error = std::exchange(error_, std::nullopt)) return *std::move(error);
    if (std::exchange(skipped_, false)) return Error{Code::kCancelled, "stopped before all of it was done"};
    return {};
  }

  void request_stop() { source_.request_stop(); }

 private:
  bool full() {
    const MutexLock lock(mutex_);
    return waiting_.size() >= kWaitingBound;
  }

  void fail(Error error) {
    {
      const MutexLock lock(mutex_);
      if (!error_) error_ = std::move(error);
    }
    source_.request_stop();  // Outside the lock: it calls whatever the tasks have hung on their token.
  }

  std::stop_source source_;
  Mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Task> waiting_ DM_GUARDED_BY(mutex_);
  std::size_t running_ DM_GUARDED_BY(mutex_) = 0;
  bool skipped_ DM_GUARDED_BY(mutex_) = false;
  std::optional<Error> error_ DM_GUARDED_BY(mutex_);
  std::stop_callback<std::function<void()>> follow_parent_;  // Last: it may call at once.
};

TaskGroup::TaskGroup(Pool& pool, std::stop_token stop, Lane lane)
    : pool_(pool), lane_(lane), state_(std::make_shared<State>(std::move(stop))) {}

TaskGroup::~TaskGroup() {
  state_->request_stop();
  static_cast<void>(join());  // Nobody asked for its result.
}

void TaskGroup::run(Task task) {
  state_->add(std::move(task));
  static_cast<void>(pool_.try_submit([state = state_] { state->run_one(); }, lane_));  // Refused: join() runs it.
}

Result<> TaskGroup::join() { return state_->finish(); }
void TaskGroup::request_stop() { state_->request_stop(); }

}  // namespace docmind::exec
