#include "engine/rerank_queue.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/late_pooling.h"

namespace docmind::engine {
namespace {

constexpr std::size_t kMaxPairs = 16384;

// The query beside every window of every document.
class Pairs final : public PassWork {
 public:
  Pairs(const EncoderFacts& facts, const std::vector<TokenId>& query) : facts_(facts), head_(facts.prefix) {
    head_.insert(head_.end(), query.begin(), query.end());
    head_.insert(head_.end(), facts.separator.begin(), facts.separator.end());
  }

  std::uint32_t room() const {  // For a document's tokens.
    const std::size_t used = head_.size() + facts_.suffix.size();
    return facts_.window > used ? facts_.window - static_cast<std::uint32_t>(used) : 0;
  }
  void add_document(std::vector<TokenId> tokens) {
    for (const Window& window : plan_windows(static_cast<std::uint32_t>(tokens.size()), room())) {
      places_.push_back({documents_.size(), window.tokens});
    }
    documents_.push_back(std::move(tokens));
    scores_.scores.push_back(-std::numeric_limits<float>::infinity());
  }

  std::size_t sequences() const override { return places_.size(); }
  std::vector<TokenId> sequence(std::size_t i) const override {
    const auto& [document, range] = places_[i];
    const auto tokens = std::span(documents_[document]).subspan(range.begin, range.end - range.begin);
    std::vector<TokenId> out = head_;
    out.insert(out.end(), tokens.begin(), tokens.end());
    out.insert(out.end(), facts_.suffix.begin(), facts_.suffix.end());
    return out;
  }
  void add(std::size_t i, std::span<const float> rows) override {
    const auto& [document, range] = places_[i];
    float& best = scores_.scores[document];
    numbers_ = numbers_ && std::isfinite(rows.front());
    best = std::max(best, rows.front());
    scores_.tokens += head_.size() + (range.end - range.begin) + facts_.suffix.size();
  }

  Result<RerankScores> finish() {
    if (numbers_) return std::move(scores_);
    return Error{Code::kInternal, "The reranking model gave a score that is no number.",
                 "Import the model again; its file may be damaged."};
  }

 private:
  struct Place {
    std::size_t document = 0;
    TokenRange range{};
  };
  const EncoderFacts& facts_;
  std::vector<TokenId> head_;  // Up to the document.
  std::vector<std::vector<TokenId>> documents_;
  std::vector<Place> places_;
  RerankScores scores_{};
  bool numbers_ = true;
};

}  // namespace

Result<RerankScores> RerankQueue::score(const std::string& query, std::span<const std::string> documents,
                                        Deadline deadline, std::stop_token stop) {
  const EncoderFacts& facts = reranker_.facts();
  const TokenisedText asked = DM_TRY(reranker_.tokenise({.text = query, .spans = {}}));
  const auto work = std::make_shared<Pairs>(facts, asked.tokens);
  if (work->room() < facts.window / 2) {
    return Error{Code::kResourceExhausted,
                 "The query has " + std::to_string(asked.tokens.size()) +
                     " tokens, too many beside a document: this model reads " + std::to_string(facts.window) +
                     " in all.",
                 "Shorten the query."};
  }
  for (const std::string& document : documents) {
    work->add_document(DM_TRY(reranker_.tokenise({.text = document, .spans = {}})).tokens);
    if (work->sequences() > kMaxPairs) {
      return Error{Code::kResourceExhausted, "The documents are too long to be ranked in one request.",
                   "Send fewer or shorter ones."};
    }
  }
  DM_TRY(queue_.run(work, deadline, std::move(stop)));
  return work->finish();
}

}  // namespace docmind::engine
