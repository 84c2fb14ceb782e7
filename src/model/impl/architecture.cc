#include "model/impl/architecture.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <unordered_map>

#include "model/impl/refusal.h"

namespace docmind::model {
namespace {

constexpr std::uint64_t kMaxLayers = 512;   // LLAMA_MAX_LAYERS
constexpr std::uint64_t kMaxExperts = 512;  // LLAMA_MAX_EXPERTS
constexpr std::uint64_t kMaxWidth = 1U << 20U;
constexpr std::uint64_t kMaxContext = 1U << 26U;
constexpr std::uint64_t kMaxFeedForward = 1U << 22U;

using Shape = std::vector<std::uint64_t>;

// Reads the keys "ARCHITECTURE.name".
class Keys {
 public:
  Keys(const GgufFile& gguf, const std::string& architecture) : gguf_(gguf), prefix_(architecture + ".") {}

  // From 1 to the limit.
  Result<std::uint64_t> size(const char* name, std::uint64_t limit) const {
    const auto value = gguf_.integer(prefix_ + name);
    if (!value || *value < 1 || *value > limit) return refusal("it has no usable " + prefix_ + name);
    return *value;
  }
  Result<std::uint64_t> size_or(const char* name, std::uint64_t limit, std::uint64_t otherwise) const {
    if (gguf_.find(prefix_ + name) == nullptr) return otherwise;
    return size(name, limit);
  }
  bool is_list(const char* name) const {  // Some architectures have one number for each layer.
    const GgufEntry* entry = gguf_.find(prefix_ + name);
    return entry != nullptr && entry->type == GgufType::kArray;
  }
  // Between low and high, when there is one.
  Result<> check_number(const char* name, double low, double high) const {
    if (gguf_.find(prefix_ + name) == nullptr) return {};
    const auto value = gguf_.number(prefix_ + name);
    if (!value || !(*value >= low && *value <= high)) return refusal("it has no usable " + prefix_ + name);
    return {};
  }
  std::optional<std::uint64_t> integer(const char* name) const { return gguf_.integer(prefix_ + name); }
  std::optional<bool> flag(const char* name) const { return gguf_.flag(prefix_ + name); }
  const GgufEntry* find(const char* name) const { return gguf_.find(prefix_ + name); }
  std::optional<std::string_view> text(const char* name) const { return gguf_.text(prefix_ + name); }
  const std::string& prefix() const { return prefix_; }

 private:
  const GgufFile& gguf_;
  const std::string prefix_;
};

Result<> check_rope(const Keys& keys, std::uint64_t head_size) {
  DM_TRY(keys.check_number("rope.freq_base", 1, 1e12));
  DM_TRY(keys.check_number("rope.scaling.factor", 0, 1e6));
  DM_TRY(keys.check_number("rope.scaling.attn_factor", 0, 1e6));
  const auto turned = DM_TRY(keys.size_or("rope.dimension_count", kMaxWidth, head_size));
  if (turned > head_size || turned % 2 != 0)
    return refusal("its " + keys.prefix() + "rope.dimension_count does not fit");
  constexpr std::array<std::string_view, 4> kScalings{"none", "linear", "yarn", "longrope"};
  if (keys.find("rope.scaling.type") != nullptr) {
    const auto type = keys.text("rope.scaling.type");
    if (!type || std::ranges::find(kScalings, *type) == kScalings.end()) {
      return refusal("its rope scaling is of an unknown type");
    }
  }
  return {};
}

Result<> check_heads(const Keys& keys, ModelFile& model) {
  if (keys.is_list("attention.head_count") || keys.is_list("attention.head_count_kv")) return {};
  const std::uint64_t heads = DM_TRY(keys.size("attention.head_count", kMaxWidth));
  const std::uint64_t kv_heads = DM_TRY(keys.size_or("attention.head_count_kv", heads, heads));
  if (heads % kv_heads != 0) return refusal("its attention heads do not share their keys evenly");
  if (keys.find("attention.key_length") == nullptr && model.dimensions % heads != 0) {
    return refusal("its embedding length is not a multiple of its attention heads");
  }
  const std::uint64_t head_size = DM_TRY(keys.size_or("attention.key_length", kMaxWidth, model.dimensions / heads));
  model.heads = static_cast<std::uint32_t>(heads);
  model.kv_heads = static_cast<std::uint32_t>(kv_heads);
  model.head_size = static_cast<std::uint32_t>(head_size);
  model.value_size = static_cast<std::uint32_t>(DM_TRY(keys.size_or("attention.value_length", kMaxWidth, head_size)));
  return check_rope(keys, head_size);
}

Result<> check_layers_named(const GgufFile& gguf, std::uint32_t layers) {
  for (const GgufTensor& tensor : gguf.tensors) {
    if (!tensor.name.starts_with("blk.")) continue;
    const std::string_view rest = tensor.name.substr(4);
    std::uint32_t layer = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), layer);
    if (error != std::errc() || end == rest.data() + rest.size() || *end != '.' || layer >= layers) {
      return refusal("tensor \"" + std::string(tensor.name) + "\" belongs to no layer");
    }
  }
  return {};
}

