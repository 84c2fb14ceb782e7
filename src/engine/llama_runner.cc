#include "engine/llama_runner.h"

#include <ggml.h>
#include <llama-ext.h>
#include <llama.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <new>
#include <thread>
#include <vector>

#include "base/check.h"
#include "engine/impl/causal_state.h"
#include "engine/out_of_memory.h"

namespace docmind::engine {
namespace {

using scheduler::RunnerFacts;
using scheduler::SequenceId;

constexpr std::int32_t kNoMemory = -2;  // llama_decode: a buffer could not be had.

ggml_type ggml_type_of(CellType type) {
  switch (type) {
    case CellType::kF16:
      return GGML_TYPE_F16;
    case CellType::kQ8:
      return GGML_TYPE_Q8_0;
    case CellType::kQ4:
      return GGML_TYPE_Q4_0;
  }
  DM_CHECK(false);
}

llama_pos position(std::uint32_t at) {
  return at > static_cast<std::uint32_t>(std::numeric_limits<llama_pos>::max()) ? -1 : static_cast<llama_pos>(at);
}

struct Batch {
  explicit Batch(std::uint32_t tokens) : batch(llama_batch_init(static_cast<std::int32_t>(tokens), 0, 1)) {}
  ~Batch() { llama_batch_free(batch); }
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  void add(TokenId token, std::uint32_t at, SequenceId sequence, bool output) {
    const std::int32_t n = batch.n_tokens++;
    batch.token[n] = token;
    batch.pos[n] = position(at);
    batch.n_seq_id[n] = 1;
    batch.seq_id[n][0] = static_cast<llama_seq_id>(sequence);
    batch.logits[n] = output ? 1 : 0;
  }
  llama_batch batch;
};

// libllama's state blobs say nothing of what they belong to (research: a same-shaped other model loads silently).
std::string identity(const CausalFacts& facts, const llama_context* context, const LlamaRunnerOptions& options) {
  return std::string("ggml ") + ggml_version() + " " + ggml_commit() + "|" + llama_print_system_info() + "|" +
         options.model_hash + "|" + facts.architecture + "|" + std::to_string(facts.layers) + "|" +
         std::to_string(facts.kv_heads) + "|" + std::to_string(facts.head_size) + "|" +
         std::string(name(options.cell_type)) + "|rope " +
         std::to_string(llama_model_rope_type(llama_get_model(context))) + "|" +
         std::to_string(llama_model_rope_freq_scale_train(llama_get_model(context))) + "|flash|unified|v1";
}

}  // namespace

std::string_view name(CellType type) { return ggml_type_name(ggml_type_of(type)); }

std::optional<CellType> cell_type_named(std::string_view name_asked) {
  for (const CellType type : {CellType::kF16, CellType::kQ8, CellType::kQ4}) {
    if (name(type) == name_asked) return type;
  }
  return std::nullopt;
}

model::KvType kv_type(CellType type) {
  switch (type) {
    case CellType::kF16:
      return model::KvType::kF16;
    case CellType::kQ8:
      return model::KvType::kQ8;
    case CellType::kQ4:
      return model::KvType::kQ4;
  }
  DM_CHECK(false);
}

struct LlamaRunner::State {
  explicit State(std::uint32_t tokens) : batch(tokens) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    // Its buffers may be gone already, and would be freed twice.
    if (fallen) (void)context.release();
  }

  RunnerFacts facts;
  ContextPointer context;
  Batch batch;
  double row_work = 0;                           // Multiplications by weights for one row,
  double cell_work = 0;                          // and in attention for one row and cell.
  std::vector<std::int32_t> outputs;             // Batch index of each output of the last step.
  const std::atomic<bool>* interrupt = nullptr;  // Of the current step.
  std::int32_t threads = 1;                      // It was opened with,
  std::int32_t in_use = 1;                       // computes with,
  std::atomic<std::int32_t> wanted = 1;          // and shall compute with.
  // libllama has run out of memory. What it has freed to allocate it anew it still points to: it is not called again.
  bool fallen = false;

  void settle_threads() {
    if (const std::int32_t now = wanted; now != in_use) llama_set_n_threads(context.get(), in_use = now, now);
  }
  llama_memory_t memory() const { return llama_get_memory(context.get()); }
};

LlamaRunner::LlamaRunner(std::unique_ptr<State> state) : state_(std::move(state)) {}
LlamaRunner::~LlamaRunner() = default;
const RunnerFacts& LlamaRunner::facts() const { return state_->facts; }

