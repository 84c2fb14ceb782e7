// Which answers are kept, by key, in lists that are kept beside them: a store of entries cannot say what it holds.
//
// 256 lists, by a key's first two digits, so that keeping an answer writes one short list again. A key in a list may
// have lost its answer; a list that is lost, or written by two processes at once, costs the semantic layer some answers
// after a restart, never the exact one. Lists hold no word of a question. Thread safety: any.
#pragma once
#include <cstddef>
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
  // Those of all lists that can be read.
  std::vector<std::string> all(Deadline deadline, const std::stop_token& stop);

 private:
  static constexpr std::size_t kLong = 256;  // Keys of one list: past it those without an answer are left out.
  std::vector<std::string> read(std::string_view list, Deadline deadline, const std::stop_token& stop);

  std::string name_of_list(std::string_view key) const;

  Entries& entries_;
  const std::string library_;
  Mutex mutex_;  // Held while a list is written.
};

}  // namespace docmind::cache
