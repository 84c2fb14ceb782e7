// The embedder with a memory of how it is: what /health says without asking it.
//
// Passes every call on. A call that fails makes it ill until one succeeds; a caller that left or asked nonsense says
// nothing about it.
// Thread safety: any.
#pragma once
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/failure.h"
#include "base/thread_annotations.h"
#include "llm/embedder.h"

namespace docmind::service {

class EmbedderWatch final : public llm::Embedder {
 public:
  EmbedderWatch(llm::Embedder& inner, const Clock& clock) : inner_(inner), clock_(clock) {}

  struct State {
    bool answered = false;          // It has embedded something since the start.
    std::string error;              // Of the last call; empty when it succeeded.
    std::optional<Failure> last{};  // Of the last call that failed.
  };
  State state() const;

  Result<llm::EmbedderInfo> info(Deadline deadline, std::stop_token stop) override;
  Result<std::vector<llm::Embedding>> embed(std::span<const llm::EmbedInput> inputs, Deadline deadline,
                                            std::stop_token stop) override;

 private:
  void note(const Error& error);

  llm::Embedder& inner_;
  const Clock& clock_;
  mutable Mutex mutex_;
  State state_ DM_GUARDED_BY(mutex_);
};

}  // namespace docmind::service
