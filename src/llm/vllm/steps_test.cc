#include "llm/vllm/steps.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace docmind::vllm {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string testdata(std::string_view name) {
  std::stringstream text;
  text << std::ifstream(std::filesystem::path(DOCMIND_SOURCE_DIR) / "src/llm/vllm/testdata" / name).rdbuf();
  return text.str();
}

TEST(Steps, OfTheSpecification) {
  const VllmService service;
  EXPECT_THAT(steps_of(service, Build::kDevice),
              ElementsAre("the next attention back end", "context 65536", "85 % of the card's memory",
                          "70 % of the card's memory", "weights in main memory"));
  const Checkpoint checkpoint{.weight_bytes = 5ULL << 30U};
  const VllmService second = after_steps(service, Build::kDevice, 2, checkpoint);
  EXPECT_EQ(second.attention_backend, "");
  EXPECT_EQ(second.max_model_len, 65'536U);
  EXPECT_EQ(second.gpu_memory_utilization, 0.95);
  const VllmService last = after_steps(service, Build::kDevice, 99, checkpoint);
  EXPECT_EQ(last.gpu_memory_utilization, 0.70);
  EXPECT_EQ(last.cpu_offload_gb, 6U);
  EXPECT_EQ(after_steps(service, Build::kDevice, 0, checkpoint).max_model_len, 131'072U);
}

TEST(Steps, AreThoseThatChangeSomething) {
  VllmService service;
  EXPECT_THAT(steps_of(service, Build::kCpu), ElementsAre("context 65536", "context 32768", "context 8192"));
  EXPECT_EQ(after_steps(service, Build::kCpu, 3, {}).max_model_len, 8'192U);
  service.attention_backend = "";
  service.max_model_len = 65'536;
  service.gpu_memory_utilization = 0.8;
  service.cpu_offload_gb = 2;
  EXPECT_THAT(steps_of(service, Build::kDevice), ElementsAre("70 % of the card's memory"));
}

TEST(Ends, ARealVllmWithoutRoomForItsWindow) {
  const std::string said = testdata("window_too_large.log");
  EXPECT_TRUE(ended_for_memory(said));
  EXPECT_FALSE(ended_for_attention(said));
  EXPECT_THAT(cause_in(said),
              StartsWith("ValueError: To serve at least one request with the model's max seq len (262144)"));
}

TEST(Ends, ARealVllmWithTooLittleMemory) {
  const std::string said = testdata("too_little_memory.log");
  EXPECT_TRUE(ended_for_memory(said));
  EXPECT_THAT(cause_in(said), HasSubstr("is less than requested memory for kv (40.0 GiB)"));
}

TEST(Ends, ForMemory) {
  for (const char* said :
       {"torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.",
        "ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization`",
        "ValueError: Free memory on device cuda:0 (3.1/15.6 GiB) on startup is less than desired GPU memory "
        "utilization "
        "(0.95, 14.8 GiB).",
        "RuntimeError: [enforce fail at alloc_cpu.cpp:118] err == 0. DefaultCPUAllocator: can't allocate memory: you "
        "tried to allocate 42949672960 bytes. Error code 12 (Cannot allocate memory)"}) {
    EXPECT_TRUE(ended_for_memory(said)) << said;
    EXPECT_FALSE(ended_for_attention(said)) << said;
  }
}

TEST(Ends, ForTheAttentionBackEnd) {
  for (const char* said :
       {"ValueError: Selected backend AttentionBackendEnum.FLASHINFER is not valid for this configuration. Reason: "
        "['compute capability not supported']",
        "ModuleNotFoundError: No module named 'flashinfer'",
        "RuntimeError: Could not find nvcc and default "
        "cuda_home='/usr/local/cuda' doesn't exist"}) {
    EXPECT_TRUE(ended_for_attention(said)) << said;
    EXPECT_FALSE(ended_for_memory(said)) << said;
  }
}

TEST(Ends, ForOtherReasonsTakeNoStep) {
  for (const char* said : {"", "OSError: [Errno 98] Address already in use", "KeyError: 'model.layers.0'",
                           "ValueError: max_model_len is larger than the derived max_model_len"}) {
    EXPECT_FALSE(ended_for_memory(said)) << said;
    EXPECT_FALSE(ended_for_attention(said)) << said;
  }
  EXPECT_EQ(cause_in(""), "");
  EXPECT_EQ(cause_in("all is well\n"), "");
  EXPECT_LE(cause_in("ValueError: " + std::string(100'000, 'x')).size(), 500U);
}

}  // namespace
}  // namespace docmind::vllm
