#include "engine/encoder.h"

#include <llama.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <new>

#include "base/utf8.h"
#include "engine/libllama.h"
#include "engine/out_of_memory.h"

namespace docmind::engine {
namespace {

constexpr std::int32_t kNoMemory = -2;        // llama_encode: a buffer could not be had,
constexpr std::int32_t kGivenUp = 2;          // its abort callback said so.
constexpr std::size_t kMaxText = 16U << 20U;  // Bytes of one input; llama_tokenize counts in 32-bit integers.

Error unusable(const std::string& what) {
  return {Code::kInvalidArgument, "This model cannot be used for embeddings: " + what + ".",
          "Use a GGUF file of a BERT-like embedding model, for example one made by docmind models import."};
}

Error no_reranker(const std::string& what) {
  return {Code::kInvalidArgument, "This model cannot be used for reranking: " + what + ".",
          "Use a GGUF file of a BGE reranker, for example one made by docmind models import."};
}

// XLM-RoBERTa ends the query and begins the document with </s>. BERT would number the two texts, which libllama does
// not, so its scores would be others than the model was trained for.
Result<> find_separator(const llama_model* model, EncoderFacts& facts) {
  if (metadata(model, "tokenizer.ggml.model") != "t5") return no_reranker("it is not of the XLM-RoBERTa kind");
  if (llama_model_n_cls_out(model) != 1) return no_reranker("it gives more than one score");
  for (int i = 0; i < 2; ++i) {
    facts.separator.insert(facts.separator.end(), facts.suffix.begin(), facts.suffix.end());
  }
  return {};
}

Result<Pooling> pooling_of(const llama_model* model, EncoderUse use) {
  const std::string arch = metadata(model, "general.architecture");
  if (use == EncoderUse::kScores) {
    if (arch == "bert" && metadata(model, arch + ".pooling_type") == "4") return Pooling::kScore;
    return no_reranker("it is no text encoder with a classification head");
  }
  if (metadata(model, arch + ".attention.causal") != "false") return unusable("it is not a text encoder");
  const std::string type = metadata(model, arch + ".pooling_type");
  if (type == "1") return Pooling::kMean;
  if (type == "2") return Pooling::kCls;
  return unusable("its file does not ask for mean or CLS pooling");
}

// What the model puts around a text, found by asking: for "a" with and without special tokens.
Result<> find_special_tokens(const llama_vocab* vocabulary, EncoderFacts& facts) {
  const std::vector<TokenId> plain = DM_TRY(tokens_of(vocabulary, "a", SpecialTokens::kNone));
  const std::vector<TokenId> full = DM_TRY(tokens_of(vocabulary, "a", SpecialTokens::kAround));
  const auto at = std::ranges::search(full, plain);
  if (plain.empty() || at.empty() || full.size() == plain.size()) return unusable("it has no special tokens");
  facts.prefix.assign(full.begin(), at.begin());
  facts.suffix.assign(at.end(), full.end());
  return {};
}

Result<> check_spans(const llm::EmbedInput& input) {
  if (input.text.size() > kMaxText) {
    return Error{Code::kInvalidArgument, "A text to embed is longer than 16 MiB.", "Send it in pieces."};
  }
  if (!is_utf8(input.text)) return Error{Code::kInvalidArgument, "A text to embed is not UTF-8.", "Convert it first."};
  std::uint64_t at = 0;
  for (const auto& span : input.spans) {
    if (span.start < at || span.end < span.start || span.end > input.text.size() ||
        !is_char_border(input.text, span.start) || !is_char_border(input.text, span.end)) {
      return Error{Code::kInvalidArgument, "The spans of a text are not in order, not inside it, or split a character.",
                   "Send spans as byte offsets, sorted and without overlap."};
    }
    at = span.end;
  }
  return {};
}

}  // namespace

struct Encoder::State {
  EncoderFacts facts;
  ModelPointer model;
  const llama_vocab* vocabulary = nullptr;
};

Encoder::Encoder(std::unique_ptr<State> state) : state_(std::move(state)) {}
Encoder::~Encoder() = default;
const EncoderFacts& Encoder::facts() const { return state_->facts; }

Result<std::unique_ptr<Encoder>> Encoder::open(const EncoderOptions& options) {
  auto state = std::make_unique<State>();
  state->model = DM_TRY(load_model(options.model_path));
  const llama_model* model = state->model.get();
  state->vocabulary = llama_model_get_vocab(model);

  EncoderFacts& facts = state->facts;
  facts.name = metadata(model, "general.name");
  if (facts.name.empty()) facts.name = std::filesystem::path(options.model_path).stem().string();
  facts.dimensions = static_cast<std::uint32_t>(llama_model_n_embd_out(model));
  facts.window = std::min(static_cast<std::uint32_t>(llama_model_n_ctx_train(model)), options.max_window);
  facts.pooling = DM_TRY(pooling_of(model, options.use));
  facts.vocabulary = static_cast<std::uint32_t>(llama_vocab_n_tokens(state->vocabulary));
  DM_TRY(find_special_tokens(state->vocabulary, facts));
  if (facts.pooling == Pooling::kScore) DM_TRY(find_separator(model, facts));
  if (facts.window < facts.prefix.size() + facts.suffix.size() + 2) return unusable("its window is too small");
  return std::unique_ptr<Encoder>(new Encoder(std::move(state)));
}

Result<TokenisedText> Encoder::tokenise(const llm::EmbedInput& input) const {
  DM_TRY(check_spans(input));
  TokenisedText out;
  const std::string_view text = input.text;
  const auto append = [&](std::uint64_t start, std::uint64_t end) -> Result<> {
    if (start == end) return {};
    const auto piece = DM_TRY(tokens_of(state_->vocabulary, text.substr(start, end - start), SpecialTokens::kNone));
    out.tokens.insert(out.tokens.end(), piece.begin(), piece.end());
    return {};
  };
  std::uint64_t at = 0;
  for (const auto& span : input.spans) {
    DM_TRY(append(at, span.start));
    const auto begin = static_cast<std::uint32_t>(out.tokens.size());
    DM_TRY(append(span.start, span.end));
    out.spans.push_back({begin, static_cast<std::uint32_t>(out.tokens.size())});
    at = span.end;
  }
  DM_TRY(append(at, text.size()));
  return out;
}

struct EncoderContext::Shape {
  std::uint32_t tokens = 0;
  std::uint32_t threads = 1;
  llama_flash_attn_type attention = LLAMA_FLASH_ATTN_TYPE_ENABLED;
};

struct EncoderContext::State {
  const EncoderFacts* facts = nullptr;
  std::uint32_t max_tokens = 0;
  std::uint32_t threads = 1;
  ThreadsPointer kept_threads;  // Of a context for short passes; outlives the context.
  ContextPointer context;
  llama_batch batch{};
  std::vector<float> scores{};
  // Of a context for short passes.
  double patience = 0;
  double token_us = 0;  // What a token takes one thread, at least; 0: not yet known.
  std::uint32_t in_use = 1;
  std::int64_t give_up_at = std::numeric_limits<std::int64_t>::max();  // By ggml_time_us().
  std::uint64_t given_up = 0;
  bool fallen = false;  // libllama has run out of memory in it, and is not called again (llama_runner.cc).

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    llama_batch_free(batch);
    if (!fallen) return;
    (void)context.release();
    (void)kept_threads.release();
  }

