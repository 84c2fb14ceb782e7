// What fits where: how many tokens of context a chat model gets, in how many bits its keys and values are held, and
// which of its layers go to which card, beside the embedder and the reranker.
//
// Arithmetic alone, over what the model's file says: nothing is loaded. Sizes are bytes and those that libllama
// allocates (measured: LlamaRunner::memory()). Layers are counted as libllama does: the output behind the last layer is
// one too, and the last ones go to the cards first. Thread safety: pure functions.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/llama_runner.h"
#include "model/kv_size.h"
#include "model/model_file.h"

namespace docmind::engine {

// What a chat model asks for, by its file.
struct ModelNeeds {
  std::uint32_t window = 0;  // Tokens it was trained for.
  std::uint32_t vocabulary = 0;
  std::uint32_t hidden = 0;  // Numbers of one token: between layers,
  std::uint32_t query = 0;   // in the queries of a layer,
  std::uint32_t feed = 0;    // and in its feed-forward part.
  model::KvShape kv{};
  std::uint64_t weights = 0;          // All.
  std::uint64_t layer = 0;            // Weights of one layer.
  std::uint64_t output = 0;           // Weights of the output.
  bool output_is_embeddings = false;  // A card then gets a copy of them.
};
Result<ModelNeeds> needs_of(const model::ModelFile& file);

struct CardMemory {
  std::string name{};  // "CUDA0"
  std::uint64_t free = 0;
  double share = 0;  // Of the layers, beside the other cards' shares; 0 everywhere: by free memory.
};

constexpr std::int32_t kAllLayers = -1;  // As many as fit.

struct MemoryWish {
  std::uint64_t available = 0;           // Of main memory, for everything that is planned.
  std::uint64_t main_cap = 0;            // Of main memory, for the chat model; 0: none.
  std::uint64_t beside = 0;              // Main memory of the embedder and the reranker.
  std::vector<CardMemory> cards{};       // Empty: main memory alone.
  std::int32_t gpu_layers = kAllLayers;  // On the cards.
  std::uint32_t context = 0;             // Tokens in the cache; 0: what fits, up to kPlannedContext.
  std::optional<CellType> cell_type{};   // Empty: the largest with which the context fits.
  std::uint32_t step_tokens = 512;
  std::uint32_t step_outputs = 128;
};

struct CardPlan {
  std::string name{};
  std::uint32_t layers = 0;
  std::uint64_t bytes = 0;
};

struct MemoryPlan {
  std::uint32_t context = 0;
  CellType cell_type = CellType::kF16;
  std::uint64_t weights = 0;      // Wherever they are,
  std::uint64_t cells = 0;        // these three
  std::uint64_t buffers = 0;      // are libllama's,
  std::uint64_t process = 0;      // and this is the rest of the process: vocabulary, libraries.
  std::uint64_t main = 0;         // What of all four is in main memory.
  std::vector<CardPlan> cards{};  // One for each that was given, in their order.

  std::uint32_t gpu_layers() const;
};

// A context that nobody asked for is not larger than this: the cache is allocated at once.
constexpr std::uint32_t kPlannedContext = 16384;
constexpr std::uint32_t kLeastContext = 1024;

// kResourceExhausted with the numbers when it cannot fit; kInvalidArgument when the cells asked for cannot be had.
Result<MemoryPlan> plan_memory(const ModelNeeds& needs, const MemoryWish& wish);
// What would fit instead of a wish that does not: with the cells asked for, then with each smaller kind, the longest
// context in steps of kLeastContext, up to the first that holds all that was asked for. Empty: nothing would.
std::vector<MemoryPlan> alternatives(const ModelNeeds& needs, const MemoryWish& wish);
// What the wish would take in main memory if that were without bounds: with the smallest cells that it allows.
Result<MemoryPlan> plan_unbounded(const ModelNeeds& needs, const MemoryWish& wish);

// Tokens in one pass of an embedder, unless its model was trained for less.
constexpr std::uint32_t kEmbeddingWindow = 1024;
// How many contexts compute at once in an encoder's engine: one for each thread, within a bound on their buffers, as
// libllama keeps room for the logits of a whole pass even when only vectors are asked of it (60 MB for MiniLM, 1 GB for
// a vocabulary of 250,000). Fewer contexts get more threads.
std::uint32_t encoder_contexts(std::uint32_t vocabulary, std::uint32_t window, std::uint32_t threads);
// Main memory of an embedder's or reranker's engine, its process included.
std::uint64_t encoder_bytes(const model::ModelFile& file, std::uint32_t max_window, std::uint32_t threads);

}  // namespace docmind::engine
