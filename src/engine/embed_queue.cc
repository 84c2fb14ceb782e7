#include "engine/embed_queue.h"

#include <utility>

namespace docmind::engine {
namespace {

// All windows of all texts, pooled as they come.
class Texts final : public PassWork {
 public:
  Texts(const EncoderFacts& facts, std::vector<TokenisedText> texts) : texts_(std::move(texts)) {
    poolers_.reserve(texts_.size());
    for (const TokenisedText& text : texts_) {
      poolers_.emplace_back(facts, text);
      for (std::size_t w = 0; w < poolers_.back().windows().size(); ++w) windows_.emplace_back(poolers_.size() - 1, w);
    }
  }

  std::size_t sequences() const override { return windows_.size(); }
  std::vector<TokenId> sequence(std::size_t i) const override {
    const auto& [text, window] = windows_[i];
    return poolers_[text].sequence(window);
  }
  void add(std::size_t i, std::span<const float> rows) override {
    const auto& [text, window] = windows_[i];
    poolers_[text].add(window, rows);
  }

  std::vector<llm::Embedding> finish() {
    std::vector<llm::Embedding> out;
    for (Pooler& pooler : poolers_) out.push_back(pooler.finish());
    return out;
  }

 private:
  const std::vector<TokenisedText> texts_;
  std::vector<Pooler> poolers_;
  std::vector<std::pair<std::size_t, std::size_t>> windows_;  // (text, window of it)
};

}  // namespace

Result<std::vector<llm::Embedding>> EmbedQueue::embed(std::vector<TokenisedText> texts, Deadline deadline,
                                                      std::stop_token stop) {
  const auto work = std::make_shared<Texts>(encoder_.facts(), std::move(texts));
  DM_TRY(queue_.run(work, deadline, std::move(stop)));
  return work->finish();
}

}  // namespace docmind::engine
