#include "engine/chat_engine.h"

#include <gtest/gtest.h>

#include "engine/testing/tiny_causal.h"
#include "obs/log.h"
#include "sys/clock.h"
#include "sys/files.h"

namespace docmind::engine {
namespace {

class ChatEngineTest : public ::testing::Test {
 protected:
  std::unique_ptr<ChatEngine> open(const TinyCausal& model, ChatEngineOptions options) {
    options.model_path = model.path();
    options.threads = 1;
    auto engine = ChatEngine::open(options, files_, clock_, *log_);
    if (!engine) ADD_FAILURE() << engine.error().message;
    return engine ? *std::move(engine) : nullptr;
  }

  // What was planned before anything was loaded against what libllama took.
  void expect_as_planned(const TinyCausalOptions& shape, const ChatEngineOptions& options, const char* what) {
    const TinyCausal model(shape);
    const auto engine = open(model, options);
    ASSERT_TRUE(engine) << what;
    const MemoryPlan& plan = engine->plan();
    const RunnerMemory took = engine->memory();
    EXPECT_EQ(plan.weights, took.weights) << what;
    EXPECT_NEAR(static_cast<double>(plan.cells), static_cast<double>(took.cells),
                0.01 * static_cast<double>(took.cells))
        << what;
    const double planned = static_cast<double>(plan.weights + plan.cells + plan.buffers);
    EXPECT_NEAR(planned, static_cast<double>(took.all()), 0.05 * static_cast<double>(took.all())) << what;
    EXPECT_EQ(plan.main, plan.weights + plan.cells + plan.buffers + plan.process) << what;
  }

  sys::RealFiles files_;
  sys::RealClock clock_;
  std::unique_ptr<obs::Log> log_ = *obs::Log::open({.levels = {obs::Level::kError}}, clock_);
};

TEST_F(ChatEngineTest, TakesWhatWasPlannedWithinFivePercent) {
  const TinyCausalOptions tiny{.head_size = 32};
  expect_as_planned(tiny, {}, "as it is");
  expect_as_planned(tiny, {.context = 2048, .cell_type = CellType::kQ8}, "8 bit");
  expect_as_planned(tiny, {.context = 4096, .cell_type = CellType::kQ4, .step_tokens = 1024}, "4 bit, long steps");
  expect_as_planned(tiny, {.context = 1024, .step_tokens = 64}, "short steps");
  expect_as_planned({.ordinary = TinyCausalOptions::kAll, .head_size = 32}, {.context = 4096}, "a large vocabulary");
  expect_as_planned({.layers = 2, .hidden = 512, .heads = 8, .kv_heads = 4, .head_size = 64, .feed_forward = 2048}, {},
                    "wide");
  expect_as_planned({.layers = 2, .hidden = 512, .heads = 4, .kv_heads = 4, .head_size = 32, .feed_forward = 64}, {},
                    "narrow inside");
}

TEST_F(ChatEngineTest, AutomaticCellsAreTheLargestWithWhichTheContextFits) {
  const TinyCausalOptions shape{.layers = 8, .kv_heads = 4, .head_size = 64};
  const TinyCausal model(shape);
  const model::ModelFile file = *model::read_model_file(model.path());
  const auto need = [&](CellType type) {
    return plan_chat({.context = 16384, .cell_type = type}, file, {}, UINT64_MAX)->main;
  };
  const auto chosen = [&](std::uint64_t cap) { return open(model, {.context = 16384, .cpu_memory = cap}); };
  EXPECT_EQ(chosen(need(CellType::kF16))->plan().cell_type, CellType::kF16);
  EXPECT_EQ(chosen(need(CellType::kF16) - 1)->plan().cell_type, CellType::kQ8);
  const auto smallest = chosen(need(CellType::kQ8) - 1);
  EXPECT_EQ(smallest->plan().cell_type, CellType::kQ4);
  EXPECT_LT(smallest->memory().cells, chosen(0)->memory().cells / 3) << "and that is what is allocated";
  const auto refused = ChatEngine::open(
      {.model_path = model.path(), .context = 16384, .cpu_memory = need(CellType::kQ4) - 1}, files_, clock_, *log_);
  EXPECT_EQ(refused.error().code, Code::kResourceExhausted);
}

TEST_F(ChatEngineTest, LayersForACardThatIsNotThereStayInMainMemory) {
  const TinyCausal model({.head_size = 32});
  const auto engine = open(model, {.context = 1024, .gpu_layers = 3});
  ASSERT_TRUE(engine);
  EXPECT_EQ(engine->plan().gpu_layers(), 0U);
  const auto refused = ChatEngine::open({.model_path = model.path(), .device_map = "CUDA0"}, files_, clock_, *log_);
  ASSERT_FALSE(refused) << "but a card that is named must be there";
  EXPECT_EQ(refused.error().code, Code::kNotFound);
}

// Many texts at once and no drafts: libllama ends the process when a step has fewer outputs than sequences.
TEST_F(ChatEngineTest, StartsWithoutDraftsAndWithTheSmallestSteps) {
  const TinyCausal model({.head_size = 32});
  ChatEngineOptions options{.context = 1024, .step_tokens = 64};
  options.scheduling.draft = 0;
  EXPECT_TRUE(open(model, options));
}

}  // namespace
}  // namespace docmind::engine
