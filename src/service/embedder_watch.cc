#include "service/embedder_watch.h"

#include <utility>

namespace docmind::service {

EmbedderWatch::State EmbedderWatch::state() const {
  const MutexLock lock(mutex_);
  return state_;
}

void EmbedderWatch::note(const Error& error) {
  if (error.code == Code::kCancelled || error.code == Code::kInvalidArgument) return;
  const MutexLock lock(mutex_);
  state_.error = error.message;
  state_.last = Failure{error, clock_.wall().time_since_epoch().count()};
}

// What a model is called is known from its card, so an answer says nothing about its process.
Result<llm::EmbedderInfo> EmbedderWatch::info(Deadline deadline, std::stop_token stop) {
  Result<llm::EmbedderInfo> info = inner_.info(deadline, std::move(stop));
  if (!info) note(info.error());
  return info;
}

Result<std::vector<llm::Embedding>> EmbedderWatch::embed(std::span<const llm::EmbedInput> inputs, Deadline deadline,
                                                         std::stop_token stop) {
  auto embedded = inner_.embed(inputs, deadline, std::move(stop));
  if (!embedded) {
    note(embedded.error());
  } else if (!inputs.empty()) {
    const MutexLock lock(mutex_);
    state_.answered = true;
    state_.error.clear();
  }
  return embedded;
}

}  // namespace docmind::service