// Tensors by name and shape.
class Tensors {
 public:
  explicit Tensors(const GgufFile& gguf) {
    for (const GgufTensor& tensor : gguf.tensors) by_name_.emplace(tensor.name, &tensor);
  }
  Result<> need(const std::string& name, const Shape& shape) const {
    if (!by_name_.contains(name)) return refusal("it has no tensor \"" + name + "\"");
    return may_have(name, shape);
  }
  Result<> may_have(const std::string& name, const Shape& shape) const {
    const auto it = by_name_.find(name);
    if (it != by_name_.end() && it->second->shape != shape) {
      return refusal("tensor \"" + name + "\" has another shape than its keys say");
    }
    return {};
  }

 private:
  std::unordered_map<std::string_view, const GgufTensor*> by_name_;
};

Result<> check_qwen3(const GgufFile& gguf, const Keys& keys, const ModelFile& m) {
  const Tensors tensors(gguf);
  const std::uint64_t h = m.dimensions;
  const std::uint64_t d = m.head_size;
  const std::uint64_t f = DM_TRY(keys.size("feed_forward_length", kMaxFeedForward));
  const std::uint64_t q = m.heads * d;
  const std::uint64_t kv = m.kv_heads * d;
  if (m.heads == 0) return refusal("it has no usable qwen3.attention.head_count");
  if (DM_TRY(keys.size_or("attention.value_length", kMaxWidth, d)) != d)
    return refusal("its value and key lengths differ");
  if (DM_TRY(keys.size_or("rope.dimension_count", kMaxWidth, d)) != d) return refusal("it turns only a part of a head");
  DM_TRY(tensors.need("token_embd.weight", {h, m.vocabulary}));
  DM_TRY(tensors.need("output_norm.weight", {h}));
  DM_TRY(tensors.may_have("output.weight", {h, m.vocabulary}));
  for (std::uint32_t layer = 0; layer < m.layers; ++layer) {
    const std::string at = "blk." + std::to_string(layer) + ".";
    for (const auto& [name, shape] : {std::pair{"attn_norm", Shape{h}},
                                      {"ffn_norm", Shape{h}},
                                      {"attn_q_norm", Shape{d}},
                                      {"attn_k_norm", Shape{d}},
                                      {"attn_q", Shape{h, q}},
                                      {"attn_k", Shape{h, kv}},
                                      {"attn_v", Shape{h, kv}},
                                      {"attn_output", Shape{q, h}},
                                      {"ffn_gate", Shape{h, f}},
                                      {"ffn_up", Shape{h, f}},
                                      {"ffn_down", Shape{f, h}}}) {
      DM_TRY(tensors.need(at + name + ".weight", shape));
    }
  }
  return {};
}