  void compute_with(std::uint32_t count) {
    in_use = count;
    llama_set_n_threads(context.get(), static_cast<std::int32_t>(count), static_cast<std::int32_t>(count));
  }

  // libllama's status.
  std::int32_t encode() {
    if (!kept_threads) return encode_once();
    if (in_use > 1 && token_us > 0) {
      give_up_at = ggml_time_us() + static_cast<std::int64_t>(patience * token_us * batch.n_tokens);
      const std::int32_t status = encode_once();
      give_up_at = std::numeric_limits<std::int64_t>::max();
      if (status != kGivenUp) return status;
      ++given_up;
    }
    compute_with(1);
    const std::int64_t start = ggml_time_us();
    const std::int32_t status = encode_once();
    const double took = std::max(1.0, static_cast<double>(ggml_time_us() - start)) / batch.n_tokens;
    if (status == 0) token_us = token_us > 0 ? std::min(token_us, took) : took;
    return status;
  }

 private:
  std::int32_t encode_once() {
    try {
      return llama_encode(context.get(), batch);
    } catch (const std::bad_alloc&) {
      return kNoMemory;
    }
  }
};

EncoderContext::EncoderContext(std::unique_ptr<State> state) : state_(std::move(state)) {}
EncoderContext::~EncoderContext() = default;
std::uint32_t EncoderContext::max_tokens() const { return state_->max_tokens; }
std::uint32_t EncoderContext::threads() const { return state_->threads; }

Result<std::unique_ptr<EncoderContext>> EncoderContext::open(const Encoder& encoder, std::uint32_t threads) {
  // Measured on MiniLM at 250 tokens: plain attention makes a pass take nearly four times as long.
  return open(encoder, {.tokens = std::max(kSharedPass, encoder.facts().window), .threads = threads});
}

