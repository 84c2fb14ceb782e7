#include "service/question_vectors.h"

#include <algorithm>
#include <utility>

namespace docmind::service {

Result<llm::EmbedderInfo> QuestionVectors::info(Deadline deadline, std::stop_token stop) {
  return inner_.info(deadline, std::move(stop));
}

Result<std::vector<llm::Embedding>> QuestionVectors::embed(std::span<const llm::EmbedInput> inputs, Deadline deadline,
                                                           std::stop_token stop) {
  if (inputs.size() != 1 || !inputs.front().spans.empty()) return inner_.embed(inputs, deadline, std::move(stop));
  const std::string model = DM_TRY(inner_.info(deadline, stop)).model_hash;
  const ContentHash key = Hasher().field(model).field(inputs.front().text).finish();
  {
    const MutexLock lock(mutex_);
    const auto known = std::ranges::find(known_, key, &Known::key);
    if (known != known_.end()) return std::vector{known->embedding};
  }
  auto made = DM_TRY(inner_.embed(inputs, deadline, std::move(stop)));
  if (made.size() != 1) return made;
  const MutexLock lock(mutex_);
  known_.at(oldest_) = {key, made.front()};
  oldest_ = (oldest_ + 1) % kMost;
  return made;
}

}  // namespace docmind::service
