#include "app/engine_steps.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "base/find.h"
#include "engine/memory_plan.h"
#include "engine/out_of_memory.h"
#include "model/kv_size.h"

namespace docmind::app {
namespace {

constexpr std::uint32_t kLong = 65536;  // A longer context is the first to go (the specification's own step).
constexpr std::uint32_t kShort = 8192;
constexpr std::uint32_t kFewTokens = 128;  // In one step: the buffers are a quarter of the default's.

EngineStep context_of(std::uint32_t tokens) {
  return {fmt::format("a context of {} tokens", tokens), {fmt::format("--context={}", tokens)}};
}

bool can_be_8_bit(const config::Settings::Engine& engine, const model::ModelFile& file) {
  if (engine.kv_cache_dtype != "auto" && engine.kv_cache_dtype != "f16") return false;
  const auto shape = model::kv_shape(file);
  return shape && model::kv_bytes(*shape, model::KvType::kQ8);
}

EngineStep tight(const config::Settings::Engine& engine, const model::ModelFile& file) {
  EngineStep out;
  if (can_be_8_bit(engine, file)) {
    out.name = "keys and values in 8 bits";
    out.arguments.emplace_back("--kv-cache-dtype=q8_0");
  }
  if (engine.batch > kFewTokens) {
    out.name += fmt::format("{}{} prompt tokens at once", out.name.empty() ? "" : ", ", kFewTokens);
    out.arguments.push_back(fmt::format("--batch={}", kFewTokens));
  }
  return out;
}

bool speaks_of_memory(std::string_view said) {
  // Of the standard library, of ggml (whose checks of what it has allocated end so) and of CUDA.
  return contains_any(
      said, {"bad_alloc", "failed to allocate", "failed to reserve memory", "!= NULL) failed", "out of memory"});
}

}  // namespace

std::vector<EngineStep> engine_steps(const config::Settings::Engine& engine, const model::ModelFile& file) {
  std::uint32_t context = engine.context != 0 ? engine.context : std::min(engine::kPlannedContext, file.context);
  std::vector<EngineStep> out;
  if (context > kLong) out.push_back(context_of(context = kLong));
  if (EngineStep less = tight(engine, file); !less.arguments.empty()) out.push_back(std::move(less));
  const std::uint32_t least = context > kShort ? kShort : context / 2;
  if (least >= engine::kLeastContext) out.push_back(context_of(least));
  if (engine.gpu_layers != 0) out.push_back({"the processor alone", {"--gpu-layers=0"}});
  return out;
}

std::function<bool(const sys::Exit& exit, std::string_view said)> ended_for_memory(
    std::function<std::uint64_t()> memory_kills) {
  std::uint64_t before = memory_kills();
  return [memory_kills = std::move(memory_kills), before](const sys::Exit& exit, std::string_view said) mutable {
    if (exit.signal == 0) return exit.code == engine::kOutOfMemoryExit;
    if (exit.signal == SIGABRT) return speaks_of_memory(said);
    if (exit.signal != SIGKILL) return false;
    const std::uint64_t now = memory_kills();
    return now > std::exchange(before, now);
  };
}

}  // namespace docmind::app
