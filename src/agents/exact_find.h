// Every place where a phrase stands, in all documents: without regard to case, with any white space for a blank, and
// with word borders at both ends ("log" is not found in "catalogue"; scripts without spaces have no borders).
//
// The keyword index says which documents can hold it, their text is then read through: complete, unless a limit or
// the deadline ended it. Thread safety: like the Snapshot.
#pragma once
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "doc/document.h"
#include "library/library.h"
#include "retrieval/search.h"

namespace docmind::agents {

struct Occurrence {
  std::int64_t document = 0;  // Key.
  doc::Span span;
};

struct FoundPhrase {
  std::vector<Occurrence> places;     // By document key, then place; at most the limit.
  std::uint64_t total = 0;            // All of them in what was read.
  std::vector<std::int64_t> holding;  // Documents with at least one.
  std::uint64_t documents_read = 0;   // Read through, or known from the index not to hold it.
  std::uint64_t documents_total = 0;  // That match the filter.
};

struct FindLimits {
  std::size_t phrase_bytes = 1024;
  std::size_t places = 1000;
  std::uint64_t text_bytes = 256ULL << 20U;
};

// kInvalidArgument when the phrase holds no word or is too long; kCancelled; the library's. A passed deadline or limit
// is no error: documents_read is then less than documents_total.
Result<FoundPhrase> exact_find(std::string_view phrase, const retrieval::Filter& filter, library::Snapshot& at,
                               const FindLimits& limits, Deadline deadline, std::stop_token stop);

// Where the phrase stands in one text.
std::vector<doc::Span> occurrences(std::string_view text, std::string_view phrase);

}  // namespace docmind::agents
