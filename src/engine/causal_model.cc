#include "engine/causal_model.h"

#include <llama.h>

#include <algorithm>
#include <filesystem>

#include "engine/impl/causal_state.h"

namespace docmind::engine {
namespace {

Error unusable(const std::string& what) {
  return {Code::kInvalidArgument, "This model cannot be used for chat: " + what + ".",
          "Use a GGUF file of a text model with full attention, for example Qwen3."};
}

std::string piece_of(const llama_vocab* vocabulary, TokenId token) {
  std::string piece(64, '\0');
  std::int32_t length =
      llama_token_to_piece(vocabulary, token, piece.data(), static_cast<std::int32_t>(piece.size()), 0, true);
  if (length < 0) {
    piece.resize(static_cast<std::size_t>(-length));
    length = llama_token_to_piece(vocabulary, token, piece.data(), -length, 0, true);
  }
  piece.resize(static_cast<std::size_t>(std::max(length, 0)));
  return piece;
}

std::uint32_t numbers_in_a_head(const llama_model* model, const std::string& key) {
  const std::string length = metadata(model, key);  // A number: the preflight has read it.
  return static_cast<std::uint32_t>(length.empty() ? llama_model_n_embd(model) / llama_model_n_head(model)
                                                   : std::stoi(length));
}

VocabularyFacts facts_of(const llama_vocab* vocabulary) {
  VocabularyFacts facts;
  facts.size = static_cast<std::uint32_t>(llama_vocab_n_tokens(vocabulary));
  for (TokenId id = 0; id < static_cast<TokenId>(facts.size); ++id) {
    constexpr auto kSpecial = static_cast<unsigned>(LLAMA_TOKEN_ATTR_CONTROL) | LLAMA_TOKEN_ATTR_USER_DEFINED;
    const auto attributes = static_cast<unsigned>(llama_vocab_get_attr(vocabulary, id));
    const bool control = (attributes & static_cast<unsigned>(LLAMA_TOKEN_ATTR_CONTROL)) != 0;
    if ((attributes & kSpecial) != 0) {
      facts.special.push_back({.id = id,
                               .text = piece_of(vocabulary, id),
                               .kind = control ? SpecialKind::kControl : SpecialKind::kWritten});
    }
    if (llama_vocab_is_eog(vocabulary, id)) facts.ends.push_back(id);
  }
  const TokenId begin = llama_vocab_bos(vocabulary);
  if (begin >= 0) facts.begin_text = piece_of(vocabulary, begin);
  if (begin >= 0 && llama_vocab_get_add_bos(vocabulary)) facts.begin = begin;
  const TokenId end = llama_vocab_eos(vocabulary);
  if (end >= 0) facts.end_text = piece_of(vocabulary, end);
  return facts;
}

}  // namespace

CausalModel::CausalModel(std::unique_ptr<State> state) : state_(std::move(state)) {}
CausalModel::~CausalModel() = default;
const CausalFacts& CausalModel::facts() const { return state_->facts; }
const VocabularyFacts& CausalModel::vocabulary() const { return state_->vocabulary_facts; }
std::string CausalModel::piece(TokenId token) const {
  const bool known = token >= 0 && static_cast<std::uint32_t>(token) < state_->vocabulary_facts.size;
  return known ? piece_of(state_->vocabulary, token) : std::string();
}

Result<std::unique_ptr<CausalModel>> CausalModel::open(const std::string& path, const std::optional<Offload>& offload) {
  auto state = std::make_unique<State>();
  state->model = DM_TRY(load_model(path, offload));
  const llama_model* model = state->model.get();
  state->vocabulary = llama_model_get_vocab(model);
  if (llama_model_has_encoder(model) || !llama_model_has_decoder(model)) return unusable("it does not write text");
  // Half a sequence cannot be forked or dropped in these, and everything above rests on that.
  if (llama_model_is_recurrent(model) || llama_model_is_hybrid(model)) return unusable("it is recurrent");
  if (llama_model_n_swa(model) > 0) return unusable("it forgets what lies outside a sliding window");

  CausalFacts& facts = state->facts;
  facts.name = metadata(model, "general.name");
  if (facts.name.empty()) facts.name = std::filesystem::path(path).stem().string();
  facts.architecture = metadata(model, "general.architecture");
  facts.window = static_cast<std::uint32_t>(llama_model_n_ctx_train(model));
  facts.layers = static_cast<std::uint32_t>(llama_model_n_layer(model));
  facts.kv_heads = static_cast<std::uint32_t>(llama_model_n_head_kv(model));
  facts.head_size = numbers_in_a_head(model, facts.architecture + ".attention.key_length");
  facts.value_size = numbers_in_a_head(model, facts.architecture + ".attention.value_length");
  facts.parameters = llama_model_n_params(model);
  facts.bytes = llama_model_size(model);
  const char* chat_template = llama_model_chat_template(model, nullptr);
  if (chat_template != nullptr) facts.chat_template = chat_template;
  state->vocabulary_facts = facts_of(state->vocabulary);
  return std::unique_ptr<CausalModel>(new CausalModel(std::move(state)));
}

Result<std::vector<TokenId>> CausalModel::tokenise(std::string_view text, Specials specials) const {
  return tokens_of(state_->vocabulary, text,
                   specials == Specials::kParse ? SpecialTokens::kParse : SpecialTokens::kNone);
}

}  // namespace docmind::engine
