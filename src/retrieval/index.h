// Hybrid search over a library: BM25 and exact vector search, fused by their ranks.
//
// Both stages go to depth max(100, 5 k), with the filter applied before anything is scored; what they return is fused
// by reciprocal ranks (fuse.h). When the embedder does not answer, search goes on by keyword alone and says so. Vectors
// are held in memory or in a store outside (library_vectors.h), loaded at open and kept up after every commit; a
// document is found by keyword and by vector as soon as its commit has returned. Thread safety: any method from any
// thread.
#pragma once
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/deadline.h"
#include "base/result.h"
#include "library/lexical_index.h"
#include "library/library.h"
#include "llm/embedder.h"
#include "retrieval/candidates.h"
#include "retrieval/library_vectors.h"
#include "retrieval/search.h"

namespace docmind::retrieval {

struct IndexOptions {
  Stage bm25 = Stage::kOn;
  Stage dense = Stage::kOn;
  std::uint32_t least_depth = 100;  // Of each stage; at least depth_factor * k.
  std::uint32_t depth_factor = 5;
  double rank_constant = 60;  // k of reciprocal rank fusion.
};

class Index {
 public:
  // Loads the vectors. The arguments must outlive it. Errors: those of the library.
  static Result<std::unique_ptr<Index>> open(const IndexOptions& options, library::Library& library,
                                             library::LexicalIndex& lexical, llm::Embedder& embedder,
                                             const Clock& clock, const OutsideVectors& outside = {});

  // Until the outside store answers searches: LibraryVectors::wait_outside.
  Result<> wait_outside(Deadline deadline, std::stop_token stop);
  ~Index();

  // Errors: kInvalidArgument (no text, text past 32 KiB, k not 1 to 1000), kDeadlineExceeded, kCancelled, the
  // library's.
  Result<SearchResult> search(const Query& query, Deadline deadline, std::stop_token stop);

  // The units that may answer query.text; query.k is the number of nearest chunks that come along. Errors as search.
  Result<CandidateSet> candidates(const Query& query, const CandidateOptions& options, Deadline deadline,
                                  std::stop_token stop);

  LibraryVectorsStats stats() const;

  // Searches by these from now on; one that runs may go by either.
  void use(const IndexOptions& options);

 private:
  struct State;
  explicit Index(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace docmind::retrieval
