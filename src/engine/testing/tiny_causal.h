// A Qwen3 chat model with random weights and the real vocabulary (or its beginning), for tests that need no meaning.
//
// The vocabulary is read from the file that llama.cpp ships for tokenizer tests. Qwen's ids are in the order of its
// merges, so the first n tokens with the first n - 256 merges are a smaller vocabulary that is right in itself; the
// special tokens of Qwen3 follow them.
#pragma once
#include <ggml.h>
#include <gguf.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/rng.h"
#include "sys/testing/temp_folder.h"

namespace docmind::engine {

struct TinyCausalOptions {
  std::uint32_t ordinary = 4096;  // Tokens that are not special, 256 at least; 151643: Qwen's whole vocabulary.
  std::uint32_t layers = 4;
  std::uint32_t hidden = 64;
  std::uint32_t heads = 4;
  std::uint32_t kv_heads = 2;
  std::uint32_t head_size = 16;
  std::uint32_t feed_forward = 128;
  std::uint32_t window = 32768;
  std::string chat_template = std::string(qwen_template());  // Empty: the file has none.
  std::string name = "tiny-qwen3";
  std::uint64_t seed = 7;

  static constexpr std::uint32_t kAll = 151643;
  static constexpr std::string_view qwen_template() {
    return "{%- for m in messages %}{{- '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}{%- endfor %}"
           "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}";
  }
};

class TinyCausal {
 public:
  explicit TinyCausal(TinyCausalOptions options = {}) : options_(std::move(options)), rng_(options_.seed) {
    std::ofstream(path(), std::ios::binary) << bytes();
  }
  std::string path() const { return (folder_ / "tiny-causal.gguf").string(); }
  const sys::TempFolder& folder() const { return folder_; }

  // Special tokens have the ids ordinary, ordinary + 1, ... in this order; the second number is llama_token_type:
  // control (3) or user-defined (4), as in Qwen3.
  static constexpr std::array<std::pair<const char*, std::int32_t>, 26> kSpecial{{{"<|endoftext|>", 3},
                                                                                  {"<|im_start|>", 3},
                                                                                  {"<|im_end|>", 3},
                                                                                  {"<|object_ref_start|>", 3},
                                                                                  {"<|object_ref_end|>", 3},
                                                                                  {"<|box_start|>", 3},
                                                                                  {"<|box_end|>", 3},
                                                                                  {"<|quad_start|>", 3},
                                                                                  {"<|quad_end|>", 3},
                                                                                  {"<|vision_start|>", 3},
                                                                                  {"<|vision_end|>", 3},
                                                                                  {"<|vision_pad|>", 3},
                                                                                  {"<|image_pad|>", 3},
                                                                                  {"<|video_pad|>", 3},
                                                                                  {"<tool_call>", 4},
                                                                                  {"</tool_call>", 4},
                                                                                  {"<|fim_prefix|>", 4},
                                                                                  {"<|fim_middle|>", 4},
                                                                                  {"<|fim_suffix|>", 4},
                                                                                  {"<|fim_pad|>", 4},
                                                                                  {"<|repo_name|>", 4},
                                                                                  {"<|file_sep|>", 4},
                                                                                  {"<tool_response>", 4},
                                                                                  {"</tool_response>", 4},
                                                                                  {"<think>", 4},
                                                                                  {"</think>", 4}}};
  std::uint32_t vocabulary() const { return options_.ordinary + static_cast<std::uint32_t>(kSpecial.size()); }
  std::int32_t special(std::string_view text) const {
    for (std::size_t i = 0; i < kSpecial.size(); ++i) {
      if (text == kSpecial.at(i).first) return static_cast<std::int32_t>(options_.ordinary + i);
    }
    DM_CHECK(false);
    return 0;
  }

 private:
  struct Free {
    void operator()(gguf_context* context) const { gguf_free(context); }
    void operator()(ggml_context* context) const { ggml_free(context); }
  };
  using Gguf = std::unique_ptr<gguf_context, Free>;
  using Ggml = std::unique_ptr<ggml_context, Free>;

  void write_vocabulary(gguf_context* out) const {
    const std::string source =
        DOCMIND_SOURCE_DIR "/.deps/packages/llama_cpp_python/vendor/llama.cpp/models/ggml-vocab-qwen2.gguf";
    const Gguf in(gguf_init_from_file(source.c_str(), {.no_alloc = true, .ctx = nullptr}));
    DM_CHECK(in != nullptr);
    const auto strings = [&](const char* key, std::size_t count) {
      const std::int64_t id = gguf_find_key(in.get(), key);
      DM_CHECK(id >= 0 && gguf_get_arr_n(in.get(), id) >= count);
      std::vector<const char*> out_strings;
      for (std::size_t i = 0; i < count; ++i) out_strings.push_back(gguf_get_arr_str(in.get(), id, i));
      return out_strings;
    };
    DM_CHECK(options_.ordinary >= 256 && options_.ordinary <= TinyCausalOptions::kAll);
    std::vector<const char*> tokens = strings("tokenizer.ggml.tokens", options_.ordinary);
    std::vector<std::int32_t> types(options_.ordinary, 1);
    for (const auto& [text, type] : kSpecial) {
      tokens.push_back(text);
      types.push_back(type);
    }
    std::vector<const char*> merges = strings("tokenizer.ggml.merges", options_.ordinary - 256);
    gguf_set_val_str(out, "tokenizer.ggml.model", "gpt2");
    gguf_set_val_str(out, "tokenizer.ggml.pre", "qwen2");
    gguf_set_arr_str(out, "tokenizer.ggml.tokens", tokens.data(), tokens.size());
    gguf_set_arr_data(out, "tokenizer.ggml.token_type", GGUF_TYPE_INT32, types.data(), types.size());
    gguf_set_arr_str(out, "tokenizer.ggml.merges", merges.data(), merges.size());
    gguf_set_val_u32(out, "tokenizer.ggml.eos_token_id", static_cast<std::uint32_t>(special("<|im_end|>")));
    gguf_set_val_u32(out, "tokenizer.ggml.padding_token_id", static_cast<std::uint32_t>(special("<|endoftext|>")));
    gguf_set_val_bool(out, "tokenizer.ggml.add_bos_token", false);
  }