Result<> check_bert(const GgufFile& gguf, const Keys& keys, const ModelFile& m) {
  const Tensors tensors(gguf);
  const std::uint64_t h = m.dimensions;
  const std::uint64_t f = DM_TRY(keys.size("feed_forward_length", kMaxFeedForward));
  if (m.heads == 0 || m.kv_heads != m.heads) return refusal("its attention heads share their keys");
  const auto types = gguf.integer("tokenizer.ggml.token_type_count");
  if (!types || *types < 1 || *types > kMaxWidth) return refusal("it has no usable tokenizer.ggml.token_type_count");
  DM_TRY(tensors.need("token_embd.weight", {h, m.vocabulary}));
  DM_TRY(tensors.need("position_embd.weight", {h, m.context}));
  DM_TRY(tensors.may_have("token_types.weight", {h, *types}));
  DM_TRY(tensors.need("token_embd_norm.weight", {h}));
  DM_TRY(tensors.need("token_embd_norm.bias", {h}));
  if (m.purpose == Purpose::kReranking) {  // libllama would score with whatever is there.
    DM_TRY(tensors.need("cls.output.weight", {h, 1}));
    DM_TRY(tensors.may_have("cls.output.bias", {1}));
    DM_TRY(tensors.may_have("cls.weight", {h, h}));
    DM_TRY(tensors.may_have("cls.bias", {h}));
  }
  for (std::uint32_t layer = 0; layer < m.layers; ++layer) {
    const std::string at = "blk." + std::to_string(layer) + ".";
    for (const char* norm : {"attn_output_norm", "layer_output_norm"}) {
      DM_TRY(tensors.need(at + norm + ".weight", {h}));
      DM_TRY(tensors.need(at + norm + ".bias", {h}));
    }
    for (const auto& [name, shape] : {std::pair{"attn_q", Shape{h, h}},
                                      {"attn_k", Shape{h, h}},
                                      {"attn_v", Shape{h, h}},
                                      {"attn_output", Shape{h, h}},
                                      {"ffn_up", Shape{h, f}},
                                      {"ffn_down", Shape{f, h}}}) {
      DM_TRY(tensors.need(at + name + ".weight", shape));
      DM_TRY(tensors.may_have(at + name + ".bias", {shape[1]}));
    }
  }
  return {};
}

// Of a token: with experts, of all that it goes through.
std::uint32_t feed_forward_of(const Keys& keys) {
  const std::uint64_t expert = keys.integer("expert_feed_forward_length").value_or(0);
  const std::uint64_t experts = expert * std::min(keys.integer("expert_used_count").value_or(0), kMaxExperts);
  return static_cast<std::uint32_t>(
      std::min(std::max(keys.integer("feed_forward_length").value_or(0), experts), kMaxFeedForward));
}

Purpose purpose_of(const Keys& keys) {
  constexpr std::uint64_t kRank = 4;  // llama_pooling_type
  if (keys.integer("pooling_type") == kRank) return Purpose::kReranking;
  return keys.flag("attention.causal") == false || keys.integer("pooling_type").value_or(0) != 0 ? Purpose::kEmbedding
                                                                                                 : Purpose::kText;
}

}  // namespace

Result<> check_architecture(const GgufFile& gguf, ModelFile& model) {
  const Keys keys(gguf, model.architecture);
  model.layers = static_cast<std::uint32_t>(DM_TRY(keys.size("block_count", kMaxLayers)));
  model.dimensions = static_cast<std::uint32_t>(DM_TRY(keys.size("embedding_length", kMaxWidth)));
  model.context = static_cast<std::uint32_t>(DM_TRY(keys.size("context_length", kMaxContext)));
  for (const char* epsilon : {"attention.layer_norm_rms_epsilon", "attention.layer_norm_epsilon"}) {
    DM_TRY(keys.check_number(epsilon, 0, 1));
  }
  if (keys.find("pooling_type") != nullptr && keys.integer("pooling_type").value_or(99) > 4) {
    return refusal("its pooling is of an unknown type");
  }
  const std::uint64_t experts = keys.integer("expert_count").value_or(0);
  if (experts > kMaxExperts || keys.integer("expert_used_count").value_or(0) > experts) {
    return refusal("its experts do not add up");
  }
  DM_TRY(check_heads(keys, model));
  model.feed_forward = feed_forward_of(keys);
  DM_TRY(check_layers_named(gguf, model.layers));
  const GgufTensor* tokens = gguf.tensor("token_embd.weight");
  if (tokens == nullptr || tokens->columns() != model.dimensions) {
    return refusal("it has no token embeddings of the length that it says");
  }
  model.purpose = purpose_of(keys);
  if (model.architecture == "qwen3") return check_qwen3(gguf, keys, model);
  if (model.architecture == "bert") return check_bert(gguf, keys, model);
  return {};
}

}  // namespace docmind::model
