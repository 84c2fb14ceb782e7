// The vocabulary of a model file through libllama, without its weights, for tests.
#pragma once
#include <llama-cpp.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "engine/vocabulary.h"

namespace docmind::engine {

class LlamaVocabulary final : public Vocabulary {
 public:
  explicit LlamaVocabulary(const std::string& path) {
    llama_log_set([](ggml_log_level, const char*, void*) {}, nullptr);
    llama_model_params params = llama_model_default_params();
    params.vocab_only = true;
    model_.reset(llama_model_load_from_file(path.c_str(), params));
    DM_CHECK(model_ != nullptr);
    vocab_ = llama_model_get_vocab(model_.get());
    facts_.size = static_cast<std::uint32_t>(llama_vocab_n_tokens(vocab_));
    for (std::int32_t id = 0; id < static_cast<std::int32_t>(facts_.size); ++id) {
      const auto attributes = static_cast<unsigned>(llama_vocab_get_attr(vocab_, id));
      if ((attributes & (LLAMA_TOKEN_ATTR_CONTROL | LLAMA_TOKEN_ATTR_USER_DEFINED)) != 0) {
        facts_.special.push_back({.id = id, .text = piece(id)});
      }
      if (llama_vocab_is_eog(vocab_, id)) facts_.ends.push_back(id);
    }
    facts_.end_text = piece(llama_vocab_eos(vocab_));
  }
  const VocabularyFacts& vocabulary() const override { return facts_; }

  Result<std::vector<std::int32_t>> tokenise(std::string_view text, Specials specials) const override {
    std::vector<std::int32_t> tokens(text.size() + 8);
    const int count = llama_tokenize(vocab_, text.data(), static_cast<int>(text.size()), tokens.data(),
                                     static_cast<int>(tokens.size()), false, specials == Specials::kParse);
    DM_CHECK(count >= 0);
    tokens.resize(static_cast<std::size_t>(count));
    return tokens;
  }

  std::string piece(std::int32_t token) const override {
    std::array<char, 256> bytes{};
    if (token < 0 || token >= llama_vocab_n_tokens(vocab_)) return {};
    const int length = llama_token_to_piece(vocab_, token, bytes.data(), static_cast<int>(bytes.size()), 0, true);
    return {bytes.data(), static_cast<std::size_t>(length < 0 ? 0 : length)};
  }

 private:
  llama_model_ptr model_;
  const llama_vocab* vocab_ = nullptr;
  VocabularyFacts facts_;
};

}  // namespace docmind::engine
