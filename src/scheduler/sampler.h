// From logits to the next token: penalties, temperature, top-k, top-p, min-p, a seeded draw.
//
// One draw per token from a stream that the seed alone decides: the same logits give the same text, drafts or not.
// Order as in llama.cpp's default chain: penalties, top-k, top-p, min-p, temperature. Sources of the formulas: Holtzman
// et al. 2020 (top-p), Nguyen et al. 2024 (min-p), Keskar et al. 2019 (repetition), OpenAI's API (presence, frequency).
// Thread safety: one thread at a time.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "scheduler/constraint.h"
#include "scheduler/runner.h"

namespace docmind::scheduler {

struct SamplingOptions {
  float temperature = 0.7F;  // 0: always the likeliest token.
  std::uint32_t top_k = 20;  // 0: no limit.
  float top_p = 0.8F;        // In (0, 1]; 1: no limit.
  float min_p = 0.0F;        // In [0, 1): tokens less likely than this times the likeliest are out.
  float repetition =
      1.0F;               // Divides the logits of tokens that were generated before (multiplies negative ones); 1: off.
  float presence = 0.0F;  // Taken off once for such tokens,
  float frequency = 0.0F;                         // and for each time.
  std::vector<std::pair<TokenId, float>> bias{};  // Added to these tokens' logits.
  std::uint64_t seed = 0;
  std::uint32_t alternatives = 0;  // Likeliest tokens reported with each one, with log probabilities.
};

struct Sampled {
  TokenId token = 0;
  float log_probability =
      0;  // Under the model's own distribution (before temperature); 0 unless alternatives were asked.
  std::vector<std::pair<TokenId, float>> alternatives{};  // Likeliest first, with log probabilities.
};

class Sampler {
 public:
  explicit Sampler(SamplingOptions options);

  // The next token. With a constraint only allowed ones are drawn. Does not remember it: see took().
  Sampled sample(std::span<const float> logits, const Constraint* constraint);
  // The token has become part of the text: penalties count it.
  void took(TokenId token);

 private:
  struct Candidate {
    float logit;
    TokenId token;
  };
  void collect(std::span<const float> logits, const TokenMask* mask);
  TokenId draw(const Constraint* constraint, std::span<const float> logits, double uniform);
  TokenId pick(double uniform);
  void order(std::size_t count);
  void keep_nucleus();
  float adjusted(TokenId token, float logit) const;

  SamplingOptions options_;
  SeededRng rng_;
  std::unordered_map<TokenId, std::uint32_t> seen_;
  std::unordered_map<TokenId, float> bias_;
  std::vector<Candidate> candidates_;
  TokenMask mask_;
};

}  // namespace docmind::scheduler
