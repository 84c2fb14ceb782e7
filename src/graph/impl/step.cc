#include "graph/impl/step.h"

#include <algorithm>
#include <condition_variable>
#include <optional>

#include "base/thread_annotations.h"

namespace docmind::graph::impl {
namespace {

constexpr Duration kGrace = std::chrono::milliseconds(250);  // Between being told to stop and being left alone.

bool timed(const Task& task) {
  return !task.place.deadline.is_never() || task.node->options.timeout > Duration::zero();
}

// Shared with the pool's queue and with abandoned tasks, which may outlast the step.
class Step : public std::enable_shared_from_this<Step> {
 public:
  explicit Step(std::vector<std::shared_ptr<Task>> tasks)
      : clock_(tasks.front()->run->seams().clock), slots_(tasks.size()) {
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      slots_[i].task = std::move(tasks[i]);
      slots_[i].follow.emplace(slots_[i].task->place.stop, Request{slots_[i].stop});
    }
  }

  // What a thread of the pool does: one task after the other, until none is left that nobody has begun.
  void work() {
    while (run_one()) {
    }
  }

  bool run_one() {
    std::size_t i = 0;
    std::shared_ptr<Task> task;
    {
      const MutexLock lock(mutex_);
      if (next_ == slots_.size()) return false;
      i = next_++;
      task = slots_[i].task;
      slots_[i].running = true;
      slots_[i].limit = task->place.deadline;
    }
    Outcome outcome =
        execute(task, slots_[i].stop.get_token(), [this, i](const Deadline& limit) { set_limit(i, limit); });
    const MutexLock lock(mutex_);
    if (task->abandoned.load()) return true;
    settle(i, std::move(outcome));
    return true;
  }

  // Ends when every task has, or was given up.
  StepOutcomes wait(exec::Pool& pool, bool helping) {
    if (helping) work();
    MutexLock lock(mutex_);
    while (done_ < slots_.size()) {
      const Duration nap = soonest();
      if (nap > Duration::zero()) {
        doze(lock, nap);
        continue;
      }
      lock.unlock();
      tell_late_ones();
      lock.lock();
      give_up_late_ones(pool);
    }
    StepOutcomes out{.abandoned = abandoned_};
    for (Slot& slot : slots_) out.outcomes.push_back(std::move(slot.outcome));
    return out;
  }

 private:
  struct Request {
    std::stop_source source;
    void operator()() { source.request_stop(); }
  };
  struct Slot {
    std::shared_ptr<Task> task;
    std::stop_source stop;
    std::optional<std::stop_callback<Request>> follow;  // The run's stop is the task's.
    bool running = false;
    bool told = false;
    Deadline limit = Deadline::never();  // Of the attempt; once told, of the grace.
    Outcome outcome;                     // Once it is counted in done_.
  };

  void set_limit(std::size_t i, const Deadline& limit) {
    const MutexLock lock(mutex_);
    if (slots_[i].told) return;
    slots_[i].limit = limit;
    changed_.notify_all();
  }

  void settle(std::size_t i, Outcome outcome) DM_REQUIRES(mutex_) {
    slots_[i].outcome = std::move(outcome);
    slots_[i].running = false;
    ++done_;
    changed_.notify_all();
  }

  void doze(MutexLock& lock, Duration nap) DM_UNCHECKED {
    if (nap == Duration::max()) {
      changed_.wait(lock);
    } else {
      changed_.wait_for(lock, nap);
    }
  }

  // Until something has to be done about a task; zero: now. Tasks that nobody could begin before the loop's own
  // deadline count as well.
  Duration soonest() DM_REQUIRES(mutex_) {
    Duration nap = next_ < slots_.size() ? slots_[next_].task->place.deadline.left() : Duration::max();
    for (const Slot& slot : slots_) {
      if (slot.running && slot.task->place.outermost()) nap = std::min(nap, slot.limit.left());
    }
    return nap;
  }

  // Outside the lock: a stop runs whatever the node has hung on its token.
  void tell_late_ones() {
    std::vector<std::stop_source> late;
    {
      const MutexLock lock(mutex_);
      for (Slot& slot : slots_) {
        if (!slot.running || slot.told || !slot.limit.expired()) continue;
        slot.told = true;
        slot.limit = Deadline::in(kGrace, clock_);
        late.push_back(slot.stop);
      }
    }
    for (std::stop_source& stop : late) stop.request_stop();
  }

  void give_up_late_ones(exec::Pool& pool) DM_REQUIRES(mutex_) {
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      Slot& slot = slots_[i];
      if (!slot.running || !slot.told || !slot.limit.expired()) continue;
      slot.task->abandoned.store(true);
      abandoned_ = true;
      settle(i, {.error = Error{Code::kDeadlineExceeded, "did not return in time and was left alone",
                                "Give it more time, or look for what it waits for."}});
      // Its thread is lost to this step for now: another takes over.
      static_cast<void>(pool.try_submit([self = shared_from_this()] { self->work(); }, exec::Lane::kInteractive));
    }
    while (next_ < slots_.size() && slots_[next_].task->place.deadline.expired()) {
      settle(next_++, {.error = Error{Code::kDeadlineExceeded, "ran out of time before it could begin"}});
    }
  }

  const Clock& clock_;
  Mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<Slot> slots_;  // The vector itself never changes; its slots' fields do, under the lock.
  std::size_t next_ DM_GUARDED_BY(mutex_) = 0;
  std::size_t done_ DM_GUARDED_BY(mutex_) = 0;
  bool abandoned_ DM_GUARDED_BY(mutex_) = false;
};

StepOutcomes one_after_the_other(const std::vector<std::shared_ptr<Task>>& tasks) {
  StepOutcomes out;
  for (const std::shared_ptr<Task>& task : tasks) {
    out.outcomes.push_back(execute(task, task->place.stop, [](const Deadline&) {}));
  }
  return out;
}

}  // namespace

StepOutcomes run_step(const std::vector<std::shared_ptr<Task>>& tasks) {
  const RunShared& run = *tasks.front()->run;
  exec::Pool* pool = run.seams().pool;
  const bool watched =
      tasks.front()->place.outermost() && std::ranges::any_of(tasks, [](const auto& task) { return timed(*task); });
  const std::size_t wanted = run.options().max_concurrency;
  const std::size_t most = std::min(tasks.size(), wanted == 0 ? tasks.size() : wanted);
  if (pool == nullptr || (!watched && most == 1)) return one_after_the_other(tasks);
  const auto step = std::make_shared<Step>(tasks);
  const std::size_t threads = watched ? most : most - 1;  // The caller is one of them when it need not watch.
  bool accepted = false;
  for (std::size_t i = 0; i < std::min(threads, pool->threads()); ++i) {
    accepted |= static_cast<bool>(pool->try_submit([step] { step->work(); }, exec::Lane::kInteractive));
  }
  return step->wait(*pool, !watched || !accepted);
}

}  // namespace docmind::graph::impl
