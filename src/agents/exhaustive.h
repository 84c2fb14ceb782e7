// The exhaustive route: "how many", "list all", "the total of", "how often": every table row, list item, heading or
// occurrence that the question is about is read, none is ranked, and the answer says how many were read of how many.
//
// Without a chat model, by rules (asked_set.h, collection_match.h). It answers only when the library holds a set that
// explains every word of the question; otherwise the other routes do. A claim's number rests on its citations: the
// rows counted, up to a bound; the claim says how many more there are. Bounded in documents, bytes, rows, claims.
#pragma once
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "agents/passage.h"
#include "agents/set_search.h"
#include "base/deadline.h"
#include "base/result.h"
#include "library/library.h"
#include "retrieval/search.h"

namespace docmind::agents {

struct ExhaustiveOptions {
  SetLimits reading;
  std::uint32_t claims = 5;      // One per set, or per unit of a sum.
  std::uint32_t citations = 50;  // Of one claim.
  std::uint32_t names = 50;      // Listed in one claim.
};

// A set that was read, for the trace: places alone, no text.
struct ReadSet {
  std::string kind;  // "table", "list", "headings", "phrase", "place"
  std::string document_id;
  doc::Span span;          // From its first row to its last.
  std::uint64_t rows = 0;  // Without those that sum up others.
  std::uint64_t used = 0;
};

// A figure in our words, and the rows it rests on.
struct SetClaim {
  std::string said;
  std::vector<Passage> passages;
};

struct Exhaustive {
  std::string operation;  // "count", "list", "sum", "average", "highest", "lowest", "find", "read"
  std::vector<SetClaim> claims;
  std::string unit;  // What read and total count: "row", "item", "heading", "document", "passage".
  std::uint64_t read = 0;
  std::uint64_t total = 0;
  std::string partial_reason;  // Empty: everything was read.
  std::vector<ReadSet> sets;
  std::vector<std::int64_t> documents;  // Keys of those quoted.
  std::string missing{};                // Of a place to read: one sentence when it is not there. Then no claims.
};

// Nothing when the question asks for no set, or the library holds none that fits. Errors: kCancelled, those of the
// library. A deadline that passes on the way is no error once something was read: the answer is partial.
Result<std::optional<Exhaustive>> read_exhaustively(std::string_view question, const retrieval::Filter& filter,
                                                    library::Snapshot& at, const ExhaustiveOptions& options,
                                                    Deadline deadline, std::stop_token stop);

}  // namespace docmind::agents
