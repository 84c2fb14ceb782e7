// A BERT checkpoint of a few kilobytes with random weights, for tests that need a model but no meaning.
#pragma once
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "base/rng.h"

namespace docmind::model {

struct TinyCheckpoint {
  std::uint32_t hidden = 32;
  std::uint32_t heads = 2;
  std::uint32_t layers = 2;
  std::uint32_t feed_forward = 64;
  std::uint32_t positions = 16;
  std::string pooling = "mean";  // "mean", "cls", anything else: neither.
  std::string prefix{};          // Of the tensors' names.
  std::uint64_t seed = 1;
  std::vector<std::string> words{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "cat", "sat", "on",
                                 "mat",   "##s",   ".",     ",",     "dog",    "a",   "b",   "c"};

  std::string config() const {
    const auto field = [](const char* name, std::uint64_t v) {
      return "\"" + std::string(name) + "\":" + std::to_string(v) + ",";
    };
    return "{" + field("hidden_size", hidden) + field("num_attention_heads", heads) +
           field("num_hidden_layers", layers) + field("intermediate_size", feed_forward) +
           field("max_position_embeddings", positions) + field("vocab_size", words.size()) +
           field("type_vocab_size", 2) + R"("layer_norm_eps":1e-12,"hidden_act":"gelu","model_type":"bert"})";
  }

  // Name and shape of every tensor.
  std::vector<std::pair<std::string, std::vector<std::uint64_t>>> tensors() const {
    const std::uint64_t h = hidden;
    const std::uint64_t f = feed_forward;
    std::vector<std::pair<std::string, std::vector<std::uint64_t>>> out{
        {"embeddings.word_embeddings.weight", {words.size(), h}},
        {"embeddings.position_embeddings.weight", {positions, h}},
        {"embeddings.token_type_embeddings.weight", {2, h}},
        {"embeddings.LayerNorm.weight", {h}},
        {"embeddings.LayerNorm.bias", {h}}};
    for (std::uint32_t layer = 0; layer < layers; ++layer) {
      const std::string at = "encoder.layer." + std::to_string(layer) + ".";
      for (const char* name :
           {"attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"}) {
        out.push_back({at + name + ".weight", {h, h}});
        out.push_back({at + name + ".bias", {h}});
      }
      out.push_back({at + "intermediate.dense.weight", {f, h}});
      out.push_back({at + "intermediate.dense.bias", {f}});
      out.push_back({at + "output.dense.weight", {h, f}});
      out.push_back({at + "output.dense.bias", {h}});
      for (const char* name : {"attention.output.LayerNorm", "output.LayerNorm"}) {
        out.push_back({at + name + ".weight", {h}});
        out.push_back({at + name + ".bias", {h}});
      }
    }
    out.push_back({"pooler.dense.weight", {h, h}});  // Not used, and so must do no harm.
    return out;
  }

  void write(const std::filesystem::path& folder) const {
    std::filesystem::create_directories(folder / "1_Pooling");
    std::ofstream(folder / "config.json") << config();
    std::ofstream(folder / "tokenizer_config.json") << R"({"do_lower_case":true})";
    std::ofstream(folder / "1_Pooling/config.json") << R"({"pooling_mode_cls_token":)" << bool_text("cls")
                                                    << R"(,"pooling_mode_mean_tokens":)" << bool_text("mean") << "}";
    std::ofstream vocabulary(folder / "vocab.txt");
    for (const std::string& word : words) vocabulary << word << "\n";
    write_tensors(folder / "model.safetensors");
  }

 private:
  const char* bool_text(const char* mode) const { return pooling == mode ? "true" : "false"; }

  void write_tensors(const std::filesystem::path& path) const {
    SeededRng rng(seed);
    std::string header = "{";
    std::string data;
    for (const auto& [name, shape] : tensors()) {
      const std::size_t begin = data.size();
      std::uint64_t n = 1;
      std::string dims;
      for (const std::uint64_t d : shape) {
        n *= d;
        dims += (dims.empty() ? "" : ",") + std::to_string(d);
      }
      for (std::uint64_t i = 0; i < n; ++i) {
        const float v = static_cast<float>(static_cast<double>(rng.next() >> 11U) * 0x1p-53 - 0.5);
        data.append(reinterpret_cast<const char*>(&v), sizeof v);
      }
      header += (header.size() > 1 ? "," : "") + ("\"" + prefix + name) + R"(":{"dtype":"F32","shape":[)" + dims +
                R"(],"data_offsets":[)" + std::to_string(begin) + "," + std::to_string(data.size()) + "]}";
    }
    header += "}";
    std::string length(8, '\0');
    for (std::size_t i = 0; i < 8; ++i) length[i] = static_cast<char>(header.size() >> (8 * i));
    std::ofstream(path, std::ios::binary) << length << header << data;
  }
};

}  // namespace docmind::model
