// Values of any bytes under keys of any bytes, for a time and with tags: what a cache keeps, wherever it keeps it.
//
// Thread safety: every method from any thread. A cache may forget anything at any time; what it gives back is always a
// value that was put under that very key and that no purge has hit. Bounds: max_key_bytes and the like are the
// implementation's; beyond them put answers kInvalidArgument. Costs are seconds; times to live any Duration.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"

namespace docmind::cache {

inline constexpr Duration kForever = Duration::max();  // As a time to live.

struct Put {
  std::string value{};
  Duration ttl{};                   // 0 or less: not stored, and what was there goes.
  double cost = 0;                  // Seconds it took to make; what cost more stays longer.
  std::vector<std::string> tags{};  // What purge goes by: "user:...", "session:...", "document:HASH".
  // What moment() said before the value was made: a purge of one of the tags since then wins. Absent: since this call.
  std::optional<std::uint64_t> since{};
};

struct EntriesStats {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;         // As kept: compressed, with what keeping them takes.
  std::uint64_t value_bytes = 0;   // Of the values alone, before compression.
  std::uint64_t stored_bytes = 0;  // Of the values alone, after it.
  std::uint64_t hot_entries = 0;   // Of them in memory, ready to be given.
  std::uint64_t hot_bytes = 0;
  std::uint64_t hits_hot = 0;
  std::uint64_t hits_disk = 0;
  std::uint64_t misses = 0;
  std::uint64_t expired = 0;  // Of the misses: was there, and too old.
  std::uint64_t puts = 0;
  std::uint64_t outrun = 0;  // Of the puts: dropped, for a purge came first.
  std::uint64_t evicted = 0;
  std::uint64_t erased = 0;
  std::uint64_t purged = 0;
  std::uint64_t quarantined = 0;  // Rows whose bytes had changed on the disk: erased, never given.
  std::uint64_t renewed = 0;      // Files that could not be used: put aside, and a new one begun.
  std::uint64_t unstored = 0;     // Puts kept in memory alone, because the disk took nothing.
  std::uint64_t commits = 0;
  double eviction_p99_seconds = 0;  // Making room for what came, among the last 1,024 times.
  std::string trouble{};            // Why nothing is stored just now, or not where it should be; empty: all is well.
  std::string place{};              // Where values are kept, for people; empty: in a file of this machine.
};

class Entries {
 public:
  virtual ~Entries() = default;

  virtual Result<std::optional<std::string>> get(std::string_view key, Deadline deadline, std::stop_token stop) = 0;

  // get() of each, in their order; of another machine's store in far fewer round trips. All values are in memory at
  // once.
  using Values = std::vector<std::optional<std::string>>;
  virtual Result<Values> get_many(std::span<const std::string> keys, Deadline deadline, std::stop_token stop) {
    Values out;
    for (const std::string& key : keys) out.push_back(DM_TRY(get(key, deadline, stop)));
    return out;
  }

  // Replaces what was there. Answers once it is stored; kept in memory alone counts as success (see unstored).
  virtual Result<> put(std::string_view key, Put put, Deadline deadline, std::stop_token stop) = 0;

  // Whether something was there.
  virtual Result<bool> erase(std::string_view key, Deadline deadline, std::stop_token stop) = 0;

  // Erases every entry with that tag ("": every entry) and answers how many, once that survives a crash and a power
  // cut. A put that had begun before it is dropped.
  virtual Result<std::uint64_t> purge(std::string_view tag, Deadline deadline, std::stop_token stop) = 0;

  virtual Result<EntriesStats> stats() = 0;

  // For Put::since. What a restart forgets is dropped rather than stored.
  virtual Result<std::uint64_t> moment() { return std::uint64_t{0}; }
};

}  // namespace docmind::cache
