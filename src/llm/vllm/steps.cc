#include "llm/vllm/steps.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/find.h"

namespace docmind::vllm {
namespace {

struct Step {
  std::string name;
  std::function<void(VllmService&, const Checkpoint&)> apply;
};

Step shorter(std::uint32_t tokens) {
  return {fmt::format("context {}", tokens), [tokens](VllmService& s, const Checkpoint&) { s.max_model_len = tokens; }};
}

std::vector<Step> steps(const VllmService& service, Build build) {
  std::vector<Step> out;
  const bool device = build == Build::kDevice;
  if (device && !service.attention_backend.empty()) {
    out.push_back({"the next attention back end", [](VllmService& s, const Checkpoint&) { s.attention_backend = ""; }});
  }
  constexpr std::uint32_t kFirst = 65'536;
  if (service.max_model_len > kFirst) out.push_back(shorter(kFirst));
  if (!device) {
    for (const std::uint32_t tokens : {32'768U, 8'192U}) {
      if (service.max_model_len > tokens) out.push_back(shorter(tokens));
    }
    return out;
  }
  for (const double share : {0.85, 0.70}) {
    if (service.gpu_memory_utilization <= share) continue;
    out.push_back({fmt::format("{:.0f} % of the card's memory", share * 100),
                   [share](VllmService& s, const Checkpoint&) { s.gpu_memory_utilization = share; }});
  }
  if (service.cpu_offload_gb == 0) {
    out.push_back({"weights in main memory", [](VllmService& s, const Checkpoint& checkpoint) {
                     constexpr std::uint64_t kGibibyte = 1ULL << 30U;
                     s.cpu_offload_gb = static_cast<std::uint32_t>(
                         std::min<std::uint64_t>(checkpoint.weight_bytes / kGibibyte + 1, 4'096));
                   }});
  }
  return out;
}

}  // namespace

std::vector<std::string> steps_of(const VllmService& service, Build build) {
  std::vector<std::string> out;
  for (Step& step : steps(service, build)) out.push_back(std::move(step.name));
  return out;
}

VllmService after_steps(const VllmService& service, Build build, std::size_t count, const Checkpoint& checkpoint) {
  VllmService out = service;
  const std::vector<Step> all = steps(service, build);
  for (std::size_t i = 0; i < std::min(count, all.size()); ++i) all[i].apply(out, checkpoint);
  return out;
}

bool ended_for_memory(std::string_view said) {
  return contains_any(said, {"is larger than the available KV cache", "No available memory for the cache blocks",
                             "is less than desired GPU memory utilization", "is less than the engine's budget",
                             "is less than requested memory for kv", "out of memory", "OutOfMemoryError",
                             "can't allocate memory", "Cannot allocate memory", "MemoryError", "std::bad_alloc"});
}

bool ended_for_attention(std::string_view said) {
  // Of FlashInfer: not installed, its kernels do not compile, or the card does not take it.
  return contains_any(said, {"No module named 'flashinfer", "Could not find nvcc", "flashinfer/jit",
                             "Invalid attention backend"}) ||
         (said.find("Selected backend") != std::string_view::npos &&
          said.find("is not valid for this configuration") != std::string_view::npos);
}

std::string cause_in(std::string_view said) {
  // The last exception that is not the one that only points to another.
  constexpr std::size_t kLongest = 500;
  std::string cause;
  while (!said.empty()) {
    const std::size_t end = std::min(said.find('\n'), said.size());
    std::string_view line = said.substr(0, end);
    said.remove_prefix(std::min(end + 1, said.size()));
    const std::size_t at = line.find("Error: ");
    if (at == std::string_view::npos || line.find("raise ") != std::string_view::npos) continue;
    const std::size_t begin = line.find_last_of(" \t", at);
    line.remove_prefix(begin == std::string_view::npos ? 0 : begin + 1);
    if (!contains_any(line, {"Engine core initialization failed", "EngineDeadError"})) cause = line.substr(0, kLongest);
  }
  return cause;
}

}  // namespace docmind::vllm
