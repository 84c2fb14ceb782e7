#include "llm/vllm/service.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>

#include "net/address.h"

namespace docmind::vllm {
namespace {

constexpr std::size_t kLongestText = 4096;

// The error of set() is the end of a sentence that begins with the name.
struct Field {
  std::string_view name;
  std::function<Result<>(VllmService&, std::string_view)> set;
};

Error must(std::string what) { return {Code::kInvalidArgument, std::move(what)}; }

Result<std::string> line(std::string_view text) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (text.size() > kLongestText || std::ranges::any_of(text, is_control)) return must("must be one line of text");
  if (text.starts_with('-')) return must("must not begin with a dash");
  return std::string(text);
}

Field text(std::string_view name, std::string VllmService::* member) {
  return {name, [member](VllmService& out, std::string_view value) -> Result<> {
            out.*member = DM_TRY(line(value));
            return {};
          }};
}

// A word that vLLM knows, not we; "none" and "auto" leave the choice to it.
Field word(std::string_view name, std::string VllmService::* member) {
  return {name, [member](VllmService& out, std::string_view value) -> Result<> {
            const auto fits = [](char c) {
              return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
            };
            std::string said = DM_TRY(line(value));
            if (said.size() > 64 || !std::ranges::all_of(said, fits)) return must("must be one word");
            const bool left = said == "none" || said == "auto";
            out.*member = left ? std::string() : std::move(said);
            return {};
          }};
}

Field whole(std::string_view name, std::uint32_t VllmService::* member, std::uint32_t least, std::uint32_t most) {
  return {name, [=](VllmService& out, std::string_view value) -> Result<> {
            std::uint32_t number = 0;
            const auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), number);
            if (failed != std::errc() || end != value.data() + value.size() || number < least || number > most) {
              return must(fmt::format("must be a whole number from {} to {}", least, most));
            }
            out.*member = number;
            return {};
          }};
}

Field share(std::string_view name, double VllmService::* member) {
  return {name, [=](VllmService& out, std::string_view value) -> Result<> {
            double number = 0;
            const auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), number);
            const bool in_range = number >= 0.05 && number <= 1;
            if (failed != std::errc() || end != value.data() + value.size() || !in_range) {
              return must("must be a number from 0.05 to 1");
            }
            out.*member = number;
            return {};
          }};
}

Field on_off(std::string_view name, bool VllmService::* member) {
  return {name, [member](VllmService& out, std::string_view value) -> Result<> {
            std::string said(value);
            std::ranges::transform(said, said.begin(),
                                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
            const bool yes = said == "true" || said == "yes" || said == "on";
            if (!yes && said != "false" && said != "no" && said != "off") return must("must be true or false");
            out.*member = yes;
            return {};
          }};
}

Field own_host(std::string_view name) {
  return {
      name, [](VllmService& out, std::string_view value) -> Result<> {
        if (!net::is_loopback({.host = std::string(value)})) {
          return must("must be an address of this machine, like 127.0.0.1: a vLLM that DocMind starts serves it alone");
        }
        out.host = value;
        return {};
      }};
}

std::vector<Field> fields() {
  using S = VllmService;
  constexpr std::uint32_t kTokens = 1U << 24U;
  return {text("model.name", &S::model_name),
          text("model.path", &S::model_path),
          own_host("server.host"),
          whole("server.port", &S::port, 0, 65'535),
          text("server.api_key", &S::api_key),
          text("server.served_model_name", &S::served_model_name),
          word("server.tool_call_parser", &S::tool_call_parser),
          whole("engine.max_model_len", &S::max_model_len, 256, kTokens),
          word("engine.quantization", &S::quantization),
          word("engine.attention_backend", &S::attention_backend),
          word("engine.kv_cache_dtype", &S::kv_cache_dtype),
          on_off("engine.enforce_eager", &S::enforce_eager),
          share("engine.gpu_memory_utilization", &S::gpu_memory_utilization),
          whole("engine.swap_space", &S::swap_space, 0, 4'096),
          on_off("engine.disable_sliding_window", &S::disable_sliding_window),
          whole("performance.max_num_seqs", &S::max_num_seqs, 1, 65'536),
          whole("performance.max_num_batched_tokens", &S::max_num_batched_tokens, 16, kTokens),
          whole("performance.max_seq_len_to_capture", &S::max_seq_len_to_capture, 1, kTokens),
          on_off("performance.disable_log_stats", &S::disable_log_stats),
          whole("gpu.tensor_parallel_size", &S::tensor_parallel_size, 1, 1'024),
          whole("gpu.pipeline_parallel_size", &S::pipeline_parallel_size, 1, 1'024),
          on_off("gpu.trust_remote_code", &S::trust_remote_code),
          whole("gpu.cpu_offload_gb", &S::cpu_offload_gb, 0, 4'096),
          on_off("optimization.enable_prefix_caching", &S::enable_prefix_caching),
          on_off("optimization.enable_chunked_prefill", &S::enable_chunked_prefill),
          whole("optimization.max_num_prefills", &S::max_num_prefills, 1, 65'536),
          whole("cpu.kv_cache_gb", &S::cpu_kv_cache_gb, 0, 65'536),
          text("cpu.threads_bind", &S::cpu_threads_bind)};
}

}  // namespace

Result<ServiceRead> read_service(const std::vector<ServiceEntry>& entries) {
  ServiceRead out;
  const std::vector<Field> known = fields();
  for (const ServiceEntry& entry : entries) {
    const auto field = std::ranges::find(known, std::string_view(entry.name), &Field::name);
    if (field == known.end()) {
      out.warnings.push_back(
          fmt::format("{}: vLLM has no setting {} here, it has no effect", entry.origin, entry.name));
      continue;
    }
    if (const Result<> set = field->set(out.service, entry.value); !set) {
      return Error{Code::kInvalidArgument, fmt::format("{}: {} {}", entry.origin, entry.name, set.error().message),
                   "config/vllm_service.yaml shows what each setting may be."};
    }
  }
  if (out.service.served_model_name.empty() || out.service.model_path.empty()) {
    return Error{Code::kInvalidArgument, "server.served_model_name and model.path must not be empty",
                 "Leave the line out for the default."};
  }
  return out;
}

std::vector<std::string_view> service_names() {
  std::vector<std::string_view> out;
  for (const Field& field : fields()) out.push_back(field.name);
  return out;
}

}  // namespace docmind::vllm
