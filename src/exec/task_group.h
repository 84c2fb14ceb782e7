// Tasks that start together and end together: join() waits for all of them, the first error wins and stops the others.
//
// Thread safety: run() and join() from the thread that owns the group, which may itself be a task of the pool: while it
// joins it runs what no thread has taken yet, so groups inside groups cannot starve each other.
// Invariant: when the group is destroyed none of its tasks runs. Destroying without join() requests a stop first.
#pragma once
#include <functional>
#include <memory>
#include <stop_token>

#include "base/result.h"
#include "exec/pool.h"

namespace docmind::exec {

class TaskGroup {
 public:
  // Gets a token that is stopped when the caller's is, or when another task of the group has failed.
  using Task = std::function<Result<>(std::stop_token stop)>;

  explicit TaskGroup(Pool& pool, std::stop_token stop = {}, Lane lane = Lane::kBatch);
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  // Never refuses; with 256 tasks waiting it runs some of them itself first. A task that nobody started before a stop
  // or a failure is left out.
  void run(Task task);
  // Returns when all of them have ended: the first error, or kCancelled when some were left out because of a stop.
  Result<> join();
  void request_stop();

 private:
  class State;
  Pool& pool_;
  const Lane lane_;
  std::shared_ptr<State> state_;  // Shared with the pool's queue, which may outlast the group.
};

}  // namespace docmind::exec
