#include "engine/memory_plan.h"

#include <gtest/gtest.h>

namespace docmind::engine {
namespace {

constexpr std::uint64_t kGibibyte = 1ULL << 30U;
constexpr std::uint64_t kMebibyte = 1ULL << 20U;

ModelNeeds qwen3_4b() {
  ModelNeeds needs;
  needs.window = 262144;
  needs.vocabulary = 151936;
  needs.hidden = 2560;
  needs.query = 4096;
  needs.feed = 9728;
  needs.kv = {.layers = 36, .kv_heads = 8, .key_size = 128, .value_size = 128};
  needs.weights = 5 * kGibibyte / 2;
  needs.output = 300 * kMebibyte;
  needs.layer = (needs.weights - needs.output) / 36;
  needs.output_is_embeddings = true;
  return needs;
}

MemoryPlan planned(const MemoryWish& wish) { return *plan_memory(qwen3_4b(), wish); }

TEST(MemoryPlan, TakesTheLargestCellsWithWhichTheContextFits) {
  EXPECT_EQ(planned({.available = 24 * kGibibyte, .context = 32768}).cell_type, CellType::kF16);
  EXPECT_EQ(planned({.available = 6 * kGibibyte, .context = 32768}).cell_type, CellType::kQ8);
  EXPECT_EQ(planned({.available = 9 * kGibibyte / 2, .context = 32768}).cell_type, CellType::kQ4);
  EXPECT_EQ(planned({.available = 24 * kGibibyte, .context = 32768, .cell_type = CellType::kQ4}).cell_type,
            CellType::kQ4);
}

// One byte less than a type needs is the next type, for every type.
TEST(MemoryPlan, AutoIsTheLargestTypeToTheByte) {
  MemoryWish wish{.context = 32768};
  for (const auto& [type, next] : {std::pair{CellType::kF16, CellType::kQ8}, {CellType::kQ8, CellType::kQ4}}) {
    wish.available = 1000 * kGibibyte;
    wish.cell_type = type;
    wish.available = planned(wish).main;
    wish.cell_type.reset();
    EXPECT_EQ(planned(wish).cell_type, type);
    --wish.available;
    EXPECT_EQ(planned(wish).cell_type, next);
  }
}

TEST(MemoryPlan, HeadsThatAreNoWholeBlocksStayF16) {
  ModelNeeds needs = qwen3_4b();
  needs.kv.key_size = needs.kv.value_size = 80;
  MemoryWish wish{.available = 5 * kGibibyte, .context = 131072};
  EXPECT_EQ(plan_memory(needs, wish).error().code, Code::kResourceExhausted) << "q8_0 would fit, but cannot be";
  wish.cell_type = CellType::kQ8;
  EXPECT_EQ(plan_memory(needs, wish).error().code, Code::kInvalidArgument);
}

TEST(MemoryPlan, AContextThatNobodyAskedForShrinksToWhatFits) {
  EXPECT_EQ(planned({.available = 24 * kGibibyte}).context, kPlannedContext);
  MemoryWish wish{.available = 13 * kGibibyte / 4, .cell_type = CellType::kF16};
  const MemoryPlan small = planned(wish);
  EXPECT_LT(small.context, kPlannedContext);
  EXPECT_GE(small.context, kLeastContext);
  EXPECT_LE(small.main, wish.available);
  wish.context = small.context + 256;
  EXPECT_FALSE(plan_memory(qwen3_4b(), wish)) << "it was the largest that fits";
}

// Smaller cells hold the whole context; in the larger ones the longest that fits is to the step.
TEST(MemoryPlan, WhatDoesNotFitHasAlternatives) {
  MemoryWish wish{.available = 6 * kGibibyte, .context = 32768, .cell_type = CellType::kF16};
  ASSERT_FALSE(plan_memory(qwen3_4b(), wish));
  const std::vector<MemoryPlan> instead = alternatives(qwen3_4b(), wish);
  ASSERT_EQ(instead.size(), 2U);
  EXPECT_EQ(instead[0].cell_type, CellType::kF16);
  EXPECT_LT(instead[0].context, 32768U);
  wish.context = instead[0].context + kLeastContext;
  EXPECT_FALSE(plan_memory(qwen3_4b(), wish));
  EXPECT_EQ(instead[1].cell_type, CellType::kQ8);
  EXPECT_EQ(instead[1].context, 32768U);
  for (const MemoryPlan& plan : instead) EXPECT_LE(plan.main, wish.available);
}

TEST(MemoryPlan, WhatNeverFitsHasNoneAndItsNumbers) {
  const MemoryWish wish{.available = kGibibyte, .context = 5000};
  EXPECT_TRUE(alternatives(qwen3_4b(), wish).empty());
  const auto plan = plan_unbounded(qwen3_4b(), wish);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->cell_type, CellType::kQ4);
  EXPECT_EQ(plan->context, 5120U);
  EXPECT_EQ(plan->main, plan->weights + plan->cells + plan->buffers + plan->process);
  ModelNeeds narrow = qwen3_4b();
  narrow.kv.key_size = narrow.kv.value_size = 80;
  EXPECT_EQ(plan_unbounded(narrow, wish)->cell_type, CellType::kF16);
}

TEST(MemoryPlan, TheEmbedderAndTheRerankerHaveTheirPlace) {
  MemoryWish wish{.available = 24 * kGibibyte, .context = 16384, .cell_type = CellType::kF16};
  const std::uint64_t alone = planned(wish).main;
  wish.beside = 2 * kGibibyte;
  wish.available = alone + wish.beside;
  EXPECT_EQ(planned(wish).main, alone);
  --wish.available;
  const auto refused = plan_memory(qwen3_4b(), wish);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("2048 MiB go to the embedder and the reranker"), std::string::npos)
      << refused.error().message;
}

