#include "scheduler/sampler.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/check.h"

namespace docmind::scheduler {
namespace {

bool allowed(const TokenMask& mask, std::size_t token) { return (mask[token / 64] >> (token % 64) & 1U) != 0; }

double log_sum_exp(std::span<const float> logits) {
  const float most = *std::ranges::max_element(logits);
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit - most));
  return static_cast<double>(most) + std::log(sum);
}

}  // namespace

Sampler::Sampler(SamplingOptions options)
    : options_(std::move(options)), rng_(options_.seed), bias_(options_.bias.begin(), options_.bias.end()) {}

void Sampler::took(TokenId token) { ++seen_[token]; }

float Sampler::adjusted(TokenId token, float logit) const {
  if (const auto at = bias_.find(token); at != bias_.end()) logit += at->second;
  const auto at = seen_.find(token);
  if (at == seen_.end()) return logit;
  logit = logit > 0 ? logit / options_.repetition : logit * options_.repetition;
  return logit - options_.presence - options_.frequency * static_cast<float>(at->second);
}

Sampled Sampler::sample(std::span<const float> logits, const Constraint* constraint) {
  DM_CHECK(!logits.empty());
  // Drawn even when nothing is left to chance, so that the stream does not depend on the path taken here.
  const double uniform = static_cast<double>(rng_.next() >> 11U) * 0x1.0p-53;
  Sampled out;
  out.token = draw(constraint, logits, uniform);
  if (options_.alternatives == 0) return out;
  const double sum = log_sum_exp(logits);
  const auto log_probability = [&](TokenId token) {
    return static_cast<float>(static_cast<double>(logits[static_cast<std::size_t>(token)]) - sum);
  };
  out.log_probability = log_probability(out.token);
  std::vector<TokenId> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  const auto wanted = static_cast<std::ptrdiff_t>(std::min<std::size_t>(options_.alternatives, order.size()));
  std::ranges::partial_sort(order, order.begin() + wanted, [&](TokenId a, TokenId b) {
    const float x = logits[static_cast<std::size_t>(a)];
    const float y = logits[static_cast<std::size_t>(b)];
    return x != y ? x > y : a < b;
  });
  for (std::ptrdiff_t i = 0; i < wanted; ++i) {
    const TokenId token = order[static_cast<std::size_t>(i)];
    out.alternatives.emplace_back(token, log_probability(token));
  }
  return out;
}

// Under a constraint the free choice is tried first: it stands nearly always, and a mask over the whole vocabulary is
// only made when it does not. The mask then decides with the same draw.
TokenId Sampler::draw(const Constraint* constraint, std::span<const float> logits, double uniform) {
  const bool greedy = options_.temperature <= 0;
  if (constraint == nullptr || greedy) {
    collect(logits, nullptr);
    const TokenId free = pick(uniform);
    if (constraint == nullptr || constraint->allows(free)) return free;
  }
  // A draw that is accepted only if allowed, else drawn again among the allowed ones, would favour the latter: with
  // temperature the mask always comes first.
  mask_.assign((logits.size() + 63) / 64, 0);
  constraint->allowed(mask_);
  collect(logits, &mask_);
  DM_CHECK(!candidates_.empty());
  return pick(uniform);
}

void Sampler::collect(std::span<const float> logits, const TokenMask* mask) {
  candidates_.clear();
  const bool plain =
      seen_.empty() || (options_.repetition == 1.0F && options_.presence == 0 && options_.frequency == 0);
  const bool adjust = !plain || !bias_.empty();
  if (options_.temperature <= 0) {
    Candidate best{-std::numeric_limits<float>::infinity(), -1};
    for (std::size_t i = 0; i < logits.size(); ++i) {
      if (mask != nullptr && !allowed(*mask, i)) continue;
      const auto token = static_cast<TokenId>(i);
      const float logit = adjust ? adjusted(token, logits[i]) : logits[i];
      if (logit > best.logit || best.token < 0) best = {logit, token};
    }
    if (best.token >= 0) candidates_.push_back(best);
    return;
  }
  candidates_.reserve(logits.size());
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (mask != nullptr && !allowed(*mask, i)) continue;
    const auto token = static_cast<TokenId>(i);
    candidates_.push_back({adjust ? adjusted(token, logits[i]) : logits[i], token});
  }
}

// Cuts the candidates down and draws. Likeliest first, equal ones by token id: the order decides what a draw means.
TokenId Sampler::pick(double uniform) {
  if (candidates_.size() == 1) return candidates_.front().token;
  if (options_.top_k > 0 && options_.top_k < candidates_.size()) {
    order(options_.top_k);
    candidates_.resize(options_.top_k);
  }
  if (options_.top_p < 1.0F) keep_nucleus();
  const float most = std::ranges::max_element(candidates_, {}, &Candidate::logit)->logit;
  if (options_.min_p > 0) {
    const float least = most + std::log(options_.min_p);
    std::erase_if(candidates_, [&](const Candidate& candidate) { return candidate.logit < least; });
  }
  const auto weight = [&](const Candidate& candidate) {
    return std::exp(static_cast<double>((candidate.logit - most) / options_.temperature));
  };
  double all = 0;
  for (const Candidate& candidate : candidates_) all += weight(candidate);
  double left = uniform * all;
  for (const Candidate& candidate : candidates_) {
    left -= weight(candidate);
    if (left < 0) return candidate.token;
  }
  return candidates_.back().token;
}

void Sampler::order(std::size_t count) {
  std::ranges::partial_sort(candidates_, candidates_.begin() + static_cast<std::ptrdiff_t>(count),
                            [](const Candidate& a, const Candidate& b) {
                              return a.logit != b.logit ? a.logit > b.logit : a.token < b.token;
                            });
}

// The fewest candidates that have top_p of the probability. They are few: the whole vocabulary is hardly ever sorted.
void Sampler::keep_nucleus() {
  const float most = std::ranges::max_element(candidates_, {}, &Candidate::logit)->logit;
  const auto weight = [&](const Candidate& candidate) { return std::exp(static_cast<double>(candidate.logit - most)); };
  double all = 0;
  for (const Candidate& candidate : candidates_) all += weight(candidate);
  const double wanted = static_cast<double>(options_.top_p) * all;
  for (std::size_t sorted = 64;; sorted *= 8) {
    sorted = std::min(sorted, candidates_.size());
    order(sorted);
    double sum = 0;
    for (std::size_t i = 0; i < sorted; ++i) {
      sum += weight(candidates_[i]);
      if (sum >= wanted || i + 1 == candidates_.size()) {
        candidates_.resize(i + 1);
        return;
      }
    }
  }
}

}  // namespace docmind::scheduler
