// The contract of a reranking model: how well each of some documents answers a query, read together with it.
//
// Thread safety: any method from any thread.
#pragma once
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"

namespace docmind::llm {

class Reranker {
 public:
  virtual ~Reranker() = default;

  // One score per document, in their order: finite, more is better, without bounds; comparable within a query alone.
  // Texts are valid UTF-8, the query is not empty. Errors: kInvalidArgument, kResourceExhausted (a query that leaves no
  // room for a document, too many requests), kDeadlineExceeded, kCancelled, kUnavailable, kDataLoss.
  virtual Result<std::vector<double>> score(std::string_view query, std::span<const std::string> documents,
                                            Deadline deadline, std::stop_token stop) = 0;
};

}  // namespace docmind::llm
