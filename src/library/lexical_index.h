// Keyword search with BM25 over chunks and over units; an interface, so that an index of our own can take FTS5's place.
//
// Score: BM25 with k1 = 1.2, b = 0.75, sum over the query's terms of
//   ln(1 + (N - n + 0.5) / (n + 0.5)) * tf * (k1 + 1) / (tf + k1 * (1 - b + b * length / average length));
// N, n, lengths count all rows of the searched kind, whatever the filter; length counts terms that are not colocated.
// Terms are compared as they are: cut and stem the question with the library's own TermCutter first.
// Thread safety: search from any thread, each with its own Snapshot.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "library/library.h"

namespace docmind::library {

enum class Rows : std::uint8_t { kChunks, kUnits };  // Chunks: text and heading path. Units: text.

struct LexicalQuery {
  Rows rows = Rows::kChunks;
  std::vector<std::string> terms;  // Any one must occur; twice the same counts once. At most 256 are used.
  std::optional<std::vector<std::int64_t>> documents;  // Keys; absent: all. Applied before anything is scored.
  std::uint32_t k = 100;
};

struct LexicalHit {
  std::int64_t id = 0;  // Chunk or unit.
  double score = 0;     // Higher is better.
};

class LexicalIndex {
 public:
  virtual ~LexicalIndex() = default;

  // The k best, by score downwards, ties by id upwards.
  virtual Result<std::vector<LexicalHit>> search(Snapshot& at, const LexicalQuery& query) = 0;

  // How many rows hold the term; one answer per term, in order.
  virtual Result<std::vector<std::uint64_t>> document_frequencies(Snapshot& at, Rows rows,
                                                                  const std::vector<std::string>& terms) = 0;

  // How many rows there are.
  virtual Result<std::uint64_t> total(Snapshot& at, Rows rows) = 0;
};

// Keys of all documents that hold the term in their text or headings, upwards.
Result<std::vector<std::int64_t>> documents_holding(Snapshot& at, const std::string& term);

// FTS5 inside library.db, kept by Library itself.
std::unique_ptr<LexicalIndex> fts5_index();

}  // namespace docmind::library