Result<std::unique_ptr<EncoderContext>> EncoderContext::open_short(const Encoder& encoder, std::uint32_t threads,
                                                                   double patience) {
  auto context =
      DM_TRY(open(encoder, {.tokens = kShortPass, .threads = threads, .attention = LLAMA_FLASH_ATTN_TYPE_DISABLED}));
  State& state = *context->state_;
  state.patience = patience;
  state.kept_threads = DM_TRY(keep_threads(threads));
  llama_attach_threadpool(state.context.get(), state.kept_threads.get(), state.kept_threads.get());
  const auto is_late = [](void* of) { return ggml_time_us() >= static_cast<State*>(of)->give_up_at; };
  llama_set_abort_callback(state.context.get(), is_late, &state);
  return context;
}

void EncoderContext::use_threads(std::uint32_t count) { state_->compute_with(std::clamp(count, 1U, state_->threads)); }
std::uint64_t EncoderContext::given_up() const { return state_->given_up; }

Result<std::unique_ptr<EncoderContext>> EncoderContext::open(const Encoder& encoder, const Shape& shape) {
  auto state = std::make_unique<State>();
  state->facts = &encoder.facts();
  state->max_tokens = shape.tokens;
  state->threads = shape.threads;
  llama_context_params params = llama_context_default_params();
  params.n_ctx = params.n_batch = params.n_ubatch = state->max_tokens;  // An encoder's pass is never split.
  params.n_seq_max = kMaxSequences;
  params.kv_unified = true;
  params.n_threads = params.n_threads_batch = static_cast<std::int32_t>(shape.threads);
  params.embeddings = true;
  const bool scores = encoder.facts().pooling == Pooling::kScore;
  params.pooling_type = scores ? LLAMA_POOLING_TYPE_RANK : LLAMA_POOLING_TYPE_NONE;
  params.attention_type = LLAMA_ATTENTION_TYPE_NON_CAUSAL;
  params.flash_attn_type = shape.attention;
  params.no_perf = true;
  state->context.reset(llama_init_from_model(encoder.state_->model.get(), params));
  if (state->context == nullptr) {
    return Error{Code::kResourceExhausted, "There is no memory to compute with this model.",
                 "Set fewer threads for it, or free memory."};
  }
  state->batch = llama_batch_init(static_cast<std::int32_t>(state->max_tokens), 0, 1);
  return std::unique_ptr<EncoderContext>(new EncoderContext(std::move(state)));
}

Result<std::span<const float>> EncoderContext::encode(std::span<const std::vector<TokenId>> sequences) {
  DM_CHECK(!sequences.empty() && sequences.size() <= kMaxSequences);
  llama_batch& batch = state_->batch;
  batch.n_tokens = 0;
  for (std::size_t s = 0; s < sequences.size(); ++s) {
    DM_CHECK(sequences[s].size() <= state_->facts->window &&
             static_cast<std::size_t>(batch.n_tokens) + sequences[s].size() <= state_->max_tokens);
    for (std::size_t i = 0; i < sequences[s].size(); ++i) {
      const std::int32_t n = batch.n_tokens++;
      batch.token[n] = sequences[s][i];
      batch.pos[n] = static_cast<llama_pos>(i);
      batch.n_seq_id[n] = 1;
      batch.seq_id[n][0] = static_cast<llama_seq_id>(s);
      batch.logits[n] = 1;
    }
  }
  const std::int32_t status = state_->fallen ? kNoMemory : state_->encode();
  if (status == kNoMemory) {
    state_->fallen = true;
    return out_of_memory();
  }
  if (status != 0) {
    return Error{Code::kInternal, "The model failed on a text.", "Try again; if it stays, report it."};
  }
  if (state_->facts->pooling == Pooling::kScore) return scores_of(sequences.size());
  const float* rows = llama_get_embeddings(state_->context.get());
  if (rows == nullptr) return Error{Code::kInternal, "The model gave no vectors.", "Use another model file."};
  return std::span(rows, static_cast<std::size_t>(batch.n_tokens) * state_->facts->dimensions);
}

Result<std::span<const float>> EncoderContext::scores_of(std::size_t sequences) {
  std::vector<float>& scores = state_->scores;
  scores.clear();
  for (std::size_t s = 0; s < sequences; ++s) {
    const float* score = llama_get_embeddings_seq(state_->context.get(), static_cast<llama_seq_id>(s));
    if (score == nullptr) return Error{Code::kInternal, "The model gave no score.", "Use another model file."};
    scores.push_back(*score);
  }
  return std::span<const float>(scores);
}

std::size_t EncoderContext::row_floats(std::size_t tokens) const {
  return state_->facts->pooling == Pooling::kScore ? 1 : tokens * state_->facts->dimensions;
}

}  // namespace docmind::engine
