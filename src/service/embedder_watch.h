// The embedder with a memory of how it is: what /health says without asking it.
//
// Passes every call on. A call that fails makes it ill until one succeeds; a caller that left or asked nonsense says
// nothing about it.
// Thread safety: any.
#pragma once
#include <string>

#include "base/thread_annotations.h"
#include "llm/embedder.h"

namespace docmind::service {

class EmbedderWatch final : public llm::Embedder {
 public:
  explicit EmbedderWatch(llm::Embedder& inner) : inner_(inner) {}

  struct State {
    bool answered = false;  // It has embedded something since the start.
    std::string error;      // Of the last call; empty when it succeeded.
  };
  State state() const;

  Result<llm::EmbedderInfo> info(Deadline deadline, std::stop_token stop) override;
  Result<std::vector<llm::Embedding>> embed(std::span<const llm::EmbedInput> inputs, Deadline deadline,
                                            std::stop_token stop) override;

 private:
  void note(const Error& error);

  llm::Embedder& inner_;
  mutable Mutex mutex_;
  State state_ DM_GUARDED_BY(mutex_);
};

}  // namespace docmind::service
