// What quantising a model cost, against the same model in f32, f16 or bf16, and its text (JSON, on one line).
//
// Values and pure functions.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace docmind::model {

inline constexpr double kMaxLoss = 0.02;  // Above it a person should know: exit code 4.

struct LossReport {
  std::string reference{};    // How the reference is stored: "f32".
  std::string measure{};      // "cosine" for embedding models, "scores" for rerankers, "perplexity" for text models.
  std::uint64_t samples = 0;  // Texts, pairs, or tokens.
  // The one number: 1 - mean cosine, or the mean distance of scores (from 0 to 1), or how much perplexity grew, as a
  // fraction.
  double loss = 0;
  double mean_cosine = 0;  // Of the vectors of the fixed texts; 0 for text models.
  double least_cosine = 0;
  double ranking = 0;  // Part of each text's ten nearest (a query's ten best) that stay among them; 0 for text models.
  double perplexity = 0;         // On the fixed text; 0 for embedding models.
  double perplexity_before = 0;  // The reference's.
  double divergence = 0;         // Mean KL in nats a token.
};

std::string text_of(const LossReport& report);
Result<LossReport> loss_report_of(std::string_view text);

// For people: "cosine 0.9995 (least 0.9986), 99.0 % of the ten nearest stay, against f32".
std::string sentence_of(const LossReport& report);

}  // namespace docmind::model
