#include "scheduler/sampler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

namespace docmind::scheduler {
namespace {

std::map<TokenId, int> draws(SamplingOptions options, std::span<const float> logits, int count,
                             const Constraint* constraint = nullptr) {
  std::map<TokenId, int> out;
  options.seed = 42;
  Sampler sampler(options);
  for (int i = 0; i < count; ++i) ++out[sampler.sample(logits, constraint).token];
  return out;
}

constexpr SamplingOptions kPlain{.temperature = 1, .top_k = 0, .top_p = 1};

class OnlyThese final : public Constraint {
 public:
  explicit OnlyThese(std::set<TokenId> tokens) : tokens_(std::move(tokens)) {}
  bool allows(TokenId token) const override { return tokens_.contains(token); }
  void allowed(TokenMask& mask) const override {
    for (const TokenId token : tokens_) mask[static_cast<std::size_t>(token) / 64] |= 1ULL << (token % 64);
  }
  void advance(TokenId) override {}
  std::vector<TokenId> forced() const override { return {}; }

 private:
  std::set<TokenId> tokens_;
};

TEST(Sampler, WithoutTemperatureTheLikeliestWinsAndTiesGoToTheFirst) {
  const std::vector<float> logits{1, 5, 5, -2};
  EXPECT_EQ(draws({.temperature = 0}, logits, 20), (std::map<TokenId, int>{{1, 20}}));
}

TEST(Sampler, DrawsInProportion) {
  const std::vector<float> logits{std::log(1.0F), std::log(2.0F), std::log(7.0F)};
  const auto counts = draws(kPlain, logits, 20000);
  EXPECT_NEAR(counts.at(0), 2000, 200);
  EXPECT_NEAR(counts.at(1), 4000, 300);
  EXPECT_NEAR(counts.at(2), 14000, 400);
}

TEST(Sampler, TheSameSeedRepeatsAText) {
  const std::vector<float> logits(50, 0.0F);
  SamplingOptions options = kPlain;
  options.seed = 9;
  Sampler a(options);
  Sampler b(options);
  options.seed = 10;
  Sampler c(options);
  int differ = 0;
  for (int i = 0; i < 50; ++i) {
    const TokenId token = a.sample(logits, nullptr).token;
    EXPECT_EQ(token, b.sample(logits, nullptr).token);
    differ += token != c.sample(logits, nullptr).token ? 1 : 0;
  }
  EXPECT_GT(differ, 30);
}

TEST(Sampler, LimitsCutTheTail) {
  const std::vector<float> logits{std::log(0.5F), std::log(0.3F), std::log(0.15F), std::log(0.05F)};
  SamplingOptions options = kPlain;
  options.top_k = 2;
  EXPECT_EQ(draws(options, logits, 2000).size(), 2U);
  options = kPlain;
  options.top_p = 0.79F;
  EXPECT_EQ(draws(options, logits, 2000).size(), 2U);
  options.top_p = 0.81F;
  EXPECT_EQ(draws(options, logits, 2000).size(), 3U);
  options = kPlain;
  options.min_p = 0.2F;
  EXPECT_EQ(draws(options, logits, 2000).size(), 3U);
  options.top_p = 0.0001F;
  EXPECT_EQ(draws(options, logits, 2000).size(), 1U);
}

TEST(Sampler, TheNucleusOfALargeFlatVocabularyIsFoundToo) {
  const std::vector<float> logits(5000, 1.0F);
  SamplingOptions options = kPlain;
  options.top_p = 0.5F;
  for (const auto& [token, count] : draws(options, logits, 4000)) EXPECT_LT(token, 2500);
}

TEST(Sampler, PenaltiesSpeakAgainstWhatWasSaid) {
  const std::vector<float> logits{5, 4.9F, 1};
  for (const SamplingOptions& options :
       {SamplingOptions{.temperature = 0, .repetition = 1.5F}, SamplingOptions{.temperature = 0, .presence = 1},
        SamplingOptions{.temperature = 0, .frequency = 0.5F}}) {
    Sampler sampler(options);
    EXPECT_EQ(sampler.sample(logits, nullptr).token, 0);
    sampler.took(0);
    EXPECT_EQ(sampler.sample(logits, nullptr).token, 1);
  }
}

TEST(Sampler, BiasMovesTokens) {
  const std::vector<float> logits{5, 1};
  EXPECT_EQ(draws({.temperature = 0, .bias = {{0, -100.0F}}}, logits, 3), (std::map<TokenId, int>{{1, 3}}));
}

TEST(Sampler, AConstraintKeepsTheProportionsAmongTheAllowed) {
  const std::vector<float> logits{std::log(8.0F), std::log(1.0F), std::log(1.0F)};
  const OnlyThese constraint({1, 2});
  const auto counts = draws(kPlain, logits, 10000, &constraint);
  EXPECT_EQ(counts.count(0), 0U);
  EXPECT_NEAR(counts.at(1), 5000, 300);
  EXPECT_EQ(draws({.temperature = 0}, logits, 3, &constraint), (std::map<TokenId, int>{{1, 3}}));
}

TEST(Sampler, ReportsLogProbabilitiesOfTheModelItself) {
  const std::vector<float> logits{std::log(0.25F), std::log(0.5F), std::log(0.25F)};
  Sampler sampler({.temperature = 0, .bias = {{0, 100.0F}}, .alternatives = 2});
  const Sampled sampled = sampler.sample(logits, nullptr);
  EXPECT_EQ(sampled.token, 0);
  EXPECT_NEAR(sampled.log_probability, std::log(0.25), 1e-5);
  ASSERT_EQ(sampled.alternatives.size(), 2U);
  EXPECT_EQ(sampled.alternatives[0].first, 1);
  EXPECT_NEAR(sampled.alternatives[0].second, std::log(0.5), 1e-5);
  EXPECT_EQ(sampled.alternatives[1].first, 0);
}

}  // namespace
}  // namespace docmind::scheduler
