// What fits: how many tokens of context a chat model gets, and in how many bits its keys and values are held.
//
// Arithmetic alone; the sizes are those that libllama allocates. Thread safety: pure functions.
#pragma once
#include <cstdint>
#include <optional>

#include "base/result.h"
#include "engine/causal_model.h"
#include "engine/llama_runner.h"

namespace docmind::engine {

struct MemoryWish {
  std::uint64_t available = 0;          // Bytes this process may take in all.
  std::uint32_t context = 0;            // Tokens in the cache; 0: what fits, up to kPlannedContext.
  std::optional<CellType> cell_type{};  // Empty: the largest with which the context fits.
  std::uint32_t step_tokens = 512;
  std::uint32_t step_outputs = 128;
};

struct MemoryPlan {
  std::uint32_t context = 0;
  CellType cell_type = CellType::kF16;
  std::uint64_t weights = 0;  // Bytes,
  std::uint64_t cells = 0;    // of these three
  std::uint64_t buffers = 0;  // parts.
  std::uint64_t all() const { return weights + cells + buffers; }
};

// A context that nobody asked for is not larger than this: the cache is allocated at once.
constexpr std::uint32_t kPlannedContext = 16384;
constexpr std::uint32_t kLeastContext = 1024;

// kResourceExhausted with the numbers when it cannot fit.
Result<MemoryPlan> plan_memory(const CausalFacts& facts, std::uint32_t vocabulary, const MemoryWish& wish);

}  // namespace docmind::engine
