#include "config/specification_names.h"

namespace docmind::config {
namespace {

constexpr std::string_view kVllmService = "the file that vllm.service names says it, for a vLLM that DocMind starts";
constexpr std::string_view kVllmHost =
    "a vLLM that DocMind starts listens on this machine alone; one elsewhere is named with vllm.url";
constexpr std::string_view kNoVllm = "vLLM knows no such setting any more";
constexpr std::string_view kTemperature = "what a chat model writes for an answer is always its likeliest text";
constexpr std::string_view kContext =
    "what fits the model's window is planned for each answer; the window is engine.context";
constexpr std::string_view kMessages =
    "how a supervisor's messages look is fixed; it is switched on with ask.supervisor";
constexpr std::string_view kTarget = "targets are measured, not set";
constexpr std::string_view kAlways = "it is always so";

void add_vllm(std::vector<SpecificationName>& out) {
  for (const std::string_view name :
       {"vllm_max_model_len", "vllm_quantization", "vllm_attention_backend", "vllm_kv_cache_dtype",
        "vllm_gpu_memory_utilization", "vllm_enable_prefix_caching", "vllm_enable_chunked_prefill",
        "gpu_memory_fraction"}) {
    out.push_back({name, Fate::kObsolete, kVllmService});
  }
  for (const std::string_view name : {"vllm_swap_space", "vllm_max_num_prefills"}) {
    out.push_back({name, Fate::kObsolete, kNoVllm});
  }
  out.push_back({"vllm_use_modelscope", Fate::kObsolete, "models come from folders alone"});
  out.push_back({"vllm_host", Fate::kObsolete, kVllmHost});
  out.push_back({"cuda_visible_devices", Fate::kObsolete,
                 "CUDA reads it from the environment; set it there for the program that uses the GPU"});
}

void add_chat(std::vector<SpecificationName>& out) {
  out.push_back({"llm_temperature", Fate::kObsolete, kTemperature});
  out.push_back({"model_name", Fate::kObsolete, "a chat model is imported and then named with engine.model"});
  out.push_back(
      {"quantization", Fate::kObsolete, "a model is quantised when it is imported (docmind models quantize)"});
  for (const std::string_view name :
       {"max_context_length", "context_window_size", "context_truncation_strategy", "context_overlap_tokens",
        "context_trim_threshold", "context_buffer_size", "enable_context_trimming"}) {
    out.push_back({name, Fate::kObsolete, kContext});
  }
  for (const std::string_view name : {"kv_cache_quantization", "kv_cache_dtype"}) {
    out.push_back({name, Fate::kObsolete, "the formats are other ones here; the setting is engine.kv_cache_dtype"});
  }
  out.push_back({"kv_cache_max_tokens", Fate::kObsolete, "the setting is engine.context"});
}

void add_caches(std::vector<SpecificationName>& out) {
  out.push_back({"ingestion_cache_dir", Fate::kObsolete, "what was read is kept in the library itself (data)"});
  out.push_back({"semantic_cache_dir", Fate::kObsolete, "kept answers lie in the data directory (data)"});
  out.push_back({"enable_cache_metrics", Fate::kObsolete, kAlways});
  for (const std::string_view name : {"redis_host", "redis_port"}) {
    out.push_back({name, Fate::kObsolete, "the setting is cache.shared, an address as a whole"});
  }
}

void add_agents(std::vector<SpecificationName>& out) {
  for (const std::string_view name :
       {"parallel_tool_calls", "enable_parallel_tools", "multi_agent_parallel_execution"}) {
    out.push_back({name, Fate::kObsolete, "it is always so; how many at a time is ask.max_parallel_calls"});
  }
  for (const std::string_view name :
       {"add_handoff_back_messages", "create_forward_message_tool", "enable_message_forwarding", "output_mode"}) {
    out.push_back({name, Fate::kObsolete, kMessages});
  }
  for (const std::string_view name : {"agent_coordination_timeout", "multi_agent_coordination_timeout_ms"}) {
    out.push_back({name, Fate::kObsolete, kTarget});
  }
  out.push_back({"agent_count", Fate::kObsolete, "there are always five agents"});
  out.push_back({"enable_agent_metrics", Fate::kObsolete, kAlways});
}

void add_targets(std::vector<SpecificationName>& out) {
  for (const std::string_view name :
       {"cache_hit_rate_target", "ingestion_reduction_target", "target_decode_tokens_per_sec_min",
        "target_decode_tokens_per_sec_max", "target_prefill_tokens_per_sec_min", "target_prefill_tokens_per_sec_max",
        "multi_agent_token_reduction_target"}) {
    out.push_back({name, Fate::kObsolete, kTarget});
  }
  out.push_back({"enable_performance_logging", Fate::kObsolete, kAlways});
}

}  // namespace

std::vector<SpecificationName> specification_names() {
  std::vector<SpecificationName> out;
  add_vllm(out);
  add_chat(out);
  add_caches(out);
  add_agents(out);
  add_targets(out);
  return out;
}

}  // namespace docmind::config
