// The embedded cache: entries in one SQLite file that may be deleted at any time, the ones in use in memory as well.
//
// Thread safety: every method from any thread. Changes that come together share one commit: whoever comes first writes
// for all who wait. Invariants: a put, erase or purge that was answered survives a kill of the process, a purge also a
// power cut (the file is synchronous=NORMAL); what get() gives was put under that key, passed its checksums if it was
// read from the file, and has not expired, whatever the clock was set to. Damage is a miss and is counted: a row whose
// bytes have changed is erased, a file that cannot be used is put aside (impl/disk.h). Damage to the newest commits,
// which are still in the log, can bring back the value before the last one, never one that was purged. A full disk:
// what is put is kept in memory alone. What goes for want of room: impl/index.h. What was replaced, was evicted or has
// ended stays in the file for a while, unseen (impl/disk.h); an erase or a purge takes that with it.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cache/entries/entries.h"
#include "cache/entries/limits.h"
#include "obs/log.h"
#include "sys/files.h"

namespace docmind::cache {

struct EntryFileOptions {
  std::filesystem::path path{};
  std::uint64_t max_entries = 100'000;
  std::uint64_t max_bytes = 512U << 20U;       // Of all rows together.
  std::uint64_t hot_bytes = 64U << 20U;        // Of values in memory.
  std::uint64_t max_value_bytes = 16U << 20U;  // Of one.
  std::uint64_t compress_from = 1024;          // Bytes of a value; below it is kept as it is.
  std::string vfs{};                           // SQLite's file system by name; empty: the default. For fault tests.
};

struct EntryFileDeps {
  const Clock& clock;
  sys::Files& files;
  const obs::Log& log;
};

// One of several changes that are made together.
struct Change {
  enum class Kind : std::uint8_t { kPut, kErase, kPurge };
  Kind kind = Kind::kPut;
  std::string key{};  // Of a purge: the tag.
  Put put{};
};

class EntryFile final : public Entries {
 public:
  // kConflict: another process uses the file. kInvalidArgument: its folder is not there. A file that cannot be used is
  // no error: see above.
  static Result<std::unique_ptr<EntryFile>> open(EntryFileOptions options, EntryFileDeps deps);
  ~EntryFile() override;

  Result<std::optional<std::string>> get(std::string_view key, Deadline deadline, std::stop_token stop) override;
  Result<> put(std::string_view key, Put put, Deadline deadline, std::stop_token stop) override;
  Result<bool> erase(std::string_view key, Deadline deadline, std::stop_token stop) override;
  Result<std::uint64_t> purge(std::string_view tag, Deadline deadline, std::stop_token stop) override;
  Result<EntriesStats> stats() override;
  Result<std::uint64_t> moment() override;

  // In order and in one commit. The answers: how many entries each erase and purge took away, 0 for a put.
  using Answers = std::vector<Result<std::uint64_t>>;
  Result<Answers> change(std::vector<Change> changes, Deadline deadline, std::stop_token stop);

  // What memory alone can say: the value, that there is none, or that only get() knows. Never waits for the disk.
  struct Glance {
    enum class Kind : std::uint8_t { kHit, kMiss, kAskDisk };
    Kind kind = Kind::kMiss;
    std::shared_ptr<const std::string> value{};  // Of a hit.
  };
  Glance glance(std::string_view key);

 private:
  struct State;
  explicit EntryFile(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace docmind::cache
