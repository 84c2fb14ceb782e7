// Sees to it that every chunk and every heading of a document has its vectors in the library: looks up what is there,
// has the rest computed, and commits batch by batch.
//
// Thread safety: any. Batches are made one at a time, whoever asks: what one ingest has just committed the other finds.
#pragma once
#include <cstdint>
#include <functional>
#include <vector>

#include "base/thread_annotations.h"
#include "ingest/ingest.h"

namespace docmind::ingest {

class VectorMaker {
 public:
  VectorMaker(const IngestOptions& options, const IngestDeps& deps) : options_(options), deps_(deps) {}

  struct Done {
    std::uint64_t chunks = 0;    // That have their vectors now, of the document's.
    std::uint64_t computed = 0;  // Of them, by this call.
  };
  using OnBatch = std::function<void(const Done&)>;

  // Calls on_batch with the sums so far, first for what is there already.
  Result<> make(const library::NewDocument& document, const llm::EmbedderInfo& model, const OnBatch& on_batch,
                Deadline deadline, std::stop_token stop);

 private:
  struct Work {
    ContentHash key;
    std::uint32_t index = 0;  // Of the chunk or section.
  };
  enum class Kind : std::uint8_t { kChunks, kSections };

  Result<std::vector<Work>> missing(const std::vector<Work>& wanted, Deadline deadline, std::stop_token stop);
  Result<std::uint64_t> make_batch(const library::NewDocument& document, Kind kind, const std::vector<Work>& batch,
                                   const llm::EmbedderInfo& model, Deadline deadline, std::stop_token stop);
  Result<> make_sections(const library::NewDocument& document, const llm::EmbedderInfo& model, Deadline deadline,
                         std::stop_token stop);

  const IngestOptions& options_;
  const IngestDeps& deps_;
  Mutex mutex_;  // Held while a batch is made.
};

}  // namespace docmind::ingest
