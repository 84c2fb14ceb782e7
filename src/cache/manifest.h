// What an answer rests on, and whether the library still bears it. Values; check() reads one Snapshot.
//
// An answer stands while every place that it cites has the same bytes in the same version of its document, and every
// document whose words it may hold is there. A document that changed elsewhere than in the quote has another version,
// and its citations' offsets may be others: such an answer is made anew. A document that is not cited may change.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/hash.h"
#include "base/result.h"
#include "doc/document.h"
#include "library/library.h"

namespace docmind::cache {

struct CitedPlace {
  std::string document_id{};
  std::string path{};  // As the answer names it: after a renaming it is made anew.
  std::string version{};
  doc::Span span{};
  ContentHash quote{};  // Of the stored bytes of span.
  bool operator==(const CitedPlace&) const = default;
};

// What has to be seen before an answer is given from a library that has changed since.
enum class Renewal : std::uint8_t {
  kLookAgain,  // That looking again brings the same best passages.
  kNone,       // It cannot be seen (a set was counted, say): any change ends it.
};

struct Manifest {
  std::vector<CitedPlace> cited{};
  std::vector<std::string> read{};  // Ids of all documents whose words the answer or its making may hold.
  Renewal renewal = Renewal::kNone;
  ContentHash best{};            // Of the best passages, in order.
  std::uint64_t generation = 0;  // Of the library that it was made from.
  bool operator==(const Manifest&) const = default;
};

// Whether what it cites and read stands in this moment of the library. Errors: the library's.
Result<bool> stands(const Manifest& manifest, library::Snapshot& at);

}  // namespace docmind::cache
