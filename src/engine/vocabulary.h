// A chat model's tokens: text to ids and back. What prompts, streams and grammars need of a model.
//
// Thread safety: const from any thread. Text in is UTF-8 in NFC; pieces are bytes, a character may span several.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace docmind::engine {

enum class Specials : std::uint8_t {
  kText,   // The text of a control token is text.
  kParse,  // It is the token.
};

// kWritten (user-defined in a GGUF file): part of what a model writes, <tool_call> for one. kControl: never is.
enum class SpecialKind : std::uint8_t { kControl, kWritten };

struct SpecialToken {
  std::int32_t id = 0;
  std::string text{};
  SpecialKind kind = SpecialKind::kControl;
};

struct VocabularyFacts {
  std::uint32_t size = 0;               // Ids are below it.
  std::vector<SpecialToken> special{};  // Control and user-defined tokens.
  std::optional<std::int32_t> begin{};  // Stands before every text, where the model wants it.
  std::string begin_text{};
  std::string end_text{};            // Of the token that ends a text.
  std::vector<std::int32_t> ends{};  // Any of them ends it.
};

class Vocabulary {
 public:
  virtual ~Vocabulary() = default;
  virtual const VocabularyFacts& vocabulary() const = 0;
  // Without a begin token.
  virtual Result<std::vector<std::int32_t>> tokenise(std::string_view text, Specials specials) const = 0;
  // The bytes a token stands for; for a special token its text. Empty for ids that are none.
  virtual std::string piece(std::int32_t token) const = 0;
};

// Of each token what it adds to a text: its piece, nothing for control tokens.
std::vector<std::string> written_pieces(const Vocabulary& vocabulary);

}  // namespace docmind::engine
