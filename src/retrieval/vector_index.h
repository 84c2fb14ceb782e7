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
#include <memory>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/result.h"

namespace docmind::retrieval {

struct Neighbour {
  std::int64_t id = 0;
  float cosine = 0;
};

using DocumentSet = std::unordered_set<std::string>;

class VectorIndex {
 public:
  explicit VectorIndex(std::uint32_t dimensions) : dimensions_(dimensions) {}

  // The rows of one document, in place of those it had. `ids` ascend and are nobody else's; `halves` holds
  // ids.size() * dimensions IEEE half floats. kInvalidArgument when the sizes do not fit or an id does not ascend.
  Result<> put(const std::string& document, std::vector<std::int64_t> ids, std::vector<std::uint16_t> halves);
  void remove(const std::string& document);

  // The k rows nearest to the query, by cosine downwards, ties by id upwards. `allowed` null: every document.
  // An empty result when the query's size is not the index's.
  std::vector<Neighbour> nearest(std::span<const float> query, std::size_t k, const DocumentSet* allowed) const;

  // The cosines of these rows of one document, 0 for a row that is not there.
  std::vector<float> cosines(std::span<const float> query, const std::string& document,
                             std::span<const std::int64_t> ids) const;

  std::uint32_t dimensions() const { return dimensions_; }
  std::size_t size() const;
  std::size_t bytes() const;  // What the rows take.

 private:
  struct Rows {
    std::vector<std::int64_t> ids;
    std::vector<std::uint16_t> halves;
  };

  const std::uint32_t dimensions_;
  mutable std::shared_mutex mutex_;
  std::unordered_map<std::string, Rows> documents_;  // Guarded by mutex_.
};

}  // namespace docmind::retrieval