  void write_facts(gguf_context* out) const {
    const TinyCausalOptions& o = options_;
    gguf_set_val_str(out, "general.architecture", "qwen3");
    gguf_set_val_str(out, "general.name", o.name.c_str());
    gguf_set_val_u32(out, "qwen3.context_length", o.window);
    gguf_set_val_u32(out, "qwen3.embedding_length", o.hidden);
    gguf_set_val_u32(out, "qwen3.block_count", o.layers);
    gguf_set_val_u32(out, "qwen3.feed_forward_length", o.feed_forward);
    gguf_set_val_u32(out, "qwen3.attention.head_count", o.heads);
    gguf_set_val_u32(out, "qwen3.attention.head_count_kv", o.kv_heads);
    gguf_set_val_u32(out, "qwen3.attention.key_length", o.head_size);
    gguf_set_val_u32(out, "qwen3.attention.value_length", o.head_size);
    gguf_set_val_f32(out, "qwen3.rope.freq_base", 1e6F);
    gguf_set_val_f32(out, "qwen3.attention.layer_norm_rms_epsilon", 1e-6F);
    if (!o.chat_template.empty()) gguf_set_val_str(out, "tokenizer.chat_template", o.chat_template.c_str());
  }

  // Columns count fastest. One row: a norm, all ones; else numbers around 0, near enough to a normal distribution.
  void add(gguf_context* out, ggml_context* ggml, const std::string& name, std::int64_t columns,
           std::int64_t rows = 0) {
    ggml_tensor* tensor = rows == 0 ? ggml_new_tensor_1d(ggml, GGML_TYPE_F32, columns)
                                    : ggml_new_tensor_2d(ggml, GGML_TYPE_F32, columns, rows);
    ggml_set_name(tensor, name.c_str());
    auto* values = static_cast<float*>(tensor->data);
    const float deviation = 1.0F / std::sqrt(static_cast<float>(columns));
    for (std::int64_t i = 0; i < ggml_nelements(tensor); ++i) values[i] = rows == 0 ? 1.0F : deviation * normal();
    gguf_add_tensor(out, tensor);
  }

  float normal() {  // Irwin-Hall of four, scaled to deviation 1.
    const std::uint64_t bits = rng_.next();
    float sum = 0;
    for (unsigned shift = 0; shift < 64; shift += 16) sum += static_cast<float>((bits >> shift) & 0xffffU) / 65536.0F;
    return (sum - 2.0F) * std::sqrt(3.0F);
  }

  std::string bytes() {
    const TinyCausalOptions& o = options_;
    const std::size_t layer = (std::size_t{2} * o.heads + std::size_t{2} * o.kv_heads) * o.head_size * o.hidden +
                              std::size_t{3} * o.feed_forward * o.hidden + std::size_t{4} * o.hidden;
    const std::size_t floats = (std::size_t{2} * vocabulary() + 1) * o.hidden + o.layers * layer;
    const std::size_t tensors = 3 + std::size_t{11} * o.layers;
    const Ggml ggml(ggml_init({.mem_size = floats * sizeof(float) + tensors * (ggml_tensor_overhead() + 64) + 4096,
                               .mem_buffer = nullptr,
                               .no_alloc = false}));
    const Gguf out(gguf_init_empty());
    write_facts(out.get());
    write_vocabulary(out.get());
    const auto put = [&](const std::string& name, std::int64_t columns, std::int64_t rows = 0) {
      add(out.get(), ggml.get(), name + ".weight", columns, rows);
    };
    put("token_embd", o.hidden, vocabulary());
    put("output_norm", o.hidden);
    put("output", o.hidden, vocabulary());
    for (std::uint32_t i = 0; i < o.layers; ++i) {
      const std::string at = "blk." + std::to_string(i) + ".";
      for (const char* norm : {"attn_norm", "ffn_norm"}) put(at + norm, o.hidden);
      for (const char* norm : {"attn_q_norm", "attn_k_norm"}) put(at + norm, o.head_size);
      put(at + "attn_q", o.hidden, std::int64_t{o.heads} * o.head_size);
      for (const char* name : {"attn_k", "attn_v"}) put(at + name, o.hidden, std::int64_t{o.kv_heads} * o.head_size);
      put(at + "attn_output", std::int64_t{o.heads} * o.head_size, o.hidden);
      for (const char* name : {"ffn_gate", "ffn_up"}) put(at + name, o.hidden, o.feed_forward);
      put(at + "ffn_down", o.feed_forward, o.hidden);
    }
    return file_of(out.get(), ggml.get());
  }

  static std::string file_of(const gguf_context* out, ggml_context* ggml) {
    std::string file(gguf_get_meta_size(out), '\0');
    gguf_get_meta_data(out, file.data());
    for (ggml_tensor* t = ggml_get_first_tensor(ggml); t != nullptr; t = ggml_get_next_tensor(ggml, t)) {
      const std::size_t at = file.size();
      file.resize(at + GGML_PAD(ggml_nbytes(t), GGUF_DEFAULT_ALIGNMENT));
      std::memcpy(file.data() + at, t->data, ggml_nbytes(t));
    }
    return file;
  }

  TinyCausalOptions options_;
  SeededRng rng_;
  sys::TempFolder folder_;
};

}  // namespace docmind::engine
