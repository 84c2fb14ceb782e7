// Exact nearest neighbours by cosine over the vectors of a library, held in memory as IEEE half floats.
//
// Every allowed vector is scored (SIMD scan, the instruction set is chosen at run time), so the ranking is the exact
// one of the stored vectors: nothing is approximated, nothing has to be trained or rebuilt. Rows are grouped by
// document; a filter skips whole documents before anything is scored. Thread safety: any method from any thread;
// searches run beside each other, put() and remove() wait for them. Invariant: a document's rows appear and go
// together. Vectors are expected to be L2-normalised (an all-zero vector has cosine 0 with everything). Memory: 2 bytes
// a dimension and 8 a row (776 bytes for 384 dimensions).
#pragma once
#include <cstdint>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/result.h"
#include "vectors/scan.h"

namespace docmind::retrieval {

using vectors::Neighbour;

using DocumentSet = std::unordered_set<std::int64_t>;  // Document keys.

struct DocumentVectors {
  std::string space;  // Hash of the model that made them.
  std::uint32_t dimensions = 0;
  std::vector<std::int64_t> ids;      // Ascending, nobody else's.
  std::vector<std::uint16_t> halves;  // ids.size() * dimensions IEEE half floats.
};

struct VectorQuery {
  std::span<const float> vector;
  std::string_view space;
};

class VectorIndex {
 public:
  // The rows of one document, in place of those it had. kInvalidArgument when the sizes do not fit or an id does not
  // ascend.
  Result<> put(std::int64_t document, DocumentVectors rows);
  void remove(std::int64_t document);

  // The k rows nearest to the query, by cosine downwards, ties by id upwards. `allowed` null: every document.
  std::vector<Neighbour> nearest(const VectorQuery& query, std::size_t k, const DocumentSet* allowed) const;

  // The cosines of these rows of one document, 0 for a row that is not there.
  std::vector<float> cosines(const VectorQuery& query, std::int64_t document, std::span<const std::int64_t> ids) const;

  std::size_t size() const;
  std::size_t bytes() const;  // What the rows take.

 private:
  mutable std::shared_mutex mutex_;
  std::unordered_map<std::int64_t, DocumentVectors> documents_;  // Guarded by mutex_.
};

}  // namespace docmind::retrieval
