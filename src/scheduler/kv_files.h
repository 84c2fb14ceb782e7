// Computed beginnings of texts on disk: a sequence's cells, found again by their tokens, after a restart too.
//
// A file is valid only for the runner that wrote it (identity) and for exactly its tokens; both are in its header, with
// checksums (docs/formats/kv.md). Whatever does not fit or is damaged is removed, counted and answered with nothing
// found: the caller computes. Files beyond max_bytes go, least lately used first.
// Thread safety: every method from any thread.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "base/result.h"
#include "base/thread_annotations.h"
#include "scheduler/runner.h"
#include "sys/mapped_file.h"

namespace docmind::obs {
class Log;
}
namespace docmind::sys {
class Files;
}  // namespace docmind::sys

namespace docmind::scheduler {

struct KvFilesOptions {
  std::filesystem::path folder{};         // Made when absent.
  std::uint64_t max_bytes = 2ULL << 30U;  // Of all files.
};

struct KvFilesCounts {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t read = 0;     // Since the start: restored,
  std::uint64_t written = 0;  //
  std::uint64_t refused = 0;  // damaged or of another runner.
};

// The cells of a saved beginning, checked: a part of its file, mapped and not copied.
struct SavedCells {
  std::unique_ptr<sys::MappedFile> file{};
  std::string_view bytes{};  // Of the file.
};

class KvFiles {
 public:
  // Looks at what is in the folder. `identity` is RunnerFacts::identity.
  static Result<std::unique_ptr<KvFiles>> open(KvFilesOptions options, std::string_view identity, sys::Files& files,
                                               const obs::Log& log);

  // How many leading tokens of `tokens` the longest saved beginning has; 0: none.
  std::uint32_t longest(std::span<const TokenId> tokens) const;
  bool has(std::span<const TokenId> tokens) const;

  // The cells of exactly these tokens. kNotFound when there are none, or no good ones.
  Result<SavedCells> read(std::span<const TokenId> tokens);
  // Saves them, atomically. kResourceExhausted when they are more than max_bytes.
  Result<> write(std::span<const TokenId> tokens, std::string_view cells);

  KvFilesCounts counts() const;

 private:
  struct Entry {
    std::uint64_t bytes = 0;
    std::int64_t used = 0;  // Larger is later.
  };
  struct Key {
    std::uint32_t tokens = 0;
    ContentHash hash{};
    auto operator<=>(const Key&) const = default;
  };

  KvFiles(KvFilesOptions options, std::string_view identity, sys::Files& files, const obs::Log& log);
  Result<> scan();
  std::filesystem::path path_of(const Key& key) const;
  std::optional<Key> key_in(std::string_view name) const;
  Result<> make_room(std::uint64_t bytes) DM_REQUIRES(mutex_);
  Result<std::string_view> cells_in(std::string_view file, const Key& key) const;
  void refuse(const Key& key, const Error& why);

  KvFilesOptions options_;
  ContentHash identity_;
  sys::Files& files_;
  const obs::Log& log_;
  mutable Mutex mutex_;
  std::map<Key, Entry> entries_ DM_GUARDED_BY(mutex_);
  std::map<std::string, Entry> others_ DM_GUARDED_BY(mutex_);  // Files of other runners, by name.
  KvFilesCounts counts_ DM_GUARDED_BY(mutex_);
  std::int64_t clock_ DM_GUARDED_BY(mutex_) = 0;  // Ticks with each use; starts at the latest file's time.
};

}  // namespace docmind::scheduler
