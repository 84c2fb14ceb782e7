// The one thread that writes: takes what is queued, runs it as one transaction, commits, answers.
//
// Thread safety: submit, reader_left and failure from any thread.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "store/database.h"
#include "store/impl/connection.h"

namespace docmind::store {

class Writer {
 public:
  using Work = std::function<Result<>(Transaction&)>;

  Writer(const DatabaseOptions& options, std::unique_ptr<Connection> connection);
  ~Writer();  // Finishes what is queued and empties the log.

  // Blocks until the commit that holds `work` is done, or until its time is over while it still waits.
  Result<> submit(Work work, Deadline deadline, std::stop_token stop, Commit commit);

  // A snapshot has ended: a log that could not be emptied may be now.
  void reader_left();

  // Whether the caller is the writer's own thread: inside of a work, or of what it calls after its commit.
  bool is_this_thread() const { return std::this_thread::get_id() == thread_.get_id(); }

  // Why no write works any more; empty while all is well.
  std::optional<Error> failure() const;
  std::uint64_t commits() const;

 private:
  enum class Stage : std::uint8_t { kWaiting, kRunning, kAnswered };
  struct Job {
    Work work;
    Deadline deadline;
    std::stop_token stop;
    Commit commit = Commit::kShared;
    Stage stage = Stage::kWaiting;
    Result<> answer{};
  };
  using Group = std::vector<std::shared_ptr<Job>>;

  void run();
  std::optional<Group> next_group();
  void commit_group(Group& group);
  void after_commit(const std::vector<std::function<void()>>& committed);
  Result<> run_jobs(Group& group, std::vector<std::function<void()>>& committed);
  Result<> run_job(Job& job, std::vector<std::function<void()>>& committed);
  void answer(const Group& group, const Result<>& outcome);
  void tidy_log();
  void note_disk_failure();

  const DatabaseOptions& options_;
  std::unique_ptr<Connection> connection_;  // The thread's own.
  bool scrub_wanted_ = false;               // The thread's own.
  std::uint64_t tidied_at_ = 0;             // The thread's own: log bytes at the last try to shrink it.

  mutable std::mutex mutex_;
  std::condition_variable_any work_;      // Something for the thread to do.
  std::condition_variable_any answered_;  // Something for a caller to read.
  std::deque<std::shared_ptr<Job>> queue_;
  std::optional<Error> failure_;
  std::uint64_t commits_ = 0;
  bool scrub_waits_ = false;  // A scrub found a reader in its way.
  bool reader_left_ = false;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace docmind::store
