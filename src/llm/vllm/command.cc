#include "llm/vllm/command.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace docmind::vllm {
namespace {

constexpr std::uint64_t kGibibyte = 1ULL << 30U;
// vLLM keeps one block of keys and values for itself.
constexpr std::uint64_t kSpareTokens = 256;

std::string upper(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return out;
}

// Collects flags, and tells which of them the installed version does not take.
class Composer {
 public:
  explicit Composer(const Installed& installed) : installed_(installed) {}

  void value(std::string_view setting, std::string_view flag, std::string text) {
    if (!known(setting, flag)) return;
    out_.argv.emplace_back(flag);
    out_.argv.push_back(std::move(text));
  }
  void number(std::string_view setting, std::string_view flag, std::uint64_t count) {
    value(setting, flag, std::to_string(count));
  }
  // Its form for false is left out where there is none: that is what it is without the flag.
  void on_off(std::string_view setting, std::string_view name, bool on) {
    const std::string off = fmt::format("--no-{}", name);
    const std::string flag = fmt::format("--{}", name);
    if (on ? known(setting, flag) : installed_.knows(off)) out_.argv.push_back(on ? flag : off);
  }
  void tell(std::string_view setting, std::string_view why) {
    out_.left_out.push_back(fmt::format("{}: {}", setting, why));
  }
  bool known(std::string_view setting, std::string_view flag) {
    if (installed_.knows(flag)) return true;
    tell(setting, fmt::format("left out, vLLM {} knows no {}", installed_.version, flag));
    return false;
  }
  bool on_cpu() const { return installed_.build == Build::kCpu; }
  VllmCommand& out() { return out_; }

 private:
  const Installed& installed_;
  VllmCommand out_;
};

void add_server(const VllmService& service, Composer& to) {
  std::vector<std::string>& argv = to.out().argv;
  if (to.known("server.served_model_name", "--served-model-name")) {
    argv.emplace_back("--served-model-name");
    argv.push_back(service.served_model_name);
    const bool second = !service.model_name.empty() && service.model_name != service.served_model_name;
    if (second) argv.push_back(service.model_name);
  }
  to.value("server.host", "--host", service.host);
  to.number("server.port", "--port", service.port);
  if (service.tool_call_parser.empty()) return;
  to.on_off("server.tool_call_parser", "enable-auto-tool-choice", true);
  to.value("server.tool_call_parser", "--tool-call-parser", service.tool_call_parser);
}

void add_window(const VllmService& service, const Checkpoint& checkpoint, Composer& to) {
  std::uint32_t window = service.max_model_len;
  if (checkpoint.window != 0 && window > checkpoint.window) {
    window = checkpoint.window;
    to.tell("engine.max_model_len", fmt::format("{} instead, the model was made for no more tokens", window));
  }
  to.number("engine.max_model_len", "--max-model-len", window);
}

// How weights, keys and values are stored.
void add_formats(const VllmService& service, const Checkpoint& checkpoint, Composer& to) {
  constexpr std::string_view kOnCpu = "left out, this vLLM is built for the processor";
  bool fp8 = checkpoint.fp8;
  if (!service.quantization.empty() && service.quantization != "fp16") {
    if (!checkpoint.quantization.empty()) {
      if (checkpoint.quantization != service.quantization) {
        to.tell("engine.quantization", "left out, the checkpoint is stored as " + checkpoint.quantization);
      }
    } else if (to.on_cpu()) {
      to.tell("engine.quantization", kOnCpu);
    } else {
      to.value("engine.quantization", "--quantization", service.quantization);
      fp8 = service.quantization.find("fp8") != std::string::npos;
    }
  }
  if (service.kv_cache_dtype.empty()) return;
  if (to.on_cpu()) return to.tell("engine.kv_cache_dtype", kOnCpu);
  std::string type = service.kv_cache_dtype;
  if (type == "fp8_e5m2" && (fp8 || !checkpoint.quantization.empty())) {
    type = "fp8";
    to.tell("engine.kv_cache_dtype", "fp8 instead of fp8_e5m2, which vLLM refuses for such weights");
  }
  to.value("engine.kv_cache_dtype", "--kv-cache-dtype", std::move(type));
}

// Older versions take the attention back end from the environment.
void add_attention(const VllmService& service, const Installed& installed, Composer& to) {
  if (service.attention_backend.empty()) return;
  if (to.on_cpu()) {
    return to.tell("engine.attention_backend", "left out, a vLLM that is built for the processor has one of its own");
  }
  const std::string name = upper(service.attention_backend);
  if (installed.knows("--attention-backend")) {
    to.value("engine.attention_backend", "--attention-backend", name);
  } else {
    to.out().environment.push_back("VLLM_ATTENTION_BACKEND=" + name);
  }
}

void add_memory(const VllmService& service, const Checkpoint& checkpoint, std::uint64_t available, Composer& to) {
  if (!to.on_cpu()) {
    to.value("engine.gpu_memory_utilization", "--gpu-memory-utilization",
             fmt::format("{}", service.gpu_memory_utilization));
    if (service.cpu_offload_gb != 0) to.number("gpu.cpu_offload_gb", "--cpu-offload-gb", service.cpu_offload_gb);
    return;
  }
  to.tell("engine.gpu_memory_utilization", "left out, this vLLM is built for the processor; it has cpu.kv_cache_gb");
  std::uint64_t space = service.cpu_kv_cache_gb;
  if (space == 0) {  // One text of full length, but no more than half of what there is.
    const std::uint64_t tokens = service.max_model_len + kSpareTokens;
    space = std::min((checkpoint.kv_token_bytes * tokens + kGibibyte - 1) / kGibibyte, available / 2 / kGibibyte);
  }
  to.out().environment.push_back(fmt::format("VLLM_CPU_KVCACHE_SPACE={}", std::max<std::uint64_t>(space, 1)));
  if (!service.cpu_threads_bind.empty()) {
    to.out().environment.push_back("VLLM_CPU_OMP_THREADS_BIND=" + service.cpu_threads_bind);
  }
}

}  // namespace