TEST(MemoryPlan, EncodersTakeAContextForEachThreadWithinAGibibyte) {
  EXPECT_EQ(encoder_contexts(30522, 512, 2), 2U);
  EXPECT_EQ(encoder_contexts(30522, 512, 64), 8U);
  EXPECT_EQ(encoder_contexts(250002, 1024, 8), 1U);
  EXPECT_EQ(encoder_contexts(0, 0, 0), 1U);
  model::ModelFile minilm;  // all-MiniLM-L6-v2 in q8_0; the PSS of its engine with all contexts in use is 205 MB.
  minilm.context = 512;
  minilm.dimensions = 384;
  minilm.feed_forward = 1536;
  minilm.vocabulary = 30522;
  minilm.tensors.resize(1);
  minilm.tensors[0].bytes = 24ULL << 20U;
  const double bytes = static_cast<double>(encoder_bytes(minilm, kEmbeddingWindow, 2));
  EXPECT_NEAR(bytes, 205e6, 0.05 * 205e6);
}

TEST(MemoryPlan, ACapCountsForTheChatModelAlone) {
  MemoryWish wish{.available = 24 * kGibibyte, .main_cap = 4 * kGibibyte, .beside = 8 * kGibibyte};
  const MemoryPlan plan = planned(wish);
  EXPECT_LE(plan.main, wish.main_cap);
  wish.main_cap = kGibibyte;
  const auto refused = plan_memory(qwen3_4b(), wish);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("1024 MiB of them allowed"), std::string::npos) << refused.error().message;
}

TEST(MemoryPlan, RefusesWithTheNumbers) {
  const auto plan = plan_memory(qwen3_4b(), {.available = 4 * kGibibyte, .context = 131072});
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, Code::kResourceExhausted);
  for (const char* number : {"131072", "2560 MiB", "4096 MiB"}) {
    EXPECT_NE(plan.error().message.find(number), std::string::npos) << plan.error().message;
  }
  EXPECT_FALSE(plan_memory(qwen3_4b(), {.available = kGibibyte}));
  EXPECT_FALSE(plan_memory(qwen3_4b(), {}));
}

