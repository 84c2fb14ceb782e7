#include "model/bert_mapping.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cstdint>
#include <unordered_map>

#include "base/utf8.h"
#include "model/impl/config_json.h"
#include "model/impl/match_tensors.h"
#include "model/unigram_tokenizer.h"

namespace docmind::model {
namespace {

constexpr std::uint32_t kMaxSize = 1U << 20U;  // Of any dimension in config.json; BERTs have 128 to 4096.
constexpr std::uint32_t kMaxLayers = 256;
constexpr std::int32_t kNormalToken = 1;  // llama_token_type
constexpr std::int32_t kUnknownToken = 2;
constexpr std::int32_t kControlToken = 3;

struct BertConfig {
  std::uint32_t hidden = 0, layers = 0, heads = 0, feed_forward = 0, positions = 0, vocabulary = 0, types = 0;
  std::uint32_t first_position = 0;  // Rows of the positions before the first that is used.
  float norm_epsilon = 0;
};

Result<BertConfig> read_config(const std::string& text) {
  const ConfigJson config = DM_TRY(ConfigJson::parse(text, "config.json"));
  if (config.text("hidden_act").value_or("gelu") != "gelu" ||
      config.text("position_embedding_type").value_or("absolute") != "absolute") {
    return unfit("only gelu activations and absolute positions are supported");
  }
  BertConfig c;
  c.hidden = DM_TRY(config.size("hidden_size", kMaxSize));
  c.layers = DM_TRY(config.size("num_hidden_layers", kMaxLayers));
  c.heads = DM_TRY(config.size("num_attention_heads", kMaxSize));
  c.feed_forward = DM_TRY(config.size("intermediate_size", kMaxSize));
  c.positions = DM_TRY(config.size("max_position_embeddings", kMaxSize));
  c.vocabulary = DM_TRY(config.size("vocab_size", kMaxSize));
  c.types = DM_TRY(config.size("type_vocab_size", kMaxSize));
  if (c.hidden % c.heads != 0) return unfit("its hidden size is not a multiple of its attention heads");
  c.norm_epsilon = DM_TRY(config.number_or("layer_norm_eps", 0, 1, 1e-12));
  return c;
}

struct Vocabulary {
  std::vector<std::string> tokens;
  std::vector<std::int32_t> types;
  std::uint32_t unknown = 0, cls = 0, sep = 0, pad = 0, mask = 0;
};

// The token's text as llama.cpp's WordPiece tokenizer looks it up.
std::string phantom(std::string_view token) {
  if (token.starts_with("##")) return std::string(token.substr(2));
  return "\xe2\x96\x81" + std::string(token);
}

Result<Vocabulary> read_vocabulary(const std::string& text, std::uint32_t expected) {
  if (!is_utf8(text)) return unfit("its vocab.txt is not UTF-8");
  Vocabulary v;
  std::unordered_map<std::string_view, std::uint32_t> ids;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t line_end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, line_end);
    rest.remove_prefix(std::min(line_end + 1, rest.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!ids.emplace(line, v.tokens.size()).second) return unfit("its vocab.txt names a token twice");
    const bool control = line == "[CLS]" || line == "[SEP]" || line == "[PAD]" || line == "[MASK]";
    v.types.push_back(control ? kControlToken : line == "[UNK]" ? kUnknownToken : kNormalToken);
    v.tokens.push_back(control || line == "[UNK]" ? std::string(line) : phantom(line));
  }
  if (v.tokens.size() != expected) return unfit("its vocab.txt has not as many lines as its config.json says tokens");
  for (const auto& [name, id] : {std::pair{"[UNK]", &v.unknown}, std::pair{"[CLS]", &v.cls}, std::pair{"[SEP]", &v.sep},
                                 std::pair{"[PAD]", &v.pad}, std::pair{"[MASK]", &v.mask}}) {
    const auto it = ids.find(name);
    if (it == ids.end()) return unfit(std::string("its vocab.txt has no ") + name);
    *id = it->second;
  }
  return v;
}

// 1 mean, 2 CLS (llama_pooling_type).
Result<std::uint32_t> read_pooling(const std::string& text) {
  if (text.empty()) return 1U;
  const ConfigJson config = DM_TRY(ConfigJson::parse(text, "1_Pooling/config.json"));
  if (config.flag("pooling_mode_mean_tokens", false)) return 1U;
  if (config.flag("pooling_mode_cls_token", false)) return 2U;
  return unfit("its pooling is neither mean nor CLS");
}

// BERT checkpoints are "uncased" unless tokenizer_config.json says otherwise.
Result<bool> read_lower_case(const std::string& text) {
  return DM_TRY(ConfigJson::parse(text, "tokenizer_config.json")).flag("do_lower_case", true);
}

void plan_tensors(const BertConfig& c, std::vector<PlannedTensor>& out) {
  using enum TensorRole;
  const std::uint64_t h = c.hidden;
  const std::uint64_t f = c.feed_forward;
  out.push_back({"embeddings.word_embeddings.weight", "token_embd.weight", {c.vocabulary, h}, kMatrix});
  out.push_back(
      {"embeddings.position_embeddings.weight", "position_embd.weight", {c.positions, h}, kExact, c.first_position});
  out.push_back({"embeddings.token_type_embeddings.weight", "token_types.weight", {c.types, h}, kExact});
  for (const char* part : {".weight", ".bias"}) {
    out.push_back({std::string("embeddings.LayerNorm") + part, std::string("token_embd_norm") + part, {h}, kExact});
  }
  struct Row {
    const char* source;
    const char* target;
    std::uint64_t rows;
    std::uint64_t columns;  // 0: a norm, a vector of `rows`.
  };
  const std::array<Row, 8> rows{{{"attention.self.query", "attn_q", h, h},
                                 {"attention.self.key", "attn_k", h, h},
                                 {"attention.self.value", "attn_v", h, h},
                                 {"attention.output.dense", "attn_output", h, h},
                                 {"attention.output.LayerNorm", "attn_output_norm", h, 0},
                                 {"intermediate.dense", "ffn_up", f, h},
                                 {"output.dense", "ffn_down", h, f},
                                 {"output.LayerNorm", "layer_output_norm", h, 0}}};
  for (std::uint32_t layer = 0; layer < c.layers; ++layer) {
    const std::string from = "encoder.layer." + std::to_string(layer) + ".";
    const std::string to = "blk." + std::to_string(layer) + ".";
    for (const Row& row : rows) {
      std::vector<std::uint64_t> shape{row.rows};
      if (row.columns != 0) shape.push_back(row.columns);
      out.push_back(
          {from + row.source + ".weight", to + row.target + ".weight", shape, row.columns != 0 ? kMatrix : kExact});
      out.push_back({from + row.source + ".bias", to + row.target + ".bias", {row.rows}, kExact});
    }
  }
}

Metadata settings_of(const BertConfig& c, const std::string& name, std::uint32_t pooling) {
  return {{"general.architecture", std::string("bert")},
          {"general.type", std::string("model")},
          {"general.name", name},
          {"bert.block_count", c.layers},
          {"bert.context_length", c.positions},
          {"bert.embedding_length", c.hidden},
          {"bert.feed_forward_length", c.feed_forward},
          {"bert.attention.head_count", c.heads},
          {"bert.attention.layer_norm_epsilon", c.norm_epsilon},
          {"bert.attention.causal", false},
          {"bert.pooling_type", pooling},
          {"tokenizer.ggml.token_type_count", c.types}};
}

bool has_head(const ConfigJson& config) {
  const auto* names = config.find("architectures");
  if (names == nullptr || !names->is_array() || names->get_array().empty()) return false;
  const auto& name = names->get_array()[0];
  return name.is_string() && std::string_view(name.get_string()).ends_with("ForSequenceClassification");
}

void plan_head(const BertConfig& c, std::vector<PlannedTensor>& out) {
  const std::uint64_t h = c.hidden;
  out.push_back({"classifier.dense.weight", "cls.weight", {h, h}});
  out.push_back({"classifier.dense.bias", "cls.bias", {h}});
  out.push_back({"classifier.out_proj.weight", "cls.output.weight", {1, h}});
  out.push_back({"classifier.out_proj.bias", "cls.output.bias", {1}});
}

}  // namespace

