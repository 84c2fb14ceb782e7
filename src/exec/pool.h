// Threads that run what is submitted, interactive work before batch work: at most a fixed number, each started when a
// task comes that would wait otherwise.
//
// Thread safety: submit from any thread, a task of the pool too. The destructor refuses new tasks, runs those that were
// accepted, and joins: every accepted task runs exactly once. Tasks must not throw and should not wait for other
// tasks of the same pool; TaskGroup is the one that may. A task works for the request of who submitted it
// (base/request_id.h).
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>

#include "base/deadline.h"
#include "base/result.h"

namespace docmind::exec {

enum class Lane : std::uint8_t {
  kInteractive,  // Somebody waits for it.
  kBatch,        // Taken only when no interactive task waits.
};

struct PoolOptions {
  std::size_t threads = 1;         // At most; at least 1.
  std::size_t queue_bound = 1024;  // Tasks that wait, in each lane.
};

class Pool {
 public:
  using Task = std::function<void()>;
  // kResourceExhausted when the machine refuses the first thread. Where it refuses another later, tasks wait.
  static Result<std::unique_ptr<Pool>> open(PoolOptions options);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // Waits for room in the lane: kDeadlineExceeded, kCancelled (stop, or the pool is going).
  Result<> submit(Task task, Lane lane, Deadline deadline, std::stop_token stop);
  // Never waits: kResourceExhausted when the lane is full.
  Result<> try_submit(Task task, Lane lane = Lane::kBatch);

  std::size_t threads() const;
  std::size_t waiting() const;  // Tasks in both lanes.

 private:
  class Impl;
  explicit Pool(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace docmind::exec
