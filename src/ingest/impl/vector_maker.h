// Sees to it that every chunk and every heading of documents has its vectors in the library: looks up what is there,
// has the rest computed, and commits batch by batch. While one batch is committed the next is computed, so that neither
// disk nor model waits for the other; a crash loses those two at most.
//
// Thread safety: any. A key is made by one at a time, whoever asks: what one ingest has just committed the other finds.
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "ingest/impl/gate.h"
#include "ingest/ingest.h"

namespace docmind::ingest {

class VectorMaker {
 public:
  VectorMaker(const IngestOptions& options, const IngestDeps& deps) : options_(options), deps_(deps) {}

  struct Done {
    std::uint64_t chunks = 0;    // That have their vectors now, of the documents'.
    std::uint64_t computed = 0;  // Of them, by this call.
  };
  using OnBatch = std::function<void(const Done&)>;

  // Calls on_batch with the sums so far, one call at a time, from any thread; first for what is there already. After
  // an error the sums hold what was committed nevertheless.
  Result<> make(std::span<const library::NewDocument* const> documents, const llm::EmbedderInfo& model,
                const OnBatch& on_batch, Deadline deadline, std::stop_token stop);

 private:
  struct Work {
    ContentHash key;
    const library::NewDocument* document = nullptr;
    std::uint32_t index = 0;  // Of the chunk or section.
  };
  enum class Kind : std::uint8_t { kChunks, kSections };
  struct Batch {
    Kind kind = Kind::kChunks;
    std::vector<Work> work;
  };

  Result<std::vector<Work>> missing(const std::vector<Work>& wanted, Deadline deadline, std::stop_token stop);
  Result<> plan(Kind kind, const std::vector<Work>& wanted, std::size_t size, std::vector<Batch>& batches,
                Deadline deadline, std::stop_token stop);
  static llm::EmbedInput input_of_work(Kind kind, const Work& work);
  Result<std::uint64_t> make_batch(const Batch& batch, const llm::EmbedderInfo& model, Deadline deadline,
                                   std::stop_token stop);
  Result<> make_all(const std::vector<Batch>& batches, const std::function<Result<>(const Batch&)>& make_one);

  const IngestOptions& options_;
  const IngestDeps& deps_;
  Gate<ContentHash> gate_;  // Held for the keys of a batch while it is made.
};

}  // namespace docmind::ingest
