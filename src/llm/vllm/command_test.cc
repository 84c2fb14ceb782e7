#include "llm/vllm/command.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace docmind::vllm {
namespace {

using ::testing::Contains;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class CommandTest : public ::testing::Test {
 protected:
  CommandTest() {
    std::stringstream help;
    help << std::ifstream(std::filesystem::path(DOCMIND_SOURCE_DIR) / "src/llm/vllm/testdata/serve_help_0.32.0.txt")
                .rdbuf();
    installed.flags = flags_in(help.str());
  }
  VllmCommand command() { return command_of(service, checkpoint, installed, place); }
  // The value after a flag; "-" when the flag is not there.
  std::string after(const VllmCommand& of, std::string_view flag) {
    const auto at = std::ranges::find(of.argv, flag);
    return at == of.argv.end() || at + 1 == of.argv.end() ? "-" : *(at + 1);
  }
  void on_cpu() {
    installed.version = "0.32.0+cpu";
    installed.build = Build::kCpu;
  }

  VllmService service;
  Checkpoint checkpoint{
      .folder = "/models/q", .quantization = "fp8", .fp8 = true, .window = 262'144, .kv_token_bytes = 147'456};
  Installed installed{.version = "0.32.0"};
  Place place{.program = "/opt/vllm/bin/vllm", .home = "/data/vllm", .available_memory = 64ULL << 30U};
};

TEST_F(CommandTest, TheSpecificationOnACard) {
  EXPECT_THAT(command().argv, ElementsAreArray({"/opt/vllm/bin/vllm",
                                                "serve",
                                                "/models/q",
                                                "--served-model-name",
                                                "docmind-qwen3-fp8",
                                                "Qwen/Qwen3-4B-Instruct-2507-FP8",
                                                "--host",
                                                "127.0.0.1",
                                                "--port",
                                                "8000",
                                                "--enable-auto-tool-choice",
                                                "--tool-call-parser",
                                                "hermes",
                                                "--max-model-len",
                                                "131072",
                                                "--kv-cache-dtype",
                                                "fp8",
                                                "--attention-backend",
                                                "FLASHINFER",
                                                "--no-enforce-eager",
                                                "--gpu-memory-utilization",
                                                "0.95",
                                                "--no-disable-sliding-window",
                                                "--max-num-seqs",
                                                "256",
                                                "--max-num-batched-tokens",
                                                "8192",
                                                "--tensor-parallel-size",
                                                "1",
                                                "--pipeline-parallel-size",
                                                "1",
                                                "--no-trust-remote-code",
                                                "--enable-prefix-caching",
                                                "--enable-chunked-prefill",
                                                "--enable-prompt-tokens-details",
                                                "--disable-uvicorn-access-log"}));
  EXPECT_THAT(command().left_out,
              ElementsAreArray({"engine.swap_space: left out, vLLM 0.32.0 knows no --swap-space",
                                "performance.max_seq_len_to_capture: left out, vLLM 0.32.0 knows no "
                                "--max-seq-len-to-capture",
                                "optimization.max_num_prefills: left out, vLLM 0.32.0 knows no --max-num-prefills"}));
}

TEST_F(CommandTest, EachValueReachesItsFlag) {
  for (const char* old : {"--swap-space", "--max-num-prefills", "--max-seq-len-to-capture"})
    installed.flags.emplace(old);
  service.port = 8'123;
  service.host = "::1";
  service.served_model_name = "我的";
  service.tool_call_parser = "qwen3_xml";
  service.max_model_len = 4'096;
  service.attention_backend = "flash_attn";
  service.gpu_memory_utilization = 0.7;
  service.swap_space = 3;
  service.max_num_seqs = 7;
  service.max_num_batched_tokens = 1'024;
  service.max_seq_len_to_capture = 99;
  service.tensor_parallel_size = 2;
  service.pipeline_parallel_size = 4;
  service.cpu_offload_gb = 5;
  service.max_num_prefills = 8;
  const VllmCommand out = command();
  EXPECT_EQ(after(out, "--port"), "8123");
  EXPECT_EQ(after(out, "--host"), "::1");
  EXPECT_EQ(after(out, "--served-model-name"), "我的");
  EXPECT_EQ(after(out, "--tool-call-parser"), "qwen3_xml");
  EXPECT_EQ(after(out, "--max-model-len"), "4096");
  EXPECT_EQ(after(out, "--attention-backend"), "FLASH_ATTN");
  EXPECT_EQ(after(out, "--gpu-memory-utilization"), "0.7");
  EXPECT_EQ(after(out, "--swap-space"), "3");
  EXPECT_EQ(after(out, "--max-num-seqs"), "7");
  EXPECT_EQ(after(out, "--max-num-batched-tokens"), "1024");
  EXPECT_EQ(after(out, "--max-seq-len-to-capture"), "99");
  EXPECT_EQ(after(out, "--tensor-parallel-size"), "2");
  EXPECT_EQ(after(out, "--pipeline-parallel-size"), "4");
  EXPECT_EQ(after(out, "--cpu-offload-gb"), "5");
  EXPECT_EQ(after(out, "--max-num-prefills"), "8");
  EXPECT_THAT(out.left_out, IsEmpty());
}

TEST_F(CommandTest, BooleansAreFlagsAndNeverWords) {
  struct Case {
    bool VllmService::* member;
    const char* name;
    bool has_no;
  };
  for (const auto& [member, name, has_no] :
       {Case{&VllmService::enforce_eager, "enforce-eager", true},
        Case{&VllmService::disable_sliding_window, "disable-sliding-window", true},
        Case{&VllmService::disable_log_stats, "disable-log-stats", false},
        Case{&VllmService::trust_remote_code, "trust-remote-code", true},
        Case{&VllmService::enable_prefix_caching, "enable-prefix-caching", true},
        Case{&VllmService::enable_chunked_prefill, "enable-chunked-prefill", true}}) {
    for (const bool on : {true, false}) {
      service.*member = on;
      const VllmCommand out = command();
      const std::string yes = std::string("--") + name;
      const std::string no = std::string("--no-") + name;
      EXPECT_EQ(std::ranges::count(out.argv, yes), on ? 1 : 0) << name;
      EXPECT_EQ(std::ranges::count(out.argv, no), !on && has_no ? 1 : 0) << name;
      for (const char* word : {"true", "false", "True", "False"}) EXPECT_THAT(out.argv, Not(Contains(word)));
    }
  }
}

TEST_F(CommandTest, QuantizationIsForCheckpointsWithoutOne) {
  EXPECT_EQ(after(command(), "--quantization"), "-");
  checkpoint.quantization = "awq";
  checkpoint.fp8 = false;
  VllmCommand out = command();
  EXPECT_EQ(after(out, "--quantization"), "-");
  EXPECT_THAT(out.left_out, Contains("engine.quantization: left out, the checkpoint is stored as awq"));
  checkpoint.quantization = "";
  EXPECT_EQ(after(command(), "--quantization"), "fp8");
  service.quantization = "";
  EXPECT_EQ(after(command(), "--quantization"), "-");
  service.quantization = "fp16";
  EXPECT_EQ(after(command(), "--quantization"), "-");
}

TEST_F(CommandTest, E5m2IsNotForFp8Weights) {
  service.kv_cache_dtype = "fp8_e5m2";
  VllmCommand out = command();
  EXPECT_EQ(after(out, "--kv-cache-dtype"), "fp8");
  EXPECT_THAT(out.left_out, Contains(StartsWith("engine.kv_cache_dtype: fp8 instead of fp8_e5m2")));
  checkpoint.quantization = "";
  checkpoint.fp8 = false;
  EXPECT_EQ(after(command(), "--kv-cache-dtype"), "fp8") << "they are made FP8 on loading";
  service.quantization = "";
  EXPECT_EQ(after(command(), "--kv-cache-dtype"), "fp8_e5m2");
  service.kv_cache_dtype = "";
  EXPECT_EQ(after(command(), "--kv-cache-dtype"), "-");
}

TEST_F(CommandTest, TheWindowIsNoLargerThanTheModels) {
  checkpoint.window = 40'960;
  const VllmCommand out = command();
  EXPECT_EQ(after(out, "--max-model-len"), "40960");
  EXPECT_THAT(out.left_out, Contains(StartsWith("engine.max_model_len: 40960 instead")));
  checkpoint.window = 0;
  EXPECT_EQ(after(command(), "--max-model-len"), "131072");
}

TEST_F(CommandTest, ABuildForTheProcessorGetsNothingOfACard) {
  on_cpu();
  checkpoint.quantization = "";
  checkpoint.fp8 = false;
  const VllmCommand out = command();
  for (const char* flag :
       {"--attention-backend", "--kv-cache-dtype", "--quantization", "--gpu-memory-utilization", "--cpu-offload-gb"}) {
    EXPECT_THAT(out.argv, Not(Contains(flag)));
  }
  for (const char* setting :
       {"engine.attention_backend", "engine.kv_cache_dtype", "engine.quantization", "engine.gpu_memory_utilization"}) {
    EXPECT_THAT(out.left_out, Contains(StartsWith(setting)));
  }
  EXPECT_THAT(out.environment, Contains("VLLM_CPU_OMP_THREADS_BIND=auto"));
  EXPECT_THAT(out.environment, Contains("VLLM_CPU_KVCACHE_SPACE=19")) << "18.04 GiB for 131072 tokens and a block";
}

TEST_F(CommandTest, SpaceForKeysAndValuesOnTheProcessor) {
  on_cpu();
  place.available_memory = 8ULL << 30U;
  EXPECT_THAT(command().environment, Contains("VLLM_CPU_KVCACHE_SPACE=4"));
  place.available_memory = 0;
  EXPECT_THAT(command().environment, Contains("VLLM_CPU_KVCACHE_SPACE=1"));
  service.cpu_kv_cache_gb = 12;
  EXPECT_THAT(command().environment, Contains("VLLM_CPU_KVCACHE_SPACE=12"));
}

TEST_F(CommandTest, OlderVersionsTakeTheAttentionFromTheEnvironment) {
  installed.flags.erase("--attention-backend");
  EXPECT_THAT(command().environment, Contains("VLLM_ATTENTION_BACKEND=FLASHINFER"));
}

TEST_F(CommandTest, TheEnvironmentIsMadeFromNothing) {
  place.passed_on = {"PATH=/usr/local/cuda/bin:/usr/bin", "CUDA_VISIBLE_DEVICES=1"};
  service.api_key = "geheim";
  const VllmCommand out = command();
  EXPECT_THAT(out.environment,
              ElementsAreArray({"CUDA_VISIBLE_DEVICES=1", "PATH=/opt/vllm/bin:/usr/local/cuda/bin:/usr/bin",
                                "HOME=/data/vllm", "LANG=C.UTF-8", "VLLM_NO_USAGE_STATS=1", "DO_NOT_TRACK=1",
                                "HF_HUB_OFFLINE=1", "TRANSFORMERS_OFFLINE=1", "HF_HUB_DISABLE_TELEMETRY=1",
                                "VLLM_HOST_IP=127.0.0.1", "VLLM_API_KEY=geheim"}));
  for (const std::string& word : out.argv) EXPECT_THAT(word, Not(HasSubstr("geheim")));
  for (const std::string& sentence : out.left_out) EXPECT_THAT(sentence, Not(HasSubstr("geheim")));
}

}  // namespace
}  // namespace docmind::vllm
