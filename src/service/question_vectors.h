// The embedder with the vectors of the newest questions: the cache of answers and then the search ask for the same one,
// and looking again after a change for an old one.
//
// Remembers single texts without spans, the newest kMost, by a hash over model and text: no word of a question stays
// here. Thread safety: any. Two that ask for the same at once may both compute it.
#pragma once
#include <array>
#include <cstddef>

#include "base/hash.h"
#include "base/thread_annotations.h"
#include "llm/embedder.h"

namespace docmind::service {

class QuestionVectors final : public llm::Embedder {
 public:
  static constexpr std::size_t kMost = 64;

  explicit QuestionVectors(llm::Embedder& inner) : inner_(inner) {}

  Result<llm::EmbedderInfo> info(Deadline deadline, std::stop_token stop) override;
  Result<std::vector<llm::Embedding>> embed(std::span<const llm::EmbedInput> inputs, Deadline deadline,
                                            std::stop_token stop) override;

 private:
  struct Known {
    ContentHash key{};
    llm::Embedding embedding{};
  };

  llm::Embedder& inner_;
  Mutex mutex_;
  std::array<Known, kMost> known_ DM_GUARDED_BY(mutex_);
  std::size_t oldest_ DM_GUARDED_BY(mutex_) = 0;
};

}  // namespace docmind::service
