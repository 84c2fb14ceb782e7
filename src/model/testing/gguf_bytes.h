// GGUF files of a few hundred bytes, right or as wrong as a test wants them.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/gguf_file.h"

namespace docmind::model {

class GgufBytes {
 public:
  template <typename Number>
  static std::string raw(Number value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
  }
  static std::string text(std::string_view value) { return raw(std::uint64_t{value.size()}) + std::string(value); }

  GgufBytes& entry(std::string_view key, GgufType type, std::string_view value) {
    entries_ += text(key) + raw(type) + std::string(value);
    ++entry_count;
    return *this;
  }
  GgufBytes& u32(std::string_view key, std::uint32_t value) { return entry(key, GgufType::kU32, raw(value)); }
  GgufBytes& f32(std::string_view key, float value) { return entry(key, GgufType::kF32, raw(value)); }
  GgufBytes& flag(std::string_view key, bool value) { return entry(key, GgufType::kBool, raw(value)); }
  GgufBytes& str(std::string_view key, std::string_view value) { return entry(key, GgufType::kText, text(value)); }
  GgufBytes& array(std::string_view key, GgufType item, std::uint64_t count, std::string_view value) {
    return entry(key, GgufType::kArray, raw(item) + raw(count) + std::string(value));
  }
  GgufBytes& texts(std::string_view key, const std::vector<std::string>& values) {
    std::string all;
    for (const std::string& value : values) all += text(value);
    return array(key, GgufType::kText, values.size(), all);
  }
  // f32, at the next place, with zeros as its numbers.
  GgufBytes& tensor(std::string_view name, const std::vector<std::uint64_t>& shape) {
    std::uint64_t size = 4;
    for (const std::uint64_t n : shape) size *= n;
    tensor(name, shape, 0, data_.size());
    data_.append((size + 31) / 32 * 32, '\0');
    return *this;
  }
  GgufBytes& tensor(std::string_view name, const std::vector<std::uint64_t>& shape, std::uint32_t type,
                    std::uint64_t offset) {
    tensors_ += text(name) + raw(static_cast<std::uint32_t>(shape.size()));
    for (const std::uint64_t n : shape) tensors_ += raw(n);
    tensors_ += raw(type) + raw(offset);
    ++tensor_count;
    return *this;
  }

  std::string bytes() const {
    std::string all = magic + raw(version) + raw(tensor_count) + raw(entry_count) + entries_ + tensors_;
    all.resize((all.size() + 31) / 32 * 32);
    return all + data_;
  }

  std::string magic = "GGUF";
  std::uint32_t version = 3;
  std::uint64_t tensor_count = 0;
  std::uint64_t entry_count = 0;

 private:
  std::string entries_;
  std::string tensors_;
  std::string data_;
};

// The smallest qwen3 that passes: width 8, one layer, 2 heads of 4, 4 tokens. `change` may add what a test wants before
// the tensors.
struct TinyQwen {
  std::uint32_t layers = 1, heads = 2, kv_heads = 1, context = 16, tokens = 4;
  std::string architecture = "qwen3";
  std::string left_out{};  // A key or a tensor.

  GgufBytes gguf() const {
    GgufBytes out;
    const auto has = [&](std::string_view name) { return name != left_out; };
    const auto u32 = [&](const std::string& key, std::uint32_t value) {
      if (has(key)) out.u32(key, value);
    };
    if (has("general.architecture")) out.str("general.architecture", architecture);
    out.str("general.name", "tiny");
    u32(architecture + ".block_count", layers);
    u32(architecture + ".embedding_length", 8);
    u32(architecture + ".context_length", context);
    u32(architecture + ".feed_forward_length", 16);
    u32(architecture + ".attention.head_count", heads);
    u32(architecture + ".attention.head_count_kv", kv_heads);
    u32(architecture + ".attention.key_length", 4);
    out.f32(architecture + ".attention.layer_norm_rms_epsilon", 1e-6F);
    if (has("tokenizer.ggml.model")) out.str("tokenizer.ggml.model", "gpt2");
    std::vector<std::string> words;
    for (std::uint32_t i = 0; i < tokens; ++i) words.push_back("w" + std::to_string(i));
    if (has("tokenizer.ggml.tokens")) out.texts("tokenizer.ggml.tokens", words);
    if (has("tokenizer.ggml.merges")) out.texts("tokenizer.ggml.merges", {"w 0"});
    const auto tensor = [&](const std::string& name, const std::vector<std::uint64_t>& shape) {
      if (has(name)) out.tensor(name, shape);
    };
    tensor("token_embd.weight", {8, 4});
    tensor("output_norm.weight", {8});
    for (const auto& [name, shape] :
         std::vector<std::pair<std::string, std::vector<std::uint64_t>>>{{"attn_norm", {8}},
                                                                         {"ffn_norm", {8}},
                                                                         {"attn_q_norm", {4}},
                                                                         {"attn_k_norm", {4}},
                                                                         {"attn_q", {8, 8}},
                                                                         {"attn_k", {8, 4}},
                                                                         {"attn_v", {8, 4}},
                                                                         {"attn_output", {8, 8}},
                                                                         {"ffn_gate", {8, 16}},
                                                                         {"ffn_up", {8, 16}},
                                                                         {"ffn_down", {16, 8}}}) {
      tensor("blk.0." + name + ".weight", shape);
    }
    return out;
  }
};

}  // namespace docmind::model
