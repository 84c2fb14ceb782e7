#include "model/model_file.h"

#include <algorithm>
#include <limits>
#include <map>
#include <unordered_set>

#include "base/utf8.h"
#include "model/impl/architecture.h"
#include "model/impl/refusal.h"
#include "model/tensor_type.h"
#include "model/weight_type.h"
#include "sys/mapped_file.h"

namespace docmind::model {
namespace {

constexpr std::uint64_t kMaxTokens = 1U << 22U;

// Arrays beside the tokens: one element each.
Result<> check_parallel(const GgufFile& gguf, std::string_view key, std::uint64_t tokens,
                        std::initializer_list<GgufType> types) {
  const GgufEntry* entry = gguf.find(key);
  if (entry == nullptr) return {};
  if (entry->type != GgufType::kArray || std::ranges::find(types, entry->item) == types.end() ||
      entry->count != tokens) {
    return refusal("its " + std::string(key) + " does not have one element for each token");
  }
  return {};
}

Result<> check_special_tokens(const GgufFile& gguf, std::uint64_t tokens) {
  for (const GgufEntry& entry : gguf.entries) {
    if (!entry.key.starts_with("tokenizer.ggml.") || !entry.key.ends_with("_token_id")) continue;
    const auto id = gguf.integer(entry.key);
    if (!id || *id >= tokens) return refusal("its " + std::string(entry.key) + " is no token");
  }
  return {};
}

// libllama reads the length of a table out of the map's first bytes.
Result<> check_charsmap(const GgufFile& gguf) {
  const GgufEntry* entry = gguf.find("tokenizer.ggml.precompiled_charsmap");
  if (entry == nullptr) return {};
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint64_t>(static_cast<unsigned char>(entry->value[i]));
  };
  const bool bytes = entry->type == GgufType::kArray && (entry->item == GgufType::kI8 || entry->item == GgufType::kU8);
  if (!bytes || entry->value.size() < 4 ||
      (byte(0) | byte(1) << 8U | byte(2) << 16U | byte(3) << 24U) + 4 >= entry->value.size()) {
    return refusal("its tokenizer's character map is cut off");
  }
  return {};
}

Result<std::uint32_t> check_tokenizer(const GgufFile& gguf) {
  const auto kind = gguf.text("tokenizer.ggml.model");
  if (!kind) return refusal("it has no tokenizer");
  const std::vector<std::string_view> tokens = gguf.texts("tokenizer.ggml.tokens");
  if (tokens.empty() || tokens.size() > kMaxTokens)
    return refusal("its tokenizer has no tokens, or more than any model");
  std::unordered_set<std::string_view> unique;
  for (const std::string_view token : tokens) {
    if (!token.empty() && !unique.insert(token).second) {
      return refusal("its tokenizer has a token twice");
    }
  }
  if (tokens.size() - unique.size() > 1) return refusal("its tokenizer has empty tokens");
  DM_TRY(check_parallel(gguf, "tokenizer.ggml.token_type", tokens.size(), {GgufType::kI32}));
  DM_TRY(check_parallel(gguf, "tokenizer.ggml.scores", tokens.size(), {GgufType::kF32}));
  DM_TRY(check_special_tokens(gguf, tokens.size()));
  DM_TRY(check_charsmap(gguf));
  const GgufEntry* merges = gguf.find("tokenizer.ggml.merges");
  if (merges != nullptr && (merges->type != GgufType::kArray || merges->item != GgufType::kText)) {
    return refusal("its tokenizer.ggml.merges is not a list of texts");
  }
  if (*kind == "gpt2" && merges == nullptr) return refusal("its byte-pair tokenizer has no merges");
  return static_cast<std::uint32_t>(tokens.size());
}

std::string quantisation_of(const GgufFile& gguf) {
  if (const auto number = gguf.integer("general.file_type")) {
    if (const auto type = weight_type_numbered(*number)) return std::string(facts(*type).title);
  }
  std::map<std::uint32_t, std::uint64_t> bytes;
  for (const GgufTensor& tensor : gguf.tensors) bytes[tensor.type] += tensor.bytes.size();
  if (bytes.empty()) return "none";
  const auto most = std::ranges::max_element(bytes, {}, [](const auto& of) { return of.second; });
  return std::string(tensor_type_name(most->first));
}

std::string text_or_empty(const GgufFile& gguf, std::string_view key) {
  const auto text = gguf.text(key);
  return text && is_utf8(*text) ? std::string(*text) : std::string();
}

}  // namespace

Result<ModelFile> check_model(const GgufFile& gguf) {
  const auto architecture = gguf.text("general.architecture");
  if (!architecture || architecture->empty() || architecture->size() > 64 ||
      !std::ranges::all_of(*architecture, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
      })) {
    return refusal("it does not name its architecture");
  }
  if (gguf.integer("split.count").value_or(1) > 1) {
    return Error{Code::kInvalidArgument, "This is one part of a model that was split into several files.",
                 "Join the parts with llama-gguf-split --merge, or import the model's checkpoint."};
  }
  if (gguf.tensors.empty()) return refusal("it has no weights");
  ModelFile model;
  model.architecture = *architecture;
  model.name = text_or_empty(gguf, "general.name");
  model.vocabulary = DM_TRY(check_tokenizer(gguf));
  DM_TRY(check_architecture(gguf, model));
  model.tokenizer = text_or_empty(gguf, "tokenizer.ggml.model");
  model.pre_tokenizer = text_or_empty(gguf, "tokenizer.ggml.pre");
  model.needs_nfc = gguf.flag("docmind.tokenizer.nfc").value_or(model.pre_tokenizer == "qwen2");
  model.has_chat_template = gguf.text("tokenizer.chat_template").has_value();
  model.quantisation = quantisation_of(gguf);
  for (const GgufTensor& tensor : gguf.tensors) {
    model.parameters += tensor.elements();
    model.tensors.push_back({std::string(tensor.name), tensor.type, tensor.shape, tensor.bytes.size()});
  }
  return model;
}

Result<ModelFile> model_file_of(std::string_view bytes) {
  const GgufFile gguf = DM_TRY(GgufFile::parse(bytes));
  ModelFile model = DM_TRY(check_model(gguf));
  model.bytes = bytes.size();
  return model;
}

Result<ModelFile> read_model_file(const std::filesystem::path& path) {
  const auto file = DM_TRY(sys::MappedFile::open(path));
  return model_file_of(file->bytes());
}

}  // namespace docmind::model
