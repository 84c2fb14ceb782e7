// The questions that have kept answers, in memory: what finds them by their plain words and by vector, and against
// which generation of the library each was last held. At most so many; the oldest make room.
//
// Thread safety: any.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/thread_annotations.h"
#include "cache/answer_cache.h"
#include "cache/impl/near_questions.h"
#include "cache/record.h"

namespace docmind::cache {

class Questions {
 public:
  struct Near {
    std::string key;
    std::string question;
    float cosine = 0;
  };

  using Plain = std::function<std::string(std::string_view question)>;

  // `plain` may be empty: none is found by plain words.
  Questions(std::size_t most, Plain plain) : most_(most), plain_(std::move(plain)) {}

  // In place of another with its key. `checked`: generation of the library that bears it; nothing: not known in this
  // process.
  void add(const Record& record, std::optional<std::uint64_t> checked);
  void remove(const std::string& key);
  void remove_tagged(PurgeBy by, std::string_view name);
  std::size_t count_tagged(PurgeBy by, std::string_view name) const;

  // At most k of the scope, the newest first; none for an empty text. Their cosine is not known: 0.
  std::vector<Near> with_plain(const ContentHash& scope, std::string_view plain, std::size_t k) const;
  std::vector<Near> nearest(const ContentHash& scope, std::span<const float> vector, std::string_view space,
                            std::size_t k);
  std::optional<std::uint64_t> checked(const Record& record) const;
  // Keys of those with documents that are gone or have another version.
  Result<std::vector<std::string>> outdated(library::Snapshot& at) const;
  std::size_t size() const;

 private:
  struct Held {
    std::string key;
    std::string question;
    ContentHash scope;
    std::string plain_key;  // Empty: it has no plain words.
    std::string user;
    std::string session;
    std::int64_t made_ms = 0;
    std::map<std::string, std::string> cited;  // Ids of documents to their versions.
    std::vector<std::string> read;
    std::optional<std::uint64_t> checked;
  };
  void remove_held(std::int64_t id) DM_REQUIRES(mutex_);
  std::vector<std::int64_t> tagged(PurgeBy by, std::string_view name) const DM_REQUIRES(mutex_);

  const std::size_t most_;
  const Plain plain_;
  mutable Mutex mutex_;
  std::map<std::int64_t, Held> held_ DM_GUARDED_BY(mutex_);  // By age.
  std::unordered_map<std::string, std::int64_t> by_key_ DM_GUARDED_BY(mutex_);
  std::unordered_map<std::string, std::vector<std::int64_t>> by_plain_ DM_GUARDED_BY(mutex_);  // By plain_key, by age.
  NearQuestions near_ DM_GUARDED_BY(mutex_);
  std::int64_t next_ DM_GUARDED_BY(mutex_) = 1;
};

}  // namespace docmind::cache