Result<ModelPlan> plan_xlm_roberta(const CheckpointTexts& checkpoint, const std::vector<TensorInfo>& tensors) {
  BertConfig c = DM_TRY(read_config(checkpoint.config));
  const ConfigJson config = DM_TRY(ConfigJson::parse(checkpoint.config, "config.json"));
  c.first_position = config.id("pad_token_id").value_or(1) + 1;  // Positions are counted from behind the padding token.
  if (c.first_position >= c.positions) return unfit("its pad_token_id leaves no positions");
  c.positions -= c.first_position;
  constexpr std::uint32_t kRank = 4;
  const bool head = has_head(config);
  const std::uint32_t pooling = head ? kRank : DM_TRY(read_pooling(checkpoint.pooling_config));
  ModelPlan plan{.architecture = "bert", .metadata = settings_of(c, checkpoint.name, pooling), .tensors = {}};
  const Metadata tokenizer = DM_TRY(unigram_metadata(checkpoint, c.vocabulary));
  plan.metadata.insert(plan.metadata.end(), tokenizer.begin(), tokenizer.end());
  plan_tensors(c, plan.tensors);
  if (head) plan_head(c, plan.tensors);
  DM_TRY(match_tensors(plan, tensors, {"", "roberta."}));
  return plan;
}

Result<ModelPlan> plan_bert(const CheckpointTexts& checkpoint, const std::vector<TensorInfo>& tensors) {
  const BertConfig c = DM_TRY(read_config(checkpoint.config));
  if (checkpoint.vocabulary.empty()) {
    return Error{Code::kNotFound, "There is no vocab.txt beside the checkpoint.", "Download it, too."};
  }
  Vocabulary v = DM_TRY(read_vocabulary(checkpoint.vocabulary, c.vocabulary));
  const std::uint32_t pooling = DM_TRY(read_pooling(checkpoint.pooling_config));
  const bool lower_case = DM_TRY(read_lower_case(checkpoint.tokenizer_config));

  ModelPlan plan{.architecture = "bert", .metadata = settings_of(c, checkpoint.name, pooling), .tensors = {}};
  const Metadata tokenizer{
      {"tokenizer.ggml.model", std::string("bert")},  {"tokenizer.ggml.normalizer.lowercase", lower_case},
      {"tokenizer.ggml.tokens", std::move(v.tokens)}, {"tokenizer.ggml.token_type", std::move(v.types)},
      {"tokenizer.ggml.unknown_token_id", v.unknown}, {"tokenizer.ggml.bos_token_id", v.cls},
      {"tokenizer.ggml.cls_token_id", v.cls},         {"tokenizer.ggml.seperator_token_id", v.sep},
      {"tokenizer.ggml.padding_token_id", v.pad},     {"tokenizer.ggml.mask_token_id", v.mask}};
  plan.metadata.insert(plan.metadata.end(), tokenizer.begin(), tokenizer.end());
  plan_tensors(c, plan.tensors);
  DM_TRY(match_tensors(plan, tensors, {"", "bert."}));
  return plan;
}

}  // namespace docmind::model
