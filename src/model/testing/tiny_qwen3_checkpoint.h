// A Qwen3 checkpoint in Hugging Face layout whose weights follow from their names: the same bytes as those of
// tests/golden/tiny_qwen3.py, which explains them, so that what other programs say of it can be committed.
//
// The vocabulary is Qwen's own, from the file that llama.cpp ships for tokenizer tests; its first n tokens with its
// first n - 256 merges are a smaller vocabulary that is right in itself.
#pragma once
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/json.h"
#include "model/gguf_file.h"
#include "sys/mapped_file.h"

namespace docmind::model {

enum class TinyWeights : std::uint8_t { kBf16, kFp8 };

struct TinyQwen3Checkpoint {
  std::uint32_t ordinary = 151'643;  // Tokens that are not special.
  std::uint32_t rows = 151'936;      // Of the embedding.
  std::uint32_t layers = 4, hidden = 256, feed_forward = 768, heads = 4, kv_heads = 2, head_size = 128;
  TinyWeights weights = TinyWeights::kBf16;
  std::size_t shards = 1;
  bool tied = true;
  std::string config_more{};  // ,"key":value

  // A vocabulary and dimensions for tests that are over in a moment; no dimension is a multiple of an FP8 block.
  static TinyQwen3Checkpoint small(TinyWeights weights = TinyWeights::kBf16) {
    return {.ordinary = 300,
            .rows = 330,
            .layers = 2,
            .hidden = 192,
            .feed_forward = 160,
            .heads = 2,
            .kv_heads = 1,
            .head_size = 32,
            .weights = weights};
  }

  struct Matrix {
    std::string name;
    std::vector<std::uint64_t> shape;
    int shift = 0;  // 0: a norm.
  };
  std::vector<Matrix> matrices() const {
    const std::uint64_t h = hidden;
    const std::uint64_t f = feed_forward;
    const std::uint64_t q = std::uint64_t{heads} * head_size;
    const std::uint64_t kv = std::uint64_t{kv_heads} * head_size;
    std::vector<Matrix> out{{"model.embed_tokens.weight", {rows, h}, 11}};
    if (!tied) out.push_back({"lm_head.weight", {rows, h}, 11});
    for (std::uint32_t i = 0; i < layers; ++i) {
      const std::string at = "model.layers." + std::to_string(i) + ".";
      out.insert(out.end(), {{at + "self_attn.q_proj.weight", {q, h}, 9},
                             {at + "self_attn.k_proj.weight", {kv, h}, 9},
                             {at + "self_attn.v_proj.weight", {kv, h}, 9},
                             {at + "self_attn.o_proj.weight", {h, q}, 10},
                             {at + "mlp.gate_proj.weight", {f, h}, 9},
                             {at + "mlp.up_proj.weight", {f, h}, 9},
                             {at + "mlp.down_proj.weight", {h, f}, 11},
                             {at + "self_attn.q_norm.weight", {head_size}, 0},
                             {at + "self_attn.k_norm.weight", {head_size}, 0},
                             {at + "input_layernorm.weight", {h}, 0},
                             {at + "post_attention_layernorm.weight", {h}, 0}});
    }
    out.push_back({"model.norm.weight", {h}, 0});
    return out;
  }

  // The numbers that the weights stand for.
  std::vector<float> values(const Matrix& m) const {
    std::vector<float> out(elements(m));
    const std::uint64_t columns = m.shape.back();
    const std::uint64_t seed = seed_of(m.name);
    for (std::uint64_t i = 0; i < out.size(); ++i) {
      if (m.shift == 0) {
        out[i] = norm(seed, i);
      } else if (is_fp8(m)) {
        out[i] = static_cast<float>(four_bits(integer(seed, i))) *
                 scale(m, i / columns / 128 * ((columns + 127) / 128) + i % columns / 128);
      } else {
        out[i] = static_cast<float>(integer(seed, i)) / static_cast<float>(1 << m.shift);
      }
    }
    return out;
  }