TEST(MemoryPlan, OneCardTakesAllWhenItCan) {
  const MemoryPlan plan = planned({.available = 4 * kGibibyte, .cards = {{"CUDA0", 16 * kGibibyte}}, .context = 32768});
  EXPECT_EQ(plan.gpu_layers(), 37U);
  EXPECT_EQ(plan.cell_type, CellType::kF16);
  EXPECT_LT(plan.main, 2 * kGibibyte) << "the embeddings, buffers and the process";
  EXPECT_GT(plan.cards.at(0).bytes, plan.cells + 36 * qwen3_4b().layer);
  EXPECT_LE(plan.cards.at(0).bytes, 16 * kGibibyte);
}

TEST(MemoryPlan, WhatACardCannotHoldStaysInMainMemory) {
  const MemoryWish wish{.available = 24 * kGibibyte, .cards = {{"CUDA0", 3 * kGibibyte}}, .context = 32768};
  const MemoryPlan plan = planned(wish);
  EXPECT_GT(plan.gpu_layers(), 5U);
  EXPECT_LT(plan.gpu_layers(), 37U);
  EXPECT_LE(plan.cards.at(0).bytes, 3 * kGibibyte);
  MemoryWish more = wish;
  more.gpu_layers = static_cast<std::int32_t>(plan.gpu_layers()) + 1;
  const auto refused = plan_memory(qwen3_4b(), [&] {
    more.cell_type = CellType::kF16;
    return more;
  }());
  ASSERT_FALSE(refused) << "as many as fit were taken";
  EXPECT_NE(refused.error().message.find("CUDA0 has 3072 MiB"), std::string::npos) << refused.error().message;
  EXPECT_EQ(planned({.available = 24 * kGibibyte, .cards = {{"CUDA0", 1}}}).gpu_layers(), 0U) << "a full card";
}

TEST(MemoryPlan, LayersAskedForAreObeyed) {
  MemoryWish wish{.available = 24 * kGibibyte, .cards = {{"CUDA0", 16 * kGibibyte}}, .gpu_layers = 10};
  EXPECT_EQ(planned(wish).gpu_layers(), 10U);
  wish.gpu_layers = 999;
  EXPECT_EQ(planned(wish).gpu_layers(), 37U);
  wish.gpu_layers = 0;
  EXPECT_EQ(planned(wish).gpu_layers(), 0U);
  wish.gpu_layers = 10;
  wish.cards.clear();
  EXPECT_EQ(planned(wish).gpu_layers(), 0U);
}

TEST(MemoryPlan, SeveralCardsShareByFreeMemoryOrAsAsked) {
  MemoryWish wish{.available = 24 * kGibibyte,
                  .cards = {{"CUDA0", 24 * kGibibyte}, {"CUDA1", 12 * kGibibyte}, {"CUDA2", 1}}};
  MemoryPlan plan = planned(wish);
  ASSERT_EQ(plan.cards.size(), 3U);
  EXPECT_EQ(plan.gpu_layers(), 37U);
  EXPECT_NEAR(plan.cards[0].layers, 25, 1);
  EXPECT_NEAR(plan.cards[1].layers, 12, 1);
  EXPECT_EQ(plan.cards[2].layers, 0U);
  EXPECT_EQ(plan.cards[2].bytes, 0U);
  wish.cards = {{"CUDA1", 16 * kGibibyte, 1}, {"CUDA0", 16 * kGibibyte, 3}};
  plan = planned(wish);
  EXPECT_EQ(plan.cards[0].name, "CUDA1");
  EXPECT_NEAR(plan.cards[0].layers, 9, 1);
  EXPECT_NEAR(plan.cards[1].layers, 28, 1);
  wish.cards[1].free = 2 * kGibibyte;
  plan = planned(wish);
  EXPECT_EQ(plan.gpu_layers(), 37U) << "what the second cannot hold, the first does";
  EXPECT_LE(plan.cards[1].bytes, 2 * kGibibyte);
}

}  // namespace
}  // namespace docmind::engine