std::vector<std::string> base_environment(const Place& place) {
  std::vector<std::string> out;
  std::string path = "/usr/local/bin:/usr/bin:/bin";
  constexpr std::string_view kPath = "PATH=";
  for (const std::string& variable : place.passed_on) {
    if (variable.starts_with(kPath)) {
      if (variable.size() > kPath.size()) path = variable.substr(kPath.size());
    } else {
      out.push_back(variable);
    }
  }
  out.push_back(fmt::format("PATH={}:{}", place.program.parent_path().string(), path));
  out.push_back("HOME=" + place.home.string());
  for (const char* fixed : {"LANG=C.UTF-8", "VLLM_NO_USAGE_STATS=1", "DO_NOT_TRACK=1", "HF_HUB_OFFLINE=1",
                            "TRANSFORMERS_OFFLINE=1", "HF_HUB_DISABLE_TELEMETRY=1",
                            // Or it looks for its own address by a route to the outside.
                            "VLLM_HOST_IP=127.0.0.1"}) {
    out.emplace_back(fixed);
  }
  return out;
}

VllmCommand command_of(const VllmService& service, const Checkpoint& checkpoint, const Installed& installed,
                       const Place& place) {
  Composer to(installed);
  to.out().environment = base_environment(place);
  to.out().argv = {place.program.string(), "serve", checkpoint.folder.string()};
  add_server(service, to);
  add_window(service, checkpoint, to);
  add_formats(service, checkpoint, to);
  add_attention(service, installed, to);
  to.on_off("engine.enforce_eager", "enforce-eager", service.enforce_eager);
  add_memory(service, checkpoint, place.available_memory, to);
  to.number("engine.swap_space", "--swap-space", service.swap_space);
  to.on_off("engine.disable_sliding_window", "disable-sliding-window", service.disable_sliding_window);
  to.number("performance.max_num_seqs", "--max-num-seqs", service.max_num_seqs);
  to.number("performance.max_num_batched_tokens", "--max-num-batched-tokens", service.max_num_batched_tokens);
  to.number("performance.max_seq_len_to_capture", "--max-seq-len-to-capture", service.max_seq_len_to_capture);
  to.on_off("performance.disable_log_stats", "disable-log-stats", service.disable_log_stats);
  to.number("gpu.tensor_parallel_size", "--tensor-parallel-size", service.tensor_parallel_size);
  to.number("gpu.pipeline_parallel_size", "--pipeline-parallel-size", service.pipeline_parallel_size);
  to.on_off("gpu.trust_remote_code", "trust-remote-code", service.trust_remote_code);
  to.on_off("optimization.enable_prefix_caching", "enable-prefix-caching", service.enable_prefix_caching);
  to.on_off("optimization.enable_chunked_prefill", "enable-chunked-prefill", service.enable_chunked_prefill);
  to.number("optimization.max_num_prefills", "--max-num-prefills", service.max_num_prefills);
  for (const char* always : {"--enable-prompt-tokens-details", "--disable-uvicorn-access-log"}) {
    if (installed.knows(always)) to.out().argv.emplace_back(always);
  }
  if (!service.api_key.empty()) to.out().environment.push_back("VLLM_API_KEY=" + service.api_key);
  return std::move(to.out());
}

}  // namespace docmind::vllm