  std::string config() const {
    const auto field = [](const char* name, std::uint64_t v) {
      return "\"" + std::string(name) + "\":" + std::to_string(v) + ",";
    };
    return R"({"architectures":["Qwen3ForCausalLM"],"model_type":"qwen3",)" + field("hidden_size", hidden) +
           field("intermediate_size", feed_forward) + field("num_hidden_layers", layers) +
           field("num_attention_heads", heads) + field("num_key_value_heads", kv_heads) + field("head_dim", head_size) +
           field("vocab_size", rows) + field("max_position_embeddings", 262'144) +
           R"("hidden_act":"silu","rms_norm_eps":1e-06,"rope_theta":5000000,"attention_bias":false,)" +
           R"("use_sliding_window":false,"tie_word_embeddings":)" + (tied ? "true" : "false") +
           (weights == TinyWeights::kFp8
                ? R"(,"quantization_config":{"fmt":"e4m3","quant_method":"fp8","weight_block_size":[128,128]})"
                : "") +
           config_more + "}";
  }

  std::string tokenizer() const {
    const auto file = sys::MappedFile::open(DOCMIND_SOURCE_DIR
                                            "/.deps/packages/llama_cpp_python/vendor/llama.cpp/models/"
                                            "ggml-vocab-qwen2.gguf");
    DM_CHECK(static_cast<bool>(file));
    const auto gguf = GgufFile::parse((*file)->bytes());
    DM_CHECK(static_cast<bool>(gguf));
    const auto tokens = gguf->texts("tokenizer.ggml.tokens");
    const auto merges = gguf->texts("tokenizer.ggml.merges");
    DM_CHECK(ordinary >= 256 && ordinary <= tokens.size() && ordinary - 256 <= merges.size());
    std::string vocabulary;
    for (std::uint32_t i = 0; i < ordinary; ++i) {
      vocabulary += (i == 0 ? "" : ",") + json_quoted(tokens[i]) + ":" + std::to_string(i);
    }
    std::string list;
    for (std::uint32_t i = 0; i < ordinary - 256; ++i) list += (i == 0 ? "" : ",") + json_quoted(merges[i]);
    std::string added;
    for (std::size_t i = 0; i < kAdded.size(); ++i) {
      added += (i == 0 ? "" : ",") + (R"({"id":)" + std::to_string(ordinary + i)) + R"(,"content":)" +
               json_quoted(kAdded.at(i)) + R"(,"normalized":false,"special":)" +
               (kAdded.at(i).starts_with("<|") ? "true}" : "false}");
    }
    return R"({"added_tokens":[)" + added + R"(],"normalizer":{"type":"NFC"},"pre_tokenizer":{"type":"Sequence",)" +
           R"("pretokenizers":[{"type":"Split","pattern":{"Regex":)" + json_quoted(kSplit) +
           R"(},"behavior":"Isolated","invert":false},{"type":"ByteLevel","add_prefix_space":false,"use_regex":false}]},)" +
           R"("model":{"type":"BPE","byte_fallback":false,"ignore_merges":false,"vocab":{)" + vocabulary +
           R"(},"merges":[)" + list + "]}}";
  }

  void write(const std::filesystem::path& folder) const {
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "config.json") << config();
    std::ofstream(folder / "tokenizer.json") << tokenizer();
    std::ofstream(folder / "tokenizer_config.json")
        << R"({"bos_token":null,"eos_token":"<|im_end|>","pad_token":"<|endoftext|>","chat_template":"{{ messages }}"})";
    std::ofstream(folder / "generation_config.json")
        << R"({"bos_token_id":)" << ordinary << R"(,"eos_token_id":[)" << ordinary + 2 << "," << ordinary << "]}";
    write_weights(folder);
  }

  static constexpr std::array<std::string_view, 26> kAdded{
      "<|endoftext|>",  "<|im_start|>",   "<|im_end|>",      "<|object_ref_start|>", "<|object_ref_end|>",
      "<|box_start|>",  "<|box_end|>",    "<|quad_start|>",  "<|quad_end|>",         "<|vision_start|>",
      "<|vision_end|>", "<|vision_pad|>", "<|image_pad|>",   "<|video_pad|>",        "<tool_call>",
      "</tool_call>",   "<|fim_prefix|>", "<|fim_middle|>",  "<|fim_suffix|>",       "<|fim_pad|>",
      "<|repo_name|>",  "<|file_sep|>",   "<tool_response>", "</tool_response>",     "<think>",
      "</think>"};
  static constexpr std::string_view kSplit =
      R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

