#include "engine/memory_plan.h"

#include <gtest/gtest.h>

namespace docmind::engine {
namespace {

constexpr std::uint64_t kGibibyte = 1ULL << 30U;

CausalFacts qwen3_4b() {
  CausalFacts facts;
  facts.window = 262144;
  facts.layers = 36;
  facts.kv_heads = 8;
  facts.head_size = facts.value_size = 128;
  facts.bytes = 5 * kGibibyte / 2;
  return facts;
}

MemoryPlan planned(MemoryWish wish) { return *plan_memory(qwen3_4b(), 151936, wish); }

// The figures of the specification's model (research: llm-serving.md, section 2).
TEST(MemoryPlan, CellsAreAsLargeAsLibllamaMakesThem) {
  EXPECT_EQ(cell_bytes(qwen3_4b(), CellType::kF16), 147456U);
  EXPECT_EQ(cell_bytes(qwen3_4b(), CellType::kQ8), 78336U);
  EXPECT_EQ(cell_bytes(qwen3_4b(), CellType::kQ4), 41472U);
}

TEST(MemoryPlan, TakesTheLargestCellsWithWhichTheContextFits) {
  EXPECT_EQ(planned({.available = 24 * kGibibyte, .context = 32768}).cell_type, CellType::kF16);
  EXPECT_EQ(planned({.available = 6 * kGibibyte, .context = 32768}).cell_type, CellType::kQ8);
  EXPECT_EQ(planned({.available = 9 * kGibibyte / 2, .context = 32768}).cell_type, CellType::kQ4);
  EXPECT_EQ(planned({.available = 24 * kGibibyte, .context = 32768, .cell_type = CellType::kQ4}).cell_type,
            CellType::kQ4);
}

TEST(MemoryPlan, HeadsThatAreNoWholeBlocksStayF16) {
  CausalFacts facts = qwen3_4b();
  facts.head_size = facts.value_size = 80;
  const MemoryWish wish{.available = 5 * kGibibyte, .context = 131072};
  EXPECT_FALSE(plan_memory(facts, 151936, wish)) << "q8_0 would be smaller, but cannot be";
  MemoryWish explicit_type = wish;
  explicit_type.cell_type = CellType::kQ8;
  EXPECT_EQ(plan_memory(facts, 151936, explicit_type).error().code, Code::kInvalidArgument);
}

TEST(MemoryPlan, AContextThatNobodyAskedForShrinksToWhatFits) {
  EXPECT_EQ(planned({.available = 24 * kGibibyte}).context, kPlannedContext);
  const MemoryPlan small = planned({.available = 13 * kGibibyte / 4});
  EXPECT_LT(small.context, kPlannedContext + 1);
  EXPECT_LE(small.all(), 13 * kGibibyte / 4);
}

TEST(MemoryPlan, RefusesWithTheNumbers) {
  const auto plan = plan_memory(qwen3_4b(), 151936, {.available = 4 * kGibibyte, .context = 131072});
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, Code::kResourceExhausted);
  for (const char* number : {"131072", "2560 MiB", "4096 MiB"}) {
    EXPECT_NE(plan.error().message.find(number), std::string::npos) << plan.error().message;
  }
  EXPECT_FALSE(plan_memory(qwen3_4b(), 151936, {.available = kGibibyte}));
}

}  // namespace
}  // namespace docmind::engine
