#include "app/engine_steps.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

namespace docmind::app {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

model::ModelFile qwen(std::uint32_t head_size) {
  model::ModelFile file;
  file.architecture = "qwen3";
  file.context = 32768;
  file.dimensions = 1024;
  file.layers = 28;
  file.heads = 16;
  file.kv_heads = 8;
  file.head_size = head_size;
  file.value_size = head_size;
  return file;
}

std::vector<std::string> names(const std::vector<EngineStep>& steps) {
  std::vector<std::string> out;
  for (const EngineStep& step : steps) out.push_back(step.name);
  return out;
}

TEST(EngineSteps, AVeryLongContextGoesFirstAndTheCardsLast) {
  config::Settings::Engine engine;
  engine.context = 131072;
  const auto steps = engine_steps(engine, qwen(128));
  EXPECT_THAT(names(steps),
              ElementsAre("a context of 65536 tokens", "keys and values in 8 bits, 128 prompt tokens at once",
                          "a context of 8192 tokens", "the processor alone"));
  EXPECT_THAT(steps[0].arguments, ElementsAre("--context=65536"));
  EXPECT_THAT(steps[1].arguments, ElementsAre("--kv-cache-dtype=q8_0", "--batch=128"));
  EXPECT_THAT(steps[2].arguments, ElementsAre("--context=8192"));
  EXPECT_THAT(steps[3].arguments, ElementsAre("--gpu-layers=0"));
}

TEST(EngineSteps, NothingIsGivenUpThatIsNotThere) {
  config::Settings::Engine engine;
  engine.context = 2048;
  engine.kv_cache_dtype = "q4_0";
  engine.batch = 128;
  engine.gpu_layers = 0;
  EXPECT_THAT(names(engine_steps(engine, qwen(128))), ElementsAre("a context of 1024 tokens"));
  engine.context = 1024;
  EXPECT_THAT(engine_steps(engine, qwen(128)), IsEmpty());
  engine.batch = 512;
  engine.kv_cache_dtype = "auto";
  EXPECT_THAT(names(engine_steps(engine, qwen(16))), ElementsAre("128 prompt tokens at once")) << "heads too small";
}

TEST(EngineSteps, AnAutomaticContextIsThePlannedOne) {
  EXPECT_THAT(names(engine_steps({}, qwen(16))),
              ElementsAre("128 prompt tokens at once", "a context of 8192 tokens", "the processor alone"));
}

TEST(EngineSteps, AnEndForWantOfMemoryIsToldFromOthers) {
  std::uint64_t kills = 3;
  const auto helps = ended_for_memory([&] { return kills; });
  EXPECT_TRUE(helps({.code = 12}, ""));
  EXPECT_TRUE(helps({.signal = SIGABRT}, "ggml.c:1644: GGML_ASSERT(ctx->mem_buffer != NULL) failed\n"));
  EXPECT_FALSE(helps({.code = 1}, "there is no such file: alloc.gguf"));
  EXPECT_TRUE(helps({.signal = SIGABRT}, "terminate called after throwing an instance of 'std::bad_alloc'"));
  EXPECT_FALSE(helps({.signal = SIGABRT}, "GGML_ASSERT(n > 0) failed"));
  EXPECT_FALSE(helps({.signal = SIGSEGV}, "bad_alloc"));
  EXPECT_FALSE(helps({.signal = SIGKILL}, "")) << "by a person";
  kills = 4;
  EXPECT_TRUE(helps({.signal = SIGKILL}, ""));
  EXPECT_FALSE(helps({.signal = SIGKILL}, "")) << "counted once";
}

}  // namespace
}  // namespace docmind::app
