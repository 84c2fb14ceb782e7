// How much worse a quantised model is than the same model before: vectors and their ranking on fixed texts for an
// embedding model, scores and their ranking for a reranker, perplexity and divergence on a fixed text for one that
// writes.
//
// Loads both models, so it belongs into a process of its own (role `docmind loss`). A plain function.
// Errors: those of loading; kInvalidArgument when the two are not the same model; kCancelled.
#pragma once
#include <stop_token>
#include <string>

#include "base/result.h"
#include "model/loss_report.h"

namespace docmind::engine {

struct LossOptions {
  std::string reference;  // A GGUF file: f32, f16, bf16.
  std::string candidate;  // The same model in another type.
  std::uint32_t threads = 0;
};

Result<model::LossReport> measure_loss(const LossOptions& options, std::stop_token stop);

}  // namespace docmind::engine
