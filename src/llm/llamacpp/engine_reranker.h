// llm::Reranker by whatever answers POST /v1/rerank as docs/formats/engine.md says: our own engine process.
//
// Thread safety: any method from any thread. Long lists go in several requests. The reply is treated as hostile: every
// document has one score, and it is a finite number, before it leaves here.
#pragma once
#include <string>
#include <vector>

#include "llm/backend.h"
#include "llm/reranker.h"

namespace docmind::llamacpp {

class EngineReranker final : public llm::Reranker {
 public:
  explicit EngineReranker(llm::Backend& backend) : backend_(backend) {}  // Outlives it.

  Result<std::vector<double>> score(std::string_view query, std::span<const std::string> documents, Deadline deadline,
                                    std::stop_token stop) override;

 private:
  llm::Backend& backend_;
};

}  // namespace docmind::llamacpp
