#include "model/bert_mapping.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <unordered_map>

#include "base/json.h"
#include "base/utf8.h"

namespace docmind::model {
namespace {

namespace json = boost::json;

constexpr std::uint32_t kMaxSize = 1U << 20U;  // Of any dimension in config.json; BERTs have 128 to 4096.
constexpr std::uint32_t kMaxLayers = 256;
constexpr std::int32_t kNormalToken = 1;  // llama_token_type
constexpr std::int32_t kUnknownToken = 2;
constexpr std::int32_t kControlToken = 3;

Error unfit(const std::string& what) {
  return {Code::kInvalidArgument, "This checkpoint cannot be imported: " + what + ".",
          "Import a BERT checkpoint that has config.json, vocab.txt and model.safetensors."};
}

struct BertConfig {
  std::uint32_t hidden = 0, layers = 0, heads = 0, feed_forward = 0, positions = 0, vocabulary = 0, types = 0;
  float norm_epsilon = 0;
};

Result<std::uint32_t> size_at(const json::object& object, std::string_view key, std::uint32_t limit) {
  const auto* value = object.if_contains(key);
  const auto* number = value != nullptr ? value->if_int64() : nullptr;
  if (number == nullptr || *number < 1 || *number > limit) {
    return unfit("config.json has no usable \"" + std::string(key) + "\"");
  }
  return static_cast<std::uint32_t>(*number);
}

bool text_is(const json::object& object, std::string_view key, std::string_view expected) {
  const auto* value = object.if_contains(key);
  return value == nullptr || (value->is_string() && value->get_string() == expected);
}

Result<BertConfig> read_config(const std::string& text) {
  const json::value root = DM_TRY(parse_json(text).with("config.json"));
  const auto* object = root.if_object();
  if (object == nullptr || !object->contains("model_type") || !text_is(*object, "model_type", "bert")) {
    return unfit("its config.json does not say \"model_type\": \"bert\"");
  }
  if (!text_is(*object, "hidden_act", "gelu") || !text_is(*object, "position_embedding_type", "absolute")) {
    return unfit("only gelu activations and absolute positions are supported");
  }
  BertConfig c;
  c.hidden = DM_TRY(size_at(*object, "hidden_size", kMaxSize));
  c.layers = DM_TRY(size_at(*object, "num_hidden_layers", kMaxLayers));
  c.heads = DM_TRY(size_at(*object, "num_attention_heads", kMaxSize));
  c.feed_forward = DM_TRY(size_at(*object, "intermediate_size", kMaxSize));
  c.positions = DM_TRY(size_at(*object, "max_position_embeddings", kMaxSize));
  c.vocabulary = DM_TRY(size_at(*object, "vocab_size", kMaxSize));
  c.types = DM_TRY(size_at(*object, "type_vocab_size", kMaxSize));
  if (c.hidden % c.heads != 0) return unfit("its hidden size is not a multiple of its attention heads");
  const auto* epsilon = object->if_contains("layer_norm_eps");
  c.norm_epsilon = epsilon != nullptr && epsilon->is_double() ? static_cast<float>(epsilon->get_double()) : 1e-12F;
  if (!(c.norm_epsilon >= 0 && c.norm_epsilon < 1)) return unfit("its layer_norm_eps is not between 0 and 1");
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
  const json::value root = DM_TRY(parse_json(text).with("1_Pooling/config.json"));
  const auto says = [&](std::string_view key) {
    const auto* value = root.is_object() ? root.get_object().if_contains(key) : nullptr;
    return value != nullptr && value->is_bool() && value->get_bool();
  };
  if (says("pooling_mode_mean_tokens")) return 1U;
  if (says("pooling_mode_cls_token")) return 2U;
  return unfit("its pooling is neither mean nor CLS");
}

// BERT checkpoints are "uncased" unless tokenizer_config.json says otherwise.
Result<bool> read_lower_case(const std::string& text) {
  if (text.empty()) return true;
  const json::value root = DM_TRY(parse_json(text).with("tokenizer_config.json"));
  const auto* value = root.is_object() ? root.get_object().if_contains("do_lower_case") : nullptr;
  return value == nullptr || !value->is_bool() || value->get_bool();
}

void plan_tensors(const BertConfig& c, std::vector<PlannedTensor>& out) {
  using enum TensorRole;
  const std::uint64_t h = c.hidden;
  const std::uint64_t f = c.feed_forward;
  out.push_back({"embeddings.word_embeddings.weight", "token_embd.weight", {c.vocabulary, h}, kMatrix});
  out.push_back({"embeddings.position_embeddings.weight", "position_embd.weight", {c.positions, h}, kExact});
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

// Each planned tensor under the name the checkpoint has it: with or without "bert." in front.
Result<> match_tensors(ModelPlan& plan, const std::vector<TensorInfo>& tensors) {
  std::unordered_map<std::string_view, const TensorInfo*> by_name;
  for (const TensorInfo& t : tensors) by_name.emplace(t.name, &t);
  for (PlannedTensor& planned : plan.tensors) {
    auto it = by_name.find(planned.source);
    if (it == by_name.end()) {
      planned.source.insert(0, "bert.");
      it = by_name.find(planned.source);
    }
    if (it == by_name.end()) return unfit("it has no tensor for \"" + planned.target + "\"");
    if (it->second->shape != planned.shape) {
      return unfit("tensor \"" + planned.source + "\" has another shape than config.json says");
    }
  }
  return {};
}

}  // namespace

Result<ModelPlan> plan_bert(const BertCheckpoint& checkpoint, const std::vector<TensorInfo>& tensors) {
  const BertConfig c = DM_TRY(read_config(checkpoint.config));
  Vocabulary v = DM_TRY(read_vocabulary(checkpoint.vocabulary, c.vocabulary));
  const std::uint32_t pooling = DM_TRY(read_pooling(checkpoint.pooling_config));
  const bool lower_case = DM_TRY(read_lower_case(checkpoint.tokenizer_config));

  ModelPlan plan{.architecture = "bert", .metadata = {}, .tensors = {}};
  plan.metadata = {{"general.architecture", std::string("bert")},
                   {"general.type", std::string("model")},
                   {"general.name", checkpoint.name},
                   {"bert.block_count", c.layers},
                   {"bert.context_length", c.positions},
                   {"bert.embedding_length", c.hidden},
                   {"bert.feed_forward_length", c.feed_forward},
                   {"bert.attention.head_count", c.heads},
                   {"bert.attention.layer_norm_epsilon", c.norm_epsilon},
                   {"bert.attention.causal", false},
                   {"bert.pooling_type", pooling},
                   {"tokenizer.ggml.model", std::string("bert")},
                   {"tokenizer.ggml.normalizer.lowercase", lower_case},
                   {"tokenizer.ggml.token_type_count", c.types},
                   {"tokenizer.ggml.tokens", std::move(v.tokens)},
                   {"tokenizer.ggml.token_type", std::move(v.types)},
                   {"tokenizer.ggml.unknown_token_id", v.unknown},
                   {"tokenizer.ggml.bos_token_id", v.cls},
                   {"tokenizer.ggml.cls_token_id", v.cls},
                   {"tokenizer.ggml.seperator_token_id", v.sep},
                   {"tokenizer.ggml.padding_token_id", v.pad},
                   {"tokenizer.ggml.mask_token_id", v.mask}};
  plan_tensors(c, plan.tensors);
  DM_TRY(match_tensors(plan, tensors));
  return plan;
}

}  // namespace docmind::model
