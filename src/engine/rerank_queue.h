// How well documents answer a query, by a reranking model that reads both together; in a queue of passes
// (engine/pass_queue.h): the same request has the same scores to the last bit, whatever else is asked meanwhile.
//
// A document longer than fits beside the query is read in overlapping windows, and its score is that of the best one:
// nothing is cut off. Thread safety: score() from any thread. Bounded: past `max_requests`, and past 16,384 windows in
// a request, kResourceExhausted.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/pass_queue.h"

namespace docmind::engine {

struct RerankScores {
  std::vector<float> scores;  // One per document: the model's logit, finite; more is better.
  std::uint64_t tokens = 0;   // Computed, special ones included.
};

class RerankQueue {
 public:
  RerankQueue(const Encoder& reranker, PassQueue::Contexts contexts, std::size_t max_requests)
      : reranker_(reranker), queue_(std::move(contexts), max_requests) {}

  // kInvalidArgument: not UTF-8; kResourceExhausted: the query leaves less than half of the model's window.
  Result<RerankScores> score(const std::string& query, std::span<const std::string> documents, Deadline deadline,
                             std::stop_token stop);
  // As PassQueue::use_threads().
  void use_threads(std::uint32_t count) { queue_.use_threads(count); }

 private:
  const Encoder& reranker_;
  PassQueue queue_;
};

}  // namespace docmind::engine