Result<std::unique_ptr<LlamaRunner>> LlamaRunner::open(const CausalModel& model, const LlamaRunnerOptions& options) {
  auto state = std::make_unique<State>(options.step_tokens);
  const CausalFacts& causal = model.facts();
  const auto bytes_of_cell = model::kv_bytes({causal.layers, causal.kv_heads, causal.head_size, causal.value_size},
                                             kv_type(options.cell_type));
  if (!bytes_of_cell) {
    return Error{Code::kInvalidArgument,
                 "The heads of this model are too small for " + std::string(name(options.cell_type)) + " cells.",
                 "Set engine.kv_cache_dtype to f16."};
  }
  const auto threads = static_cast<std::int32_t>(
      options.threads != 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency()));
  llama_context_params params = llama_context_default_params();
  params.n_ctx = options.cells;
  params.n_batch = params.n_ubatch = options.step_tokens;
  // One more for idle rows. A number of sequences that does not divide a step's tokens costs libllama a quarter of its
  // speed (measured: 64 and 65).
  params.n_seq_max = std::bit_ceil(options.sequences + 1);
  const std::uint32_t outputs = std::max(options.step_outputs, params.n_seq_max);  // libllama asserts it.
  params.n_outputs_max = outputs;
  params.n_outputs_max_per_seq = outputs;
  params.kv_unified = true;
  params.n_threads = params.n_threads_batch = threads;
  params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_ENABLED;
  params.type_k = params.type_v = ggml_type_of(options.cell_type);
  params.no_perf = true;
  params.abort_callback = [](void* data) {
    const auto* interrupt = static_cast<const State*>(data)->interrupt;
    return interrupt != nullptr && interrupt->load(std::memory_order_relaxed);
  };
  params.abort_callback_data = state.get();
  state->threads = state->in_use = state->wanted = threads;
  state->context.reset(llama_init_from_model(model.state_->model.get(), params));
  if (state->context == nullptr) {
    return Error{Code::kResourceExhausted,
                 "There is no room for a context of " + std::to_string(options.cells) + " tokens.",
                 "Ask for a smaller context, or for smaller KV cells (q8_0)."};
  }
  RunnerFacts& facts = state->facts;
  facts.identity = identity(causal, state->context.get(), options);
  facts.vocabulary = model.vocabulary().size;
  facts.cells = llama_n_ctx(state->context.get());
  facts.window = std::min(causal.window, facts.cells);
  facts.sequences = options.sequences;
  facts.step_tokens = options.step_tokens;
  facts.step_outputs = outputs;
  facts.cell_bytes = *bytes_of_cell;
  facts.end_tokens = model.vocabulary().ends;
  const llama_model* weights = model.state_->model.get();
  state->row_work = static_cast<double>(llama_model_n_params(weights));
  // The fast attention is for f16 cells alone.
  if (options.cell_type == CellType::kF16)
    state->cell_work = 2.0 * causal.layers * llama_model_n_head(weights) * causal.head_size;
  return std::unique_ptr<LlamaRunner>(new LlamaRunner(std::move(state)));
}

void LlamaRunner::use_threads(std::uint32_t count) {
  state_->wanted = static_cast<std::int32_t>(std::clamp(count, 1U, static_cast<std::uint32_t>(state_->threads)));
}

std::uint32_t LlamaRunner::threads() const {
  return static_cast<std::uint32_t>(llama_n_threads(state_->context.get()));
}

RunnerMemory LlamaRunner::memory() const {
  RunnerMemory memory;
  for (const auto& [buffers, of] : llama_get_memory_breakdown(state_->context.get())) {
    memory.weights += of.model;
    memory.cells += of.context;
    memory.buffers += of.compute;
  }
  // Not in the breakdown: a row of logits for each output.
  memory.buffers += std::uint64_t{state_->facts.vocabulary} * state_->facts.step_outputs * sizeof(float);
  return memory;
}

// Few rows deep in a text are dear: libllama's fast attention begins at kFastRows, and below it every row goes over all
// cells alone. Then idle rows beside them, in a sequence of their own, make the step cheaper.
std::uint32_t LlamaRunner::idle_rows(std::span<const scheduler::Span> spans) const {
  constexpr std::uint32_t kFastRows = 64;
  // What a multiplication costs in attention against one by weights, measured on a 4th generation Xeon.
  constexpr double kSlowly = 12;
  constexpr double kFast = 3;
  std::uint32_t rows = 0;
  double cells = 0;  // That all rows look at.
  for (const scheduler::Span& span : spans) {
    const auto tokens = static_cast<std::uint32_t>(span.tokens.size());
    rows += tokens;
    cells += static_cast<double>(tokens) * (span.position + tokens / 2);
  }
  if (rows == 0 || rows >= kFastRows || kFastRows > state_->facts.step_tokens) return 0;
  const auto cost = [&](double all_rows, double factor) {
    return all_rows * (state_->row_work + factor * state_->cell_work * cells / rows);
  };
  return cost(kFastRows, kFast) < cost(rows, kSlowly) ? kFastRows - rows : 0;
}

