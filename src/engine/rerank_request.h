// The JSON of POST /v1/rerank (docs/formats/engine.md), in the shape of Jina's and Cohere's: bodies in, bodies out.
//
// Pure functions; a request is bounded and checked here.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/rerank_queue.h"

namespace docmind::engine {

struct RerankRequest {
  std::string query;
  std::vector<std::string> documents;
  std::string model;      // Empty when not given.
  std::size_t top_n = 0;  // At most as many as there are documents.
  bool return_documents = false;
  bool raw_scores = false;  // The model's logits instead of numbers from 0 to 1.
};

Result<RerankRequest> parse_rerank_request(std::string_view body);

// Best first; equal scores in the order of the documents.
std::string rerank_body(const RerankRequest& request, const std::string& model, const RerankScores& scores);

}  // namespace docmind::engine
