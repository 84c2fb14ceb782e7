// What a GGUF model file says of itself, read and checked before any library sees the file (the preflight).
//
// Beyond what GgufFile::parse checks: the keys that the architecture needs are there and in range, lists have as many
// elements as there are tokens, token texts are unique, special tokens exist, layers are complete and shapes agree with
// the keys (for "bert" and "qwen3" every tensor; for other architectures what all of them have in common). What is
// wrong here makes libllama end the process or read behind an array.
//
// Plain functions. Errors: kInvalidArgument with one sentence; kNotFound, kUnauthorized of the disk.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/gguf_file.h"

namespace docmind::model {

struct TensorFacts {
  std::string name;
  std::uint32_t type = 0;            // ggml_type
  std::vector<std::uint64_t> shape;  // The fastest first.
  std::uint64_t bytes = 0;
};

enum class Purpose : std::uint8_t { kText, kEmbedding, kReranking };  // What the model is for, by its file.

struct ModelFile {
  std::string architecture;  // "qwen3"
  std::string name;          // general.name; may be empty.
  Purpose purpose = Purpose::kText;
  std::uint32_t layers = 0;
  std::uint32_t dimensions = 0;  // Of an embedding.
  std::uint32_t heads = 0;
  std::uint32_t kv_heads = 0;
  std::uint32_t head_size = 0;     // Numbers in a key of one head; 0 where layers differ.
  std::uint32_t value_size = 0;    // And in a value.
  std::uint32_t feed_forward = 0;  // Numbers of one token in a layer's feed-forward part; 0 where layers differ.
  std::uint32_t context = 0;       // Tokens it was trained for.
  std::uint32_t vocabulary = 0;
  std::string tokenizer;      // tokenizer.ggml.model: "gpt2" (BPE), "bert", "t5"...
  std::string pre_tokenizer;  // tokenizer.ggml.pre; may be empty.
  bool needs_nfc = false;     // Its tokenizer expects text in NFC (docmind.tokenizer.nfc).
  bool has_chat_template = false;
  std::uint64_t parameters = 0;
  std::string quantisation;  // "Q4_K_M"; by general.file_type, else by the format of most bytes.
  std::uint64_t bytes = 0;   // Of the file.
  std::vector<TensorFacts> tensors;
};

Result<ModelFile> read_model_file(const std::filesystem::path& path);

// The same for bytes at hand: all of the file.
Result<ModelFile> model_file_of(std::string_view bytes);
// And for what has been parsed already.
Result<ModelFile> check_model(const GgufFile& gguf);

}  // namespace docmind::model
