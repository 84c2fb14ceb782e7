#include "engine/memory_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

namespace docmind::engine {
namespace {

constexpr std::uint32_t kUnit = 256;  // libllama rounds the cache up to this many cells.
// Of the process beside libllama's buffers: binary, libraries, vocabulary. Measured with 4,096 tokens and with 151,643.
constexpr std::uint64_t kProcess = 24ULL << 20U;
constexpr std::uint64_t kBytesOfToken = 150;
constexpr std::array kCellTypes{CellType::kF16, CellType::kQ8, CellType::kQ4};  // From the largest.
constexpr std::uint32_t kSharedPass = 256;                                      // EncoderContext's,
constexpr std::uint32_t kShortPass = 64;                                        // both.

double mebibytes(std::uint64_t bytes) { return static_cast<double>(bytes) / (1U << 20U); }

// The largest state of libllama's graph: the mask of the step's tokens against all cells, with the widest place of a
// layer; or, after the layers, the logits. Fitted to what it reserves for Qwen3 shapes.
std::uint64_t compute_bytes(const ModelNeeds& needs, const MemoryWish& wish, std::uint32_t context) {
  const std::uint64_t tokens = wish.step_tokens;
  const std::uint64_t h = needs.hidden;
  const std::uint64_t q = needs.query;
  const std::uint64_t kv = std::uint64_t{needs.kv.kv_heads} * needs.kv.key_size;
  const std::uint64_t widest =
      std::max({2 * h + 3 * std::uint64_t{needs.feed}, 3 * h + 2 * q, h + 3 * q, h + 2 * q + 4 * kv});
  const std::uint64_t mask = 2 * tokens * context;
  const std::uint64_t in_layers = mask + tokens * (24 + 4 * widest);
  const std::uint64_t outputs = std::min(wish.step_outputs, wish.step_tokens);
  const std::uint64_t after_layers = 4 * outputs * (needs.vocabulary + 2 * h);
  return std::max(in_layers, after_layers);
}

std::uint64_t logits_bytes(const ModelNeeds& needs, const MemoryWish& wish) {
  return std::uint64_t{needs.vocabulary} * wish.step_outputs * sizeof(float);
}

std::optional<std::uint64_t> cell_bytes(const ModelNeeds& needs, CellType type) {
  return model::kv_bytes(needs.kv, kv_type(type));
}

// `count` layers over the cards: by their shares, and where one is full, to whoever has most room. Nothing when they
// do not fit.
std::optional<std::vector<std::uint32_t>> spread(std::uint32_t count, const std::vector<CardMemory>& cards,
                                                 const std::vector<std::uint64_t>& room) {
  std::vector<double> shares;
  const bool given = std::ranges::any_of(cards, [](const CardMemory& card) { return card.share > 0; });
  for (const CardMemory& card : cards) shares.push_back(given ? card.share : static_cast<double>(card.free));
  const double all = std::accumulate(shares.begin(), shares.end(), 0.0);
  std::vector<std::uint32_t> out(cards.size(), 0);
  std::uint32_t left = count;
  for (std::size_t i = 0; i < cards.size() && all > 0; ++i) {
    const auto part = static_cast<std::uint64_t>(count * shares[i] / all);
    out[i] = static_cast<std::uint32_t>(std::min<std::uint64_t>({part, room[i], left}));
    left -= out[i];
  }
  for (; left > 0; --left) {
    std::size_t most = 0;
    for (std::size_t i = 1; i < cards.size(); ++i) {
      if (room[i] - out[i] > room[most] - out[most]) most = i;
    }
    if (room[most] == out[most]) return {};
    ++out[most];
  }
  return out;
}

struct Trial {
  const ModelNeeds& needs;
  const MemoryWish& wish;
  std::uint32_t context = 0;
  CellType type = CellType::kF16;
  std::uint64_t cell = 0;

  // With so many layers on the cards; nothing when that does not fit.
  std::optional<MemoryPlan> place(std::uint32_t layers) const {
    MemoryPlan plan = without_cards();
    plan.main -= main_saved(layers);
    if (plan.main + wish.beside > wish.available) return {};
    if (wish.main_cap != 0 && plan.main > wish.main_cap) return {};
    const std::uint64_t compute = compute_bytes(needs, wish, context);
    const std::uint64_t layer = needs.layer + context * cell / needs.kv.layers;
    std::vector<std::uint64_t> room;
    for (const CardMemory& card : wish.cards) {
      const std::uint64_t fixed = compute + needs.output;
      room.push_back(card.free > fixed ? (card.free - fixed) / std::max<std::uint64_t>(layer, 1) : 0);
    }
    const auto spreaded = spread(layers, wish.cards, room);
    if (!spreaded) return {};
    for (std::size_t i = 0; i < wish.cards.size(); ++i) {
      const std::uint32_t count = (*spreaded)[i];
      plan.cards.push_back({wish.cards[i].name, count, count == 0 ? 0 : compute + count * layer});
    }
    const auto last = std::find_if(plan.cards.rbegin(), plan.cards.rend(), [](const auto& c) { return c.layers > 0; });
    if (last != plan.cards.rend()) last->bytes += needs.output - layer;  // One of its layers is the output.
    return plan;
  }

