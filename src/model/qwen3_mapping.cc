#include "model/qwen3_mapping.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "model/bpe_tokenizer.h"
#include "model/impl/config_json.h"
#include "model/impl/match_tensors.h"

namespace docmind::model {
namespace {

namespace json = boost::json;

constexpr std::uint32_t kMaxSize = 1U << 22U;
constexpr std::uint32_t kMaxLayers = 512;
constexpr std::uint32_t kMaxContext = 1U << 26U;

struct QwenConfig {
  std::uint32_t hidden = 0, layers = 0, heads = 0, kv_heads = 0, head_size = 0;
  std::uint32_t feed_forward = 0, context = 0, vocabulary = 0;
  float norm_epsilon = 0, rope_base = 0;
  bool tied = true;
};

Result<> check_supported(const ConfigJson& config) {
  if (config.text("hidden_act").value_or("silu") != "silu") return unfit("only silu activations are supported");
  if (config.flag("attention_bias", false)) return unfit("its attention has biases");
  if (config.flag("use_sliding_window", false)) return unfit("it uses a sliding window");
  return {};
}

// Newer files keep everything about positions in "rope_parameters".
ConfigJson rope_of(const ConfigJson& config) {
  return config.child(config.find("rope_parameters") != nullptr ? "rope_parameters" : "rope_scaling");
}

Result<QwenConfig> read_config(const ConfigJson& config) {
  DM_TRY(check_supported(config));
  QwenConfig c;
  c.hidden = DM_TRY(config.size("hidden_size", kMaxSize));
  c.layers = DM_TRY(config.size("num_hidden_layers", kMaxLayers));
  c.heads = DM_TRY(config.size("num_attention_heads", kMaxSize));
  c.kv_heads = DM_TRY(config.size_or("num_key_value_heads", kMaxSize, c.heads));
  c.head_size = DM_TRY(config.size_or("head_dim", kMaxSize, std::max(1U, c.hidden / c.heads)));
  c.feed_forward = DM_TRY(config.size("intermediate_size", kMaxSize));
  c.context = DM_TRY(config.size("max_position_embeddings", kMaxContext));
  c.vocabulary = DM_TRY(config.size("vocab_size", kMaxSize));
  c.norm_epsilon = DM_TRY(config.number_or("rms_norm_eps", 0, 1, 1e-6));
  const float nested = DM_TRY(rope_of(config).number_or("rope_theta", 1, 1e12, 1e4));
  c.rope_base = DM_TRY(config.number_or("rope_theta", 1, 1e12, nested));
  c.tied = config.flag("tie_word_embeddings", false);
  if (c.heads % c.kv_heads != 0) return unfit("its attention heads do not share their keys evenly");
  if (c.head_size % 2 != 0) return unfit("its heads have an odd size");
  return c;
}

Result<> add_rope_scaling(const ConfigJson& config, Metadata& out) {
  const ConfigJson rope = rope_of(config);
  const std::string type = rope.text("rope_type").value_or(rope.text("type").value_or("default"));
  if (type == "default") return {};
  if (type != "yarn" && type != "linear") return unfit("its rope scaling is neither yarn nor linear");
  out.emplace_back("qwen3.rope.scaling.type", type);
  out.emplace_back("qwen3.rope.scaling.factor", DM_TRY(rope.number_or("factor", 1, 1e6, 0)));
  if (type == "linear") return {};
  out.emplace_back("qwen3.rope.scaling.original_context_length",
                   DM_TRY(rope.size("original_max_position_embeddings", kMaxContext)));
  for (const auto& [from, to] :
       {std::pair{"extrapolation_factor", "yarn_ext_factor"}, std::pair{"attention_factor", "yarn_attn_factor"},
        std::pair{"beta_fast", "yarn_beta_fast"}, std::pair{"beta_slow", "yarn_beta_slow"}}) {
    if (rope.find(from) == nullptr) continue;
    out.emplace_back(std::string("qwen3.rope.scaling.") + to, DM_TRY(rope.number_or(from, 0, 1e6, 1)));
  }
  return {};
}

void plan_tensors(const QwenConfig& c, std::vector<PlannedTensor>& out) {
  using enum TensorRole;
  const std::uint64_t h = c.hidden;
  const std::uint64_t f = c.feed_forward;
  const std::uint64_t q = std::uint64_t{c.heads} * c.head_size;
  const std::uint64_t kv = std::uint64_t{c.kv_heads} * c.head_size;
  if (!c.tied) out.push_back({"lm_head.weight", "output.weight", {c.vocabulary, h}, kMatrix});
  out.push_back({"model.embed_tokens.weight", "token_embd.weight", {c.vocabulary, h}, kMatrix});
  struct Row {
    const char* source;
    const char* target;
    std::uint64_t rows;
    std::uint64_t columns;  // 0: a norm, a vector of `rows`.
  };
  const std::array<Row, 11> rows{{{"input_layernorm", "attn_norm", h, 0},
                                  {"mlp.down_proj", "ffn_down", h, f},
                                  {"mlp.gate_proj", "ffn_gate", f, h},
                                  {"mlp.up_proj", "ffn_up", f, h},
                                  {"post_attention_layernorm", "ffn_norm", h, 0},
                                  {"self_attn.k_norm", "attn_k_norm", c.head_size, 0},
                                  {"self_attn.k_proj", "attn_k", kv, h},
                                  {"self_attn.o_proj", "attn_output", h, q},
                                  {"self_attn.q_norm", "attn_q_norm", c.head_size, 0},
                                  {"self_attn.q_proj", "attn_q", q, h},
                                  {"self_attn.v_proj", "attn_v", kv, h}}};
  for (std::uint32_t layer = 0; layer < c.layers; ++layer) {
    const std::string from = "model.layers." + std::to_string(layer) + ".";
    const std::string to = "blk." + std::to_string(layer) + ".";
    for (const Row& row : rows) {
      std::vector<std::uint64_t> shape{row.rows};
      if (row.columns != 0) shape.push_back(row.columns);
      out.push_back(
          {from + row.source + ".weight", to + row.target + ".weight", shape, row.columns != 0 ? kMatrix : kExact});
    }
  }
  out.push_back({"model.norm.weight", "output_norm.weight", {h}, kExact});
}

// Block sizes of FP8 weights.
Result<> read_blocks(const ConfigJson& config, ModelPlan& plan) {
  if (config.find("quantization_config") == nullptr) return {};
  const ConfigJson quantised = config.child("quantization_config");
  if (quantised.text("fmt").value_or("e4m3") != "e4m3") return unfit("its FP8 weights are not E4M3");
  const json::value* sizes = quantised.find("weight_block_size");
  if (sizes == nullptr || !sizes->is_array() || sizes->get_array().size() != 2) {
    return unfit("its FP8 weights have no block size (weight_block_size)");
  }
  std::array<std::uint64_t, 2> read{};
  for (std::size_t i = 0; i < 2; ++i) {
    const auto* size = sizes->get_array()[i].if_int64();
    if (size == nullptr || *size < 1 || *size > kMaxSize) return unfit("its weight_block_size is unusable");
    read.at(i) = static_cast<std::uint64_t>(*size);
  }
  plan.scale_rows = read[0];
  plan.scale_columns = read[1];
  return {};
}

// The last token's vector is the text's in Qwen3's embedding models (sentence-transformers' files say so).
Result<> add_pooling(const CheckpointTexts& checkpoint, Metadata& out) {
  if (checkpoint.pooling_config.empty()) return {};
  const ConfigJson pooling = DM_TRY(ConfigJson::parse(checkpoint.pooling_config, "1_Pooling/config.json"));
  if (!pooling.flag("pooling_mode_lasttoken", false)) return unfit("its pooling is not that of the last token");
  out.emplace_back("qwen3.pooling_type", std::uint32_t{3});
  return {};
}

}  // namespace

Result<ModelPlan> plan_qwen3(const CheckpointTexts& checkpoint, const std::vector<TensorInfo>& tensors) {
  const ConfigJson config = DM_TRY(ConfigJson::parse(checkpoint.config, "config.json"));
  const QwenConfig c = DM_TRY(read_config(config));
  ModelPlan plan{.architecture = "qwen3", .metadata = {}, .tensors = {}, .heads_per_kv = c.heads / c.kv_heads};
  plan.metadata = {{"general.architecture", std::string("qwen3")},
                   {"general.type", std::string("model")},
                   {"general.name", checkpoint.name},
                   {"qwen3.block_count", c.layers},
                   {"qwen3.context_length", c.context},
                   {"qwen3.embedding_length", c.hidden},
                   {"qwen3.feed_forward_length", c.feed_forward},
                   {"qwen3.attention.head_count", c.heads},
                   {"qwen3.attention.head_count_kv", c.kv_heads},
                   {"qwen3.attention.key_length", c.head_size},
                   {"qwen3.attention.value_length", c.head_size},
                   {"qwen3.attention.layer_norm_rms_epsilon", c.norm_epsilon},
                   {"qwen3.rope.freq_base", c.rope_base}};
  DM_TRY(add_rope_scaling(config, plan.metadata));
  DM_TRY(add_pooling(checkpoint, plan.metadata));
  Metadata tokenizer = DM_TRY(bpe_metadata(checkpoint, c.vocabulary));
  std::ranges::move(tokenizer, std::back_inserter(plan.metadata));
  DM_TRY(read_blocks(config, plan));
  plan_tensors(c, plan.tensors);
  DM_TRY(match_tensors(plan, tensors, {"", "model."}));
  return plan;
}

}  // namespace docmind::model
