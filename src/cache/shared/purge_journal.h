// The purges that a shared store does not know of yet, and the newest that it does: a small file of this machine.
//
// A purge that is noted survives a power cut before note() answers. Past kMost purges they are one of everything. A
// file that cannot be read is taken to hold a purge of everything: nothing that was purged may be forgotten. Format
// (JSON): {"pending": [tag in base64, ...], "last": {"tag": ..., "moment": "123"}}. Thread safety: every method from
// any thread.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/thread_annotations.h"
#include "cache/redis/redis_entries.h"
#include "sys/files.h"

namespace docmind::cache {

class PurgeJournal {
 public:
  static constexpr std::size_t kMost = 1024;
  struct Noted {
    std::uint64_t id = 0;
    std::string tag{};
  };

  // Never fails for what is in the file; its folder is there.
  PurgeJournal(std::filesystem::path path, sys::Files& files);

  Result<> note(std::string_view tag);
  Result<> done(std::uint64_t id);  // The shared store has it.
  Result<> keep(PurgeReceipt last);

  std::vector<Noted> pending() const;
  bool empty() const;
  std::optional<PurgeReceipt> last() const;

 private:
  void read();
  Result<> write() DM_REQUIRES(mutex_);

  const std::filesystem::path path_;
  sys::Files& files_;
  mutable Mutex mutex_;
  std::vector<Noted> pending_ DM_GUARDED_BY(mutex_);
  std::optional<PurgeReceipt> last_ DM_GUARDED_BY(mutex_);
  std::uint64_t next_ DM_GUARDED_BY(mutex_) = 1;
};

}  // namespace docmind::cache
