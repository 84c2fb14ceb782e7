// The settings that a vLLM is started with: the specification's vllm_service.yaml as values that were checked.
//
// Values and pure functions. The defaults are those of config/vllm_service.yaml, which says what each of them means.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace docmind::vllm {

struct VllmService {
  std::string model_name = "Qwen/Qwen3-4B-Instruct-2507-FP8";
  std::string model_path = "/models/Qwen3-4B-Instruct-2507-FP8";  // A folder.

  std::string host = "127.0.0.1";  // This machine.
  std::uint32_t port = 8000;       // 0: a free one.
  std::string api_key{};
  std::string served_model_name = "docmind-qwen3-fp8";
  std::string tool_call_parser = "hermes";  // Empty: no tools.

  std::uint32_t max_model_len = 131'072;         // Tokens.
  std::string quantization = "fp8";              // Empty: as the checkpoint is.
  std::string attention_backend = "flashinfer";  // Empty: vLLM's choice.
  std::string kv_cache_dtype = "fp8";            // Empty: as the weights.
  bool enforce_eager = false;
  double gpu_memory_utilization = 0.95;
  std::uint32_t swap_space = 2;  // GiB.
  bool disable_sliding_window = false;

  std::uint32_t max_num_seqs = 256;
  std::uint32_t max_num_batched_tokens = 8'192;
  std::uint32_t max_seq_len_to_capture = 8'192;
  bool disable_log_stats = false;

  std::uint32_t tensor_parallel_size = 1;
  std::uint32_t pipeline_parallel_size = 1;
  bool trust_remote_code = false;
  std::uint32_t cpu_offload_gb = 0;  // GiB of the weights in main memory.

  bool enable_prefix_caching = true;
  bool enable_chunked_prefill = true;
  std::uint32_t max_num_prefills = 16;

  std::uint32_t cpu_kv_cache_gb = 0;      // GiB; 0: what one text of max_model_len takes.
  std::string cpu_threads_bind = "auto";  // Processors, as VLLM_CPU_OMP_THREADS_BIND has them.
};

// One value of the file, as it stands there.
struct ServiceEntry {
  std::string name;    // "engine.max_model_len"
  std::string value;   //
  std::string origin;  // "/etc/docmind/vllm_service.yaml:12"
};

struct ServiceRead {
  VllmService service{};
  std::vector<std::string> warnings{};  // Names that there are none of: they have no effect.
};

// kInvalidArgument with the origin for a value of the wrong type or out of range, and for an address of another
// machine.
Result<ServiceRead> read_service(const std::vector<ServiceEntry>& entries);

// The names of all that can be said there.
std::vector<std::string_view> service_names();

}  // namespace docmind::vllm
