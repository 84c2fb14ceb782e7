// Entries that several machines share, and this machine's own while the shared store does not answer.
//
//   shared   everything goes to the shared store; the local one is empty
//   away     a call of it failed: the local store alone, until a call to it succeeds again (a breaker decides when the
//            next is tried, so one call pays the timeout and not each)
//
// Invariants. What was purged here is never given here again: a purge that the shared store did not take is noted in
// the journal before it is answered, and nothing is read from the shared store before it has every noted purge, in
// later lives of the process neither. Purges of other machines count at once, for they are made in the shared store: so
// what was put locally is dropped when it is back, and never read in a later absence. A put that was begun on the other
// side of a change is dropped. What remains: while a machine is cut off, others may still give what it has purged, and
// it what they have; an erase() made meanwhile is not made up for.
//
// Thread safety: every method from any thread. Metrics: docmind_cache_purges_waiting; the breaker's, backend "cache".
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/failure.h"
#include "base/thread_annotations.h"
#include "cache/entries/entries.h"
#include "cache/shared/purge_journal.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "resilience/breaker.h"

namespace docmind::cache {

struct SharedEntriesDeps {  // All outlive it.
  Entries& shared;          // Whose calls end by themselves in a short time.
  Entries& local;
  PurgeJournal& journal;  // Of that shared store.
  const Clock& clock;
  obs::Metrics& metrics;
  const obs::Log& log;
};

class SharedEntries final : public Entries {
 public:
  // `place`: where the shared store is, for people.
  static Result<std::unique_ptr<SharedEntries>> open(std::string place, SharedEntriesDeps deps);

  Result<std::optional<std::string>> get(std::string_view key, Deadline deadline, std::stop_token stop) override;
  Result<Values> get_many(std::span<const std::string> keys, Deadline deadline, std::stop_token stop) override;
  Result<> put(std::string_view key, Put put, Deadline deadline, std::stop_token stop) override;
  Result<bool> erase(std::string_view key, Deadline deadline, std::stop_token stop) override;
  Result<std::uint64_t> purge(std::string_view tag, Deadline deadline, std::stop_token stop) override;
  Result<EntriesStats> stats() override;
  Result<std::uint64_t> moment() override;

  // How it stands as the last call found it; at once.
  struct Standing {
    std::string trouble{};          // Why the local store stands in; empty: it does not, or nobody has asked yet.
    std::optional<Failure> last{};  // What a call of the shared store failed with last.
  };
  Standing standing() const DM_EXCLUDES(mutex_);
  // Finds out, as any call does: for when nobody asks.
  void look(const Deadline& deadline, const std::stop_token& stop) DM_EXCLUDES(mutex_);

 private:
  // The local store as it may be used.
  struct Local {
    bool usable = false;
    std::uint64_t moment = 0;
    std::uint64_t era = 0;
  };
  // Which store a call goes to.
  struct Way {
    std::optional<resilience::Breaker::Permit> shared{};  // None: the local one.
    std::uint64_t era = 0;
    Local local{};
  };
  // A moment that was given out.
  struct Given {
    std::uint64_t token = 0;
    std::uint64_t era = 0;
    std::uint64_t moment = 0;
  };

  SharedEntries(std::string place, const SharedEntriesDeps& deps);
  template <typename T>
  Result<T> read(const std::function<Result<T>(Entries&)>& from, const Deadline& deadline, const std::stop_token& stop)
      DM_EXCLUDES(mutex_);
  Way choose(const Deadline& deadline, const std::stop_token& stop) DM_EXCLUDES(mutex_);
  bool is_shared() const DM_EXCLUDES(mutex_);
  Result<bool> come_back(const Deadline& deadline, const std::stop_token& stop) DM_EXCLUDES(mutex_);
  bool empty_local(const Deadline& deadline, const std::stop_token& stop) DM_EXCLUDES(mutex_);
  void go_away(const Error& why) DM_EXCLUDES(mutex_);
  bool failed(Way& way, const Error& error, const Deadline& deadline) DM_EXCLUDES(mutex_);
  Local local_now() DM_EXCLUDES(mutex_);
  void take_local(Way& way) DM_EXCLUDES(mutex_);
  std::string trouble() const DM_REQUIRES(mutex_);
  void show_waiting();

  const std::string place_;
  const SharedEntriesDeps deps_;
  obs::Gauge& waiting_;
  std::unique_ptr<resilience::Breaker> breaker_;
  std::mutex returning_;  // Held by the one that brings the shared store back. Before mutex_.
  mutable Mutex mutex_;
  bool away_ DM_GUARDED_BY(mutex_) = true;       // At first, until it is seen.
  bool stale_ DM_GUARDED_BY(mutex_) = false;     // The local store may hold what other machines have purged.
  std::uint64_t era_ DM_GUARDED_BY(mutex_) = 1;  // Grows with each change between shared and away.
  std::string why_ DM_GUARDED_BY(mutex_);        // It is away.
  std::optional<Failure> last_ DM_GUARDED_BY(mutex_);
  std::deque<Given> given_ DM_GUARDED_BY(mutex_);
  std::uint64_t tokens_ DM_GUARDED_BY(mutex_) = 0;
  std::uint64_t outrun_ DM_GUARDED_BY(mutex_) = 0;
};

}  // namespace docmind::cache
