#include "engine/late_pooling.h"

#include <gtest/gtest.h>

#include <cmath>

namespace docmind::engine {
namespace {

EncoderFacts facts(Pooling pooling = Pooling::kMean, std::uint32_t window = 10) {
  return {.name = "t", .dimensions = 2, .window = window, .pooling = pooling, .prefix = {101}, .suffix = {102}};
}

TEST(PlanWindows, OneWhenItFits) {
  for (const std::uint32_t n : {0U, 1U, 8U}) {
    const auto windows = plan_windows(n, 8);
    ASSERT_EQ(windows.size(), 1U);
    EXPECT_EQ(windows[0].tokens, (TokenRange{0, n}));
    EXPECT_EQ(windows[0].own, (TokenRange{0, n}));
  }
}

TEST(PlanWindows, OwnRangesCoverEverythingOnceAndKeepTheirDistance) {
  for (std::uint32_t room = 1; room <= 40; ++room) {
    for (std::uint32_t n = 0; n <= 200; ++n) {
      const auto windows = plan_windows(n, room);
      std::uint32_t at = 0;
      for (std::size_t i = 0; i < windows.size(); ++i) {
        const Window& w = windows[i];
        ASSERT_EQ(w.own.begin, at) << n << " in " << room;
        ASSERT_LE(w.tokens.begin, w.own.begin);
        ASSERT_LE(w.own.end, w.tokens.end);
        ASSERT_LE(w.tokens.end - w.tokens.begin, room);
        if (i > 0) {  // Both sides of a border have about the same context, at least an eighth of a window.
          const std::uint32_t before = w.own.begin - w.tokens.begin;
          const std::uint32_t after = windows[i - 1].tokens.end - w.own.begin;
          ASSERT_LE(std::max(before, after) - std::min(before, after), 1U);
          ASSERT_GE(before + after, room / 4);
        }
        at = w.own.end;
      }
      ASSERT_EQ(at, n);
    }
  }
}

// Rows whose first number is the token's id and whose second is 1.
std::vector<float> rows_of(const std::vector<TokenId>& tokens, float second = 1) {
  std::vector<float> rows;
  for (const TokenId t : tokens) {
    rows.push_back(static_cast<float>(t));
    rows.push_back(second);
  }
  return rows;
}

void expect_direction(const std::vector<float>& vector, double x, double y) {
  const double length = std::hypot(x, y);
  ASSERT_EQ(vector.size(), 2U);
  EXPECT_NEAR(vector[0], x / length, 1e-6);
  EXPECT_NEAR(vector[1], y / length, 1e-6);
}

TEST(Pooler, MeanOfAllTokensAndOfEachSpan) {
  const EncoderFacts f = facts();
  const TokenisedText text{.tokens = {1, 2, 3, 4}, .spans = {{0, 2}, {2, 2}, {3, 4}}};
  Pooler pooler(f, text);
  EXPECT_EQ(pooler.sequence(0), (std::vector<TokenId>{101, 1, 2, 3, 4, 102}));
  pooler.add(0, rows_of(pooler.sequence(0)));
  const llm::Embedding e = pooler.finish();
  expect_direction(e.vector, 101 + 1 + 2 + 3 + 4 + 102, 6);
  expect_direction(e.spans[0], 3, 2);
  EXPECT_EQ(e.spans[1], (std::vector<float>{0, 0}));
  expect_direction(e.spans[2], 4, 1);
  EXPECT_EQ(e.tokens, 6U);
}

TEST(Pooler, ClsTakesTheFirstVectorAndLeavesSpansAsMeans) {
  const EncoderFacts f = facts(Pooling::kCls);
  const TokenisedText text{.tokens = {1, 2}, .spans = {{0, 2}}};
  Pooler pooler(f, text);
  pooler.add(0, rows_of(pooler.sequence(0)));
  const llm::Embedding e = pooler.finish();
  expect_direction(e.vector, 101, 1);
  expect_direction(e.spans[0], 3, 2);
}

TEST(Pooler, ALongTextCountsEachTokenOnceWhateverTheOrderOfItsWindows) {
  const EncoderFacts f = facts();
  TokenisedText text{.tokens = {}, .spans = {{2, 21}}};
  double sum = 0;
  double inner = 0;
  for (int i = 0; i < 30; ++i) {
    text.tokens.push_back(i);
    sum += i;
    if (i >= 2 && i < 21) inner += i;
  }
  Pooler pooler(f, text);
  ASSERT_GT(pooler.windows().size(), 3U);
  std::uint32_t computed = 0;
  for (std::size_t w = pooler.windows().size(); w-- > 0;) {
    const auto sequence = pooler.sequence(w);
    EXPECT_LE(sequence.size(), f.window);
    computed += static_cast<std::uint32_t>(sequence.size());
    pooler.add(w, rows_of(sequence));
  }
  const llm::Embedding e = pooler.finish();
  expect_direction(e.vector, sum + 101 + 102, 32);
  expect_direction(e.spans[0], inner, 19);
  EXPECT_EQ(e.tokens, computed);
}

TEST(Pooler, ClsOfALongTextWeighsItsWindows) {
  const EncoderFacts f = facts(Pooling::kCls);
  TokenisedText text{.tokens = std::vector<TokenId>(12, 5), .spans = {}};
  Pooler pooler(f, text);
  ASSERT_EQ(pooler.windows().size(), 2U);
  const auto weight = [&](std::size_t w) { return pooler.windows()[w].own.end - pooler.windows()[w].own.begin; };
  pooler.add(0, rows_of(pooler.sequence(0), 7));
  pooler.add(1, rows_of(pooler.sequence(1), -3));
  expect_direction(pooler.finish().vector, 101.0 * 12, 7.0 * weight(0) - 3.0 * weight(1));
}

TEST(Normalise, ZeroStaysZero) {
  std::vector<float> zero(3, 0);
  normalise(zero);
  EXPECT_EQ(zero, std::vector<float>(3, 0));
}

}  // namespace
}  // namespace docmind::engine
