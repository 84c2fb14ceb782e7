// Brings every set (collection.h) of the documents that hold some words: the keyword index says which documents those
// are, each of them is then read whole. Bounded; what was cut is told. Thread safety: like the Snapshot.
#pragma once
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "agents/collection.h"
#include "base/deadline.h"
#include "base/result.h"
#include "library/library.h"
#include "retrieval/search.h"

namespace docmind::agents {

struct SetLimits {
  std::uint32_t documents = 2000;
  std::uint64_t text_bytes = 256ULL << 20U;
};

struct FoundSets {
  std::vector<Collection> sets;  // By document, in reading order.
  std::uint64_t documents_read = 0;
  std::uint64_t documents_total = 0;  // That match the filter and hold a word.
  std::string cut;                    // Why not all were read, a clause; empty when they were.
};

// Those that `keep` wants, of the documents that hold any of the words. Errors: kCancelled, the library's.
Result<FoundSets> sets_about(std::string_view words, const std::function<bool(const Collection&)>& keep,
                             const retrieval::Filter& filter, library::Snapshot& at, const SetLimits& limits,
                             Deadline deadline, std::stop_token stop);

library::DocumentFilter to_library(const retrieval::Filter& filter);

}  // namespace docmind::agents
