// Which answers are kept, by key, in lists that are kept beside them: a store of entries cannot say what it holds.
//
// 256 lists, by a key's first two digits, so that keeping an answer writes one short list again. A key in a list may
// have lost its answer: those are looked for when a list has doubled since the last time, so that keeping an answer
// reads a few others at most, on average, however many there are. A list that is lost, or written by two processes at
// once, costs the semantic layer some answers after a restart, never the exact one. Lists hold no word of a question.
// Thread safety: any.
#pragma once
#include <cstddef>
#include <functional>
#include <map>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "base/thread_annotations.h"
#include "cache/entries/entries.h"

namespace docmind::cache {

class KeyLists {
 public:
  // `library`: whose answers; other libraries may keep theirs in the same store.
  KeyLists(Entries& entries, std::string library) : entries_(entries), library_(std::move(library)) {}

  // `key` is as key_of() makes them. Errors: the store's.
  Result<> add(std::string_view key, Deadline deadline, std::stop_token stop);

  // What is kept under the keys of all lists, as far as it can be read; some at a time are in memory.
  using Take = std::function<void(const std::string& key, const std::string& value)>;
  void read_all(const Take& take, Deadline deadline, const std::stop_token& stop);

 private:
  static constexpr std::size_t kLong = 256;  // Keys of one list: up to that it is not tidied.
  using Each = std::function<void(const std::string& key, const std::optional<std::string>& value)>;
  void read_each(std::span<const std::string> keys, const Each& each, const Deadline& deadline,
                 const std::stop_token& stop);
  std::string name_of_list(std::string_view key) const;

  Entries& entries_;
  const std::string library_;
  Mutex mutex_;                                                       // Held while a list is written.
  std::map<std::string, std::size_t> tidy_at_ DM_GUARDED_BY(mutex_);  // Lists to how many keys they may have.
};

}  // namespace docmind::cache