  MemoryPlan without_cards() const {
    MemoryPlan plan;
    plan.context = context;
    plan.cell_type = type;
    plan.weights = needs.weights;
    plan.cells = context * cell;
    plan.buffers = compute_bytes(needs, wish, context) + logits_bytes(needs, wish);
    plan.process = kProcess + kBytesOfToken * needs.vocabulary;
    plan.main = plan.weights + plan.cells + plan.buffers + plan.process;
    return plan;
  }

 private:
  // Layers are counted from the output backwards.
  std::uint64_t main_saved(std::uint32_t layers) const {
    if (layers == 0) return 0;
    const std::uint64_t whole = layers - 1;
    return (needs.output_is_embeddings ? 0 : needs.output) + whole * needs.layer +
           context * cell / needs.kv.layers * whole;
  }
};

std::optional<MemoryPlan> most_on_cards(const Trial& trial) {
  const std::uint32_t all = trial.wish.cards.empty() ? 0 : trial.needs.kv.layers + 1;
  const bool asked = trial.wish.gpu_layers >= 0;
  const std::uint32_t high = asked ? std::min(static_cast<std::uint32_t>(trial.wish.gpu_layers), all) : all;
  const std::uint32_t low = asked ? high : 0;
  for (std::uint32_t layers = high + 1; layers-- > low;) {
    if (auto plan = trial.place(layers)) return plan;
  }
  return {};
}

Error does_not_fit(const Trial& trial) {
  const MemoryWish& wish = trial.wish;
  const MemoryPlan plan = trial.without_cards();
  std::string limits = fmt::format("{:.0f} MiB are available", mebibytes(wish.available));
  if (wish.main_cap != 0) limits += fmt::format(", {:.0f} MiB of them allowed", mebibytes(wish.main_cap));
  if (wish.beside != 0)
    limits += fmt::format(", {:.0f} MiB go to the embedder and the reranker", mebibytes(wish.beside));
  for (const CardMemory& card : wish.cards) {
    limits += fmt::format(", {} has {:.0f} MiB", card.name, mebibytes(card.free));
  }
  if (wish.gpu_layers >= 0 && !wish.cards.empty()) limits += fmt::format(" for {} layers", wish.gpu_layers);
  return {Code::kResourceExhausted,
          fmt::format("A context of {} tokens does not fit: weights {:.0f} MiB, keys and values {:.0f} MiB ({}), "
                      "buffers {:.0f} MiB, the process {:.0f} MiB, but {}.",
                      trial.context, mebibytes(plan.weights), mebibytes(plan.cells), name(trial.type),
                      mebibytes(plan.buffers), mebibytes(plan.process), limits),
          "Ask for a smaller context, use a smaller or more strongly quantised model, or free memory."};
}

}  // namespace

std::uint32_t MemoryPlan::gpu_layers() const {
  return std::accumulate(cards.begin(), cards.end(), 0U,
                         [](std::uint32_t sum, const CardPlan& card) { return sum + card.layers; });
}

Result<ModelNeeds> needs_of(const model::ModelFile& file) {
  ModelNeeds needs;
  needs.kv = DM_TRY(model::kv_shape(file));
  needs.window = file.context;
  needs.vocabulary = file.vocabulary;
  needs.hidden = file.dimensions;
  needs.query = file.heads * file.head_size;
  needs.feed = file.feed_forward;
  std::uint64_t in_layers = 0;
  std::uint64_t embeddings = 0;
  for (const model::TensorFacts& tensor : file.tensors) {
    needs.weights += tensor.bytes;
    if (tensor.name.starts_with("blk.")) in_layers += tensor.bytes;
    if (tensor.name == "token_embd.weight") embeddings = tensor.bytes;
    if (tensor.name == "output.weight") needs.output = tensor.bytes;
  }
  needs.layer = (in_layers + needs.kv.layers - 1) / needs.kv.layers;
  needs.output_is_embeddings = needs.output == 0;
  if (needs.output_is_embeddings) needs.output = embeddings;
  return needs;
}

Result<MemoryPlan> plan_memory(const ModelNeeds& needs, const MemoryWish& wish) {
  const std::uint32_t asked = wish.context != 0 ? wish.context : std::min(kPlannedContext, needs.window);
  const std::uint32_t wanted = (asked + kUnit - 1) / kUnit * kUnit;
  std::optional<Trial> smallest;
  for (const CellType type : kCellTypes) {
    const auto cell = cell_bytes(needs, type);
    if (!cell || type != wish.cell_type.value_or(type)) continue;
    smallest.emplace(Trial{needs, wish, wanted, type, *cell});
    if (auto plan = most_on_cards(*smallest)) return *plan;
  }
  if (!smallest) {
    return Error{Code::kInvalidArgument,
                 fmt::format("The heads of this model are too small for {} cells.",
                             name(wish.cell_type.value_or(CellType::kF16))),
                 "Set engine.kv_cache_dtype to f16."};
  }
  // Nobody asked for so much: then less, with full precision.
  const CellType type = wish.cell_type.value_or(CellType::kF16);
  if (const auto cell = cell_bytes(needs, type); cell && wish.context == 0) {
    Trial less{needs, wish, wanted, type, *cell};
    for (less.context = wanted - kUnit; less.context >= kLeastContext && less.context < wanted; less.context -= kUnit) {
      if (auto plan = most_on_cards(less)) return *plan;
    }
  }
  return does_not_fit(*smallest);
}

std::vector<MemoryPlan> alternatives(const ModelNeeds& needs, const MemoryWish& wish) {
  const std::uint32_t asked = wish.context != 0 ? wish.context : std::min(kPlannedContext, needs.window);
  std::vector<MemoryPlan> out;
  for (const CellType type : kCellTypes) {
    if (wish.cell_type && type < *wish.cell_type) continue;
    MemoryWish less = wish;
    less.cell_type = type;
    std::optional<MemoryPlan> best;
    // Of the contexts 1, 2, 3 ... times the least one, and of the whole, the last that fits: more never takes less.
    std::uint32_t fits = 0;
    std::uint32_t too_much = (asked + kLeastContext - 1) / kLeastContext + 1;
    while (fits + 1 < too_much) {
      const std::uint32_t middle = (fits + too_much) / 2;
      less.context = std::min(middle * kLeastContext, asked);
      if (auto plan = plan_memory(needs, less)) {
        best = *std::move(plan);
        fits = middle;
      } else {
        too_much = middle;
      }
    }
    if (!best) continue;
    out.push_back(*std::move(best));
    if (out.back().context >= asked) break;
  }
  return out;
}

Result<MemoryPlan> plan_unbounded(const ModelNeeds& needs, const MemoryWish& wish) {
  MemoryWish all{.available = std::numeric_limits<std::uint64_t>::max(),
                 .context = wish.context,
                 .step_tokens = wish.step_tokens,
                 .step_outputs = wish.step_outputs};
  for (auto type = kCellTypes.rbegin(); type != kCellTypes.rend() && !wish.cell_type; ++type) {
    all.cell_type = *type;
    if (auto plan = plan_memory(needs, all)) return plan;
  }
  all.cell_type = wish.cell_type;
  return plan_memory(needs, all);
}

std::uint32_t encoder_contexts(std::uint32_t vocabulary, std::uint32_t window, std::uint32_t threads) {
  constexpr std::uint64_t kMaxBuffers = 1ULL << 30U;  // Bytes, of all contexts.
  constexpr std::uint64_t kMaxContexts = 8;
  const std::uint64_t tokens = std::max(window, kSharedPass);
  const std::uint64_t logits = std::max<std::uint64_t>(tokens * vocabulary * sizeof(float), 1);
  const std::uint64_t most = std::clamp<std::uint64_t>(kMaxBuffers / logits, 1, kMaxContexts);
  return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(threads, 1, most));
}

std::uint64_t encoder_bytes(const model::ModelFile& file, std::uint32_t max_window, std::uint32_t threads) {
  const std::uint32_t window = std::min(max_window, file.context);
  const std::uint64_t tokens = std::max(window, kSharedPass);
  std::uint64_t weights = 0;
  for (const model::TensorFacts& tensor : file.tensors) weights += tensor.bytes;
  const std::uint64_t h = file.dimensions;
  const std::uint64_t widest = std::max(5 * h, 2 * h + 2 * std::uint64_t{file.feed_forward});
  const auto context = [&](std::uint64_t pass) {
    return pass * 4 * (std::uint64_t{file.vocabulary} + h + widest) + 2 * pass * pass;
  };
  const bool questions = file.purpose != model::Purpose::kReranking;
  return weights + encoder_contexts(file.vocabulary, window, threads) * context(tokens) +
         (questions ? context(kShortPass) : 0) + kProcess + kBytesOfToken * file.vocabulary;
}

}  // namespace docmind::engine
