// Entries in a Redis or a Valkey, shared by several machines.
//
// How they lie there, below one prefix P:
// - P:e:KEY, a hash with the entry's time to live: v the value packed and sealed (row.h: checksum, Zstandard), t its
//   tags.
// - P:t:TAG, a sorted set: keys of the entries with that tag, by when they end; P:a: of all entries.
// - P:s, a hash: moment, horizon; P:l, a sorted set: tags purged last, by the moment of it.
// - P:x: what is being erased.
//
// An entry counts only while P:a and the set of each of its tags name it. So a purge takes effect at once and as a
// whole by renaming one set, and erases the values afterwards in small batches, before it answers; and where the server
// has thrown a set away for want of memory, its entries are gone, not unpurgeable. Every put takes what has ended out
// of the sets that it touches, and a set ends with its last entry. Each step is one Lua script (EVAL), so it is whole.
//
// What the server may lose: a Redis that restarts from an older state forgets its newest purges. So the last purge of
// this process (and by Options::last_purge of the one before) is looked for on each new connection; if the server does
// not know of it, everything below the prefix is purged before anything is read.
//
// Thread safety: every method from any thread. Bounds: as EntryFile's; answers of the server are bounded likewise, and
// hostile: what is not what was put is a miss and is counted (quarantined). Each round trip has `timeout` beside the
// caller's deadline; that being over is kUnavailable. A stop ends a call within 50 ms; only looking up a host's name
// goes on behind it (net/resolver.h), and holds up the destructor. Not for a Redis Cluster: scripts take keys from
// several slots.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "cache/entries/entries.h"
#include "cache/redis/redis_url.h"

namespace docmind::cache {

// The newest purge that a process has made: the server has to know of it.
struct PurgeReceipt {
  std::string tag{};
  std::uint64_t moment = 0;
  bool operator==(const PurgeReceipt&) const = default;
};

struct RedisEntriesOptions {
  RedisUrl url{};
  std::string prefix = "docmind";
  Duration timeout = std::chrono::milliseconds(250);  // Of a round trip, connecting included.
  std::size_t connections = 4;
  std::uint64_t max_entries = 100'000;         // Below the prefix: those that end first go.
  std::uint64_t max_value_bytes = 16U << 20U;  // Of one.
  std::uint64_t compress_from = 1024;          // Bytes of a value; below it is kept as it is.
  std::uint64_t erase_together = 256;          // Entries of a purge in one step.
  std::optional<PurgeReceipt> last_purge{};
  // Called with each purge before it is answered: an Error fails it.
  std::function<Result<>(const PurgeReceipt&)> purged{};
};

// How much of what a Redis has answered survives a power cut of its machine.
enum class RedisDurability : std::uint8_t {
  kUnknown,      // It does not say.
  kSnapshots,    // No append-only file: all since the last snapshot goes.
  kEverySecond,  // appendfsync everysec (or no): the last second or more goes.
  kWaitedFor,    // The same, but a purge waits until it is on the disk (WAITAOF, from 7.2).
  kAlways,       // appendfsync always.
};

struct RedisReport {
  std::string server{};       // "Redis 7.0.15"
  std::uint32_t version = 0;  // 70015
  RedisDurability durability = RedisDurability::kUnknown;
  std::uint64_t max_memory = 0;  // 0: no limit.
  std::uint64_t used_memory = 0;
  std::string policy{};  // maxmemory-policy.
  bool append_only = false;
  // What an operator should know, a sentence each; none: all is well.
  std::vector<std::string> remarks() const;
};

class RedisEntries final : public Entries {
 public:
  // Connects at the first call. kInvalidArgument for options that are none.
  static Result<std::unique_ptr<RedisEntries>> open(RedisEntriesOptions options, const Clock& clock);
  ~RedisEntries() override;

  Result<std::optional<std::string>> get(std::string_view key, Deadline deadline, std::stop_token stop) override;
  Result<Values> get_many(std::span<const std::string> keys, Deadline deadline, std::stop_token stop) override;
  Result<> put(std::string_view key, Put put, Deadline deadline, std::stop_token stop) override;
  Result<bool> erase(std::string_view key, Deadline deadline, std::stop_token stop) override;
  // Erases a batch at a time, so it may need longer than one round trip: by the caller's deadline. What it did not come
  // to is never given, and is erased by the next purge.
  Result<std::uint64_t> purge(std::string_view tag, Deadline deadline, std::stop_token stop) override;
  // bytes: estimated from 64 entries where there are more.
  Result<EntriesStats> stats() override;
  // As the server last said; 0 before it was asked anything.
  Result<std::uint64_t> moment() override;

  // Connects if need be, and tells what is there. Errors say what is wrong and what to do: kUnavailable (nobody there,
  // no Redis, a read-only replica, a cluster, still loading), kUnauthorized (user or password).
  Result<RedisReport> examine(Deadline deadline, std::stop_token stop);

 private:
  struct State;
  explicit RedisEntries(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace docmind::cache
