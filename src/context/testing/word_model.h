// A tokenizer that a test can predict: every word is as many tokens as it has pieces of four bytes, white space is
// none.
#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include "llm/chat_model.h"

namespace docmind::context::testing {

class WordTokenizer final : public llm::Tokenizer {
 public:
  static std::uint32_t tokens_of(std::string_view text) {
    std::uint32_t tokens = 0;
    std::size_t length = 0;
    for (const char c : text) {
      if (c == ' ' || c == '\n' || c == '\t') {
        length = 0;
      } else if (length++ % 4 == 0) {
        ++tokens;
      }
    }
    return tokens;
  }

  Result<std::vector<std::uint32_t>> count(std::span<const std::string> texts, Deadline, std::stop_token) override {
    ++calls;
    if (error) return *error;
    std::vector<std::uint32_t> out;
    for (const std::string& text : texts) {
      largest = std::max(largest, text.size());
      bytes += text.size();
      out.push_back(tokens_of(text));
    }
    most_texts = std::max(most_texts, texts.size());
    if (forgets) out.pop_back();
    return out;
  }

  std::uint64_t calls = 0;
  std::uint64_t bytes = 0;
  std::size_t largest = 0;
  std::size_t most_texts = 0;
  bool forgets = false;
  std::optional<Error> error{};
};

inline llm::Capabilities model_of(std::uint32_t context) {
  return {.model = "words", .hash = "h", .context = context, .tools = true, .documents = true, .counts_tokens = true};
}

}  // namespace docmind::context::testing