 private:
  static std::uint64_t elements(const Matrix& m) {
    std::uint64_t n = 1;
    for (const std::uint64_t size : m.shape) n *= size;
    return n;
  }
  bool is_fp8(const Matrix& m) const {
    return weights == TinyWeights::kFp8 && m.shift != 0 && m.name.find("layers") != std::string::npos;
  }
  static std::uint64_t seed_of(std::string_view name) {
    std::uint64_t seed = 0xcbf29ce484222325ULL;
    for (const char c : name) seed = (seed ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    return seed;
  }
  static std::uint64_t hash(std::uint64_t seed, std::uint64_t i) {
    std::uint64_t z = seed + (i + 1) * 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31U);
  }
  static int integer(std::uint64_t seed, std::uint64_t i) {
    const std::uint64_t h = hash(seed, i);
    int sum = -126;
    for (unsigned part = 0; part < 4; ++part) sum += static_cast<int>((h >> (6 * part)) & 63U);
    return sum;
  }
  static int four_bits(int k) {
    const int size = std::abs(k);
    const int step = size >= 64 ? 8 : size >= 32 ? 4 : size >= 16 ? 2 : 1;
    return k < 0 ? -(size / step * step) : size / step * step;
  }
  static float norm(std::uint64_t seed, std::uint64_t i) {
    return static_cast<float>(hash(seed, i) % 33 + 112) / 128.0F;
  }
  static float scale(const Matrix& m, std::uint64_t block) {
    const auto raw = static_cast<float>(hash(seed_of(m.name + "_scale_inv"), block) % 64 + 64);
    return raw / static_cast<float>(64 << (m.shift + 1));
  }
  static char e4m3(int k) {  // At most four bits: exact.
    const auto size = static_cast<unsigned>(std::abs(k));
    if (size == 0) return 0;
    unsigned power = 0;
    while ((size >> (power + 1)) != 0) ++power;
    const unsigned fraction = ((size << 3U) >> power) & 7U;
    return static_cast<char>((k < 0 ? 128U : 0U) | ((power + 7) << 3U) | fraction);
  }

  struct Stored {
    std::string name, dtype;
    std::vector<std::uint64_t> shape;
    std::string bytes;
  };
  std::vector<Stored> stored(const Matrix& m) const {
    const std::uint64_t count = elements(m);
    Stored out{m.name, is_fp8(m) ? "F8_E4M3" : "BF16", m.shape, {}};
    if (is_fp8(m)) {
      const std::uint64_t seed = seed_of(m.name);
      for (std::uint64_t i = 0; i < count; ++i) out.bytes += e4m3(four_bits(integer(seed, i)));
      Stored scales{m.name + "_scale_inv", "F32", {(m.shape[0] + 127) / 128, (m.shape[1] + 127) / 128}, {}};
      for (std::uint64_t i = 0; i < scales.shape[0] * scales.shape[1]; ++i) {
        const float value = scale(m, i);
        scales.bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
      }
      return {std::move(out), std::move(scales)};
    }
    out.bytes.reserve(2 * count);
    for (const float value : values(m)) out.bytes.append(reinterpret_cast<const char*>(&value) + 2, 2);
    return {std::move(out)};
  }

  void write_weights(const std::filesystem::path& folder) const {
    std::vector<std::vector<Stored>> files(shards);
    std::size_t next = 0;
    for (const Matrix& m : matrices()) {
      for (Stored& tensor : stored(m)) files[next++ % shards].push_back(std::move(tensor));
    }
    std::string map;
    for (std::size_t i = 0; i < shards; ++i) {
      const std::string name = shards == 1
                                   ? "model.safetensors"
                                   : "model-" + std::to_string(i) + "-of-" + std::to_string(shards) + ".safetensors";
      std::string header;
      std::uint64_t at = 0;
      for (const Stored& t : files[i]) {
        std::string dims;
        for (const std::uint64_t d : t.shape) dims += (dims.empty() ? "" : ",") + std::to_string(d);
        header += (header.empty() ? "{\"" : ",\"") + t.name + R"(":{"dtype":")" + t.dtype + R"(","shape":[)" + dims +
                  R"(],"data_offsets":[)" + std::to_string(at) + "," + std::to_string(at + t.bytes.size()) + "]}";
        at += t.bytes.size();
        map += (map.empty() ? "\"" : ",\"") + t.name + "\":\"" + name + "\"";
      }
      header += "}";
      std::ofstream out(folder / name, std::ios::binary);
      const std::uint64_t size = header.size();
      out.write(reinterpret_cast<const char*>(&size), sizeof size);
      out << header;
      for (const Stored& t : files[i]) out << t.bytes;
    }
    if (shards > 1) std::ofstream(folder / "model.safetensors.index.json") << R"({"weight_map":{)" << map << "}}";
  }
};

}  // namespace docmind::model
