#include "engine/memory_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace docmind::engine {
namespace {

constexpr std::uint32_t kUnit = 256;  // libllama rounds the cache up to this many cells.

// Logits of a step's outputs, and the largest tensors of its graph; what libllama reserves at its start.
std::uint64_t buffers(std::uint32_t vocabulary, const MemoryWish& wish) {
  constexpr std::uint64_t kGraph = 96ULL << 20U;
  return kGraph + 2 * std::uint64_t{vocabulary} * wish.step_outputs * sizeof(float);
}

double mebibytes(std::uint64_t bytes) { return static_cast<double>(bytes) / (1U << 20U); }

}  // namespace

Result<MemoryPlan> plan_memory(const CausalFacts& facts, std::uint32_t vocabulary, const MemoryWish& wish) {
  MemoryPlan plan;
  plan.weights = facts.bytes;
  plan.buffers = buffers(vocabulary, wish);
  const std::uint64_t taken = plan.weights + plan.buffers;
  const std::uint64_t room = wish.available > taken ? wish.available - taken : 0;
  const std::uint32_t wanted =
      (wish.context != 0 ? wish.context : std::min(kPlannedContext, facts.window) + kUnit - 1) / kUnit * kUnit;
  constexpr std::array kTypes{CellType::kF16, CellType::kQ8, CellType::kQ4};
  for (const CellType type : kTypes) {
    if (wish.cell_type && type != *wish.cell_type) continue;
    const auto cell = cell_bytes(facts, type);
    if (!cell) continue;
    plan.cell_type = type;
    plan.context = wanted;
    plan.cells = wanted * *cell;
    if (plan.cells <= room) return plan;
  }
  // Nobody asked for so much: then less, with full precision.
  plan.cell_type = wish.cell_type.value_or(CellType::kF16);
  const auto cell = cell_bytes(facts, plan.cell_type);
  if (!cell) {
    return Error{Code::kInvalidArgument,
                 fmt::format("The heads of this model are too small for {} cells.", name(plan.cell_type)),
                 "Set engine.kv_cache_dtype to f16."};
  }
  const auto fits = static_cast<std::uint32_t>(room / *cell / kUnit * kUnit);
  if (wish.context == 0 && fits >= kLeastContext) {
    plan.context = std::min(fits, wanted);
    plan.cells = plan.context * *cell;
    return plan;
  }
  return Error{Code::kResourceExhausted,
               fmt::format("A context of {} tokens does not fit: weights {:.0f} MiB, keys and values {:.0f} MiB ({}), "
                           "buffers {:.0f} MiB, but {:.0f} MiB are available.",
                           wanted, mebibytes(plan.weights), mebibytes(wanted * *cell), name(plan.cell_type),
                           mebibytes(plan.buffers), mebibytes(wish.available)),
               "Ask for a smaller context, use a smaller or more strongly quantised model, or free memory."};
}

}  // namespace docmind::engine
