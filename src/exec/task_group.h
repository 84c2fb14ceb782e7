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

  // Never waits and never refuses; a task that nobody started before a stop is left out.
  void run(Task task);
  // All of them have ended. The first error; kCancelled when the caller's token was stopped. Then empty again.
  Result<> join();
  void request_stop();

 private:
  class State;
  std::shared_ptr<State> state_;  // Shared with the pool's queue, which may outlast the group.
};

}  // namespace docmind::exec