std::int32_t LlamaRunner::decode(std::uint32_t idle) {
  Batch& batch = state_->batch;
  const std::int32_t rows = batch.batch.n_tokens;
  const std::uint32_t beside = state_->facts.sequences;
  for (std::uint32_t i = 0; i < idle; ++i) batch.add(0, i, beside, false);
  const std::int32_t status = llama_decode(state_->context.get(), batch.batch);
  if (idle > 0 && status != kNoMemory) drop(beside, 0, UINT32_MAX);
  if (status != 1 || idle == 0) return status;
  batch.batch.n_tokens = rows;  // No cells for idle rows.
  return llama_decode(state_->context.get(), batch.batch);
}

std::int32_t LlamaRunner::guarded_decode(std::uint32_t idle) {
  try {
    return decode(idle);
  } catch (const std::bad_alloc&) {
    return kNoMemory;
  }
}

Result<> LlamaRunner::step(std::span<const scheduler::Span> spans, const std::atomic<bool>& interrupt) {
  if (state_->fallen) return out_of_memory();
  Batch& batch = state_->batch;
  batch.batch.n_tokens = 0;
  state_->outputs.clear();
  for (const scheduler::Span& span : spans) {
    for (std::uint32_t i = 0; i < span.tokens.size(); ++i) {
      const bool output = i + span.outputs >= span.tokens.size();
      if (output) state_->outputs.push_back(batch.batch.n_tokens);
      DM_CHECK(static_cast<std::uint32_t>(batch.batch.n_tokens) < state_->facts.step_tokens);
      batch.add(span.tokens[i], span.position + i, span.sequence, output);
    }
  }
  DM_CHECK(state_->outputs.size() <= state_->facts.step_outputs);
  state_->settle_threads();
  state_->interrupt = &interrupt;
  const std::int32_t status = guarded_decode(idle_rows(spans));
  state_->interrupt = nullptr;
  if (status == 0) return {};
  if (status == kNoMemory) {
    state_->fallen = true;
    return out_of_memory();
  }
  for (const scheduler::Span& span : spans) drop(span.sequence, span.position, UINT32_MAX);
  if (status == 2) return Error{Code::kCancelled, "The step was given up."};
  if (status == 1) return Error{Code::kResourceExhausted, "The cache of the model is full.", "Try again in a moment."};
  return Error{Code::kInternal, "The model failed on this text.", "Try again; if it stays, report it."};
}

std::span<const float> LlamaRunner::logits(std::size_t output) const {
  const float* row = llama_get_logits_ith(state_->context.get(), state_->outputs.at(output));
  DM_CHECK(row != nullptr);
  return {row, state_->facts.vocabulary};
}

void LlamaRunner::fork(SequenceId from, SequenceId to, std::uint32_t begin, std::uint32_t end) {
  if (state_->fallen) return;
  llama_memory_seq_cp(state_->memory(), static_cast<llama_seq_id>(from), static_cast<llama_seq_id>(to), position(begin),
                      position(end));
}

void LlamaRunner::drop(SequenceId sequence, std::uint32_t begin, std::uint32_t end) {
  if (state_->fallen) return;
  const bool dropped =
      llama_memory_seq_rm(state_->memory(), static_cast<llama_seq_id>(sequence), position(begin), position(end));
  DM_CHECK(dropped);  // Plain full attention always can; other models are refused when they are opened.
}

Result<std::string> LlamaRunner::save(SequenceId sequence) {
  if (state_->fallen) return out_of_memory();
  const auto id = static_cast<llama_seq_id>(sequence);
  std::string bytes;
  try {
    bytes.resize(llama_state_seq_get_size(state_->context.get(), id));
  } catch (const std::bad_alloc&) {
    return Error{Code::kResourceExhausted, "There is no room for a copy of a text's cells.", "Free memory."};
  }
  const std::size_t size =
      llama_state_seq_get_data(state_->context.get(), reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size(), id);
  if (size == 0 || size != bytes.size()) return Error{Code::kInternal, "The cells of a text could not be copied."};
  return bytes;
}

Result<> LlamaRunner::restore(SequenceId sequence, std::string_view bytes, std::uint32_t tokens) {
  if (state_->fallen) return out_of_memory();
  const auto id = static_cast<llama_seq_id>(sequence);
  const std::size_t size = llama_state_seq_set_data(
      state_->context.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(), id);
  const bool whole = size != 0 && llama_memory_seq_pos_min(state_->memory(), id) == 0 &&
                     llama_memory_seq_pos_max(state_->memory(), id) + 1 == position(tokens);
  if (whole) return {};
  drop(sequence, 0, UINT32_MAX);
  return Error{Code::kDataLoss, "Saved cells do not fit the model."};
}

}  // namespace docmind::engine
