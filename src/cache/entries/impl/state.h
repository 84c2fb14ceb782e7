// What is behind an EntryFile: the file, what is known of it in memory, and the changes that wait.
//
// Thread safety: as each member says. Order of locks: queue_mutex is never held with another; `gate` before `mutex`.
#pragma once
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/thread_annotations.h"
#include "cache/entries/entry_file.h"
#include "cache/entries/impl/disk.h"
#include "cache/entries/impl/index.h"
#include "cache/entries/impl/kept_time.h"
#include "cache/entries/impl/plan.h"
#include "sys/lock_file.h"

namespace docmind::cache {

inline constexpr auto kTryAgain = std::chrono::seconds(10);
inline constexpr std::uint32_t kMomentBits = 20;  // Purges of one life that no later life's moments reach.

// The file contradicts itself: its pages, its tables, its rows.
inline bool is_damage(const Error& error) {
  return error.code == Code::kDataLoss || error.code == Code::kInternal || error.code == Code::kConflict;
}

struct EntryFile::State {
  State(EntryFileOptions given, EntryFileDeps deps, sys::LockFile held)
      : options(std::move(given)),
        clock(deps.clock),
        lock_file(std::move(held)),
        time(deps.clock),
        disk({options.path, options.vfs}, deps.files, deps.log),
        next_try(deps.clock.now() + kTryAgain),
        index(options.hot_bytes),
        purges(static_cast<std::uint64_t>(std::max<std::int64_t>(1, time.now())) << kMomentBits) {}

  struct Job {
    std::vector<ReadyChange> changes{};
    Answers answers{};
    bool taken = false;
    bool done = false;
  };
  using Batch = std::vector<std::shared_ptr<Job>>;

  // Where a key is: its value, nothing, or the row.
  struct Seen {
    Glance::Kind kind = Glance::Kind::kMiss;
    Hot value{};
    std::int64_t id = 0;
  };

  void load() DM_EXCLUDES(mutex);
  void read_rows() DM_EXCLUDES(mutex);
  Seen look(std::string_view key, const KeyHash& hash) DM_EXCLUDES(mutex);
  Result<std::optional<std::string>> read(std::string_view key, const KeyHash& hash, Deadline deadline,
                                          const std::stop_token& stop);
  bool quarantine(const KeyHash& hash, std::int64_t id) DM_EXCLUDES(mutex);
  bool renew(std::uint64_t seen, Disk::Old old) DM_EXCLUDES(mutex);
  void try_again() DM_EXCLUDES(mutex);
  Result<ReadyChange> ready(Change change, std::uint64_t now);
  Result<> wait_for(const std::shared_ptr<Job>& job, const Deadline& deadline, const std::stop_token& stop);
  Batch take_batch() DM_REQUIRES(queue_mutex);
  void run(const Batch& batch) DM_EXCLUDES(mutex);
  Plan plan(const Batch& batch) DM_EXCLUDES(mutex);
  Disk::Removal removal_of(const Plan& plan, const Garbage& removed) DM_REQUIRES(mutex);
  Result<> commit(Plan& plan, std::uint64_t* generation) DM_EXCLUDES(mutex);
  Result<> store(Plan& plan) DM_EXCLUDES(mutex);
  void answer_failed(const Batch& batch, const Plan& plan, const Error& error) DM_EXCLUDES(mutex);

  const EntryFileOptions options;
  const Clock& clock;
  const sys::LockFile lock_file;
  KeptTime time;

  // Shared while the file is used, alone while it is replaced. Taken before `mutex`.
  std::shared_mutex gate;
  Disk disk;
  std::atomic<std::uint64_t> generation = 0;  // How often the file has been replaced.
  TimePoint next_try{};                       // Of whoever writes.
  bool closing = false;                       // The last change.

  Mutex mutex;
  Index index DM_GUARDED_BY(mutex);
  Purges purges DM_GUARDED_BY(mutex);
  std::int64_t next_id DM_GUARDED_BY(mutex) = 1;
  Garbage garbage DM_GUARDED_BY(mutex);  // To be noted as gone with the next commit.
  Garbage noted DM_GUARDED_BY(mutex);    // Noted, and still in the file.
  Counted counted DM_GUARDED_BY(mutex);
  EntriesStats stats DM_GUARDED_BY(mutex);  // What is counted here.
  std::vector<double> evictions DM_GUARDED_BY(mutex);
  std::size_t next_eviction DM_GUARDED_BY(mutex) = 0;

  Mutex queue_mutex;
  std::condition_variable_any changed;
  std::deque<std::shared_ptr<Job>> queue DM_GUARDED_BY(queue_mutex);
  std::size_t waiting DM_GUARDED_BY(queue_mutex) = 0;  // Changes in it.
  bool leading DM_GUARDED_BY(queue_mutex) = false;     // Somebody writes.
};

}  // namespace docmind::cache
