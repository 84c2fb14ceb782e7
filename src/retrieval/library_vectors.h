// The vectors of a library's chunks and units, in step with it: in the memory of this process, or in a store outside
// of it (vectors/store.h), with the memory as what takes over when the store is away.
//
// With a store: until it holds exactly what the library holds, and whenever it fails, searches are answered from
// memory, with the same results; a thread brings the store in step and gives the memory back then. In step, a commit
// is written through before it returns. What a search finds in the store is believed only if it carries the stamp of
// a document's rows as this library has them: another writer can hide results, never bring wrong ones. The store may
// lose everything at any time.
//
// Thread safety: any method from any thread. Invariant: a document is found as soon as its commit has returned, but for
// the moments in which the memory is loaded after a store has failed; nearest() waits for that as long as it may.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/deadline.h"
#include "base/result.h"
#include "library/lexical_index.h"
#include "library/library.h"
#include "obs/log.h"
#include "retrieval/vector_index.h"
#include "vectors/store.h"

namespace docmind::retrieval {

// Collections as outside() describes them, this library's alone. Null: vectors are kept in memory. All outlive it.
struct OutsideVectors {
  vectors::Store* chunks = nullptr;
  vectors::Store* units = nullptr;
  const obs::Log* log = nullptr;
  Duration patience = std::chrono::seconds(2);  // With one call of the store.
  Duration pause = std::chrono::seconds(2);     // Before a store that failed is asked again.
};

vectors::Collection outside(std::string name);

struct LibraryVectorsStats {
  std::uint64_t chunks = 0;
  std::uint64_t units = 0;
  std::uint64_t bytes = 0;  // Memory of both.
  bool outside = false;     // Whether the store answers searches now.
  std::string trouble{};    // Why it does not, though there is one; empty before the first time it is in step.
};

class LibraryVectors {
 public:
  // Loads what memory is to hold. The arguments outlive it. Errors: those of the library.
  static Result<std::unique_ptr<LibraryVectors>> open(library::Library& library, const Clock& clock,
                                                      const OutsideVectors& outside);
  ~LibraryVectors();

  // As VectorIndex::nearest. kUnavailable: the store has failed and memory is not loaded yet; kDeadlineExceeded,
  // kCancelled.
  Result<std::vector<Neighbour>> nearest(library::Rows rows, const VectorQuery& query, std::size_t k,
                                         const DocumentSet* allowed, Deadline deadline, std::stop_token stop);

  struct UnitPlace {
    std::int64_t document = 0;
    std::int64_t unit = 0;
  };
  // In their order, 0 for one that is not there. Errors as nearest().
  Result<std::vector<float>> cosines(const VectorQuery& query, std::span<const UnitPlace> units, Deadline deadline,
                                     std::stop_token stop);

  // Until the store answers searches; at once without one. Errors: kDeadlineExceeded, kCancelled.
  Result<> wait_outside(Deadline deadline, std::stop_token stop);

  LibraryVectorsStats stats() const;

 private:
  struct State;
  explicit LibraryVectors(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace docmind::retrieval
