// WordPiece token counts without a model: the same tokens as libllama's WPM tokenizer with BERT's uncased vocabulary.
//
// Chunks are measured with it whatever embedder is set, so they survive its change. Rules (llama-vocab.cpp,
// llm_tokenizer_wpm): accents off, control characters dropped, lower case, one word per punctuation mark, ASCII symbol
// and Han character, the longest known piece first; a word with a part that is no piece is one unknown token.
//
// Immutable after open(): any method from any thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "doc/document.h"

namespace docmind::text {

class WordPiece {
 public:
  // `vocabulary` is the content of a vocab.txt: one piece per line, "##" in front of those that continue a word.
  // kInvalidArgument when it has no [UNK] or is not UTF-8.
  static Result<std::unique_ptr<WordPiece>> open(std::string_view vocabulary);
  ~WordPiece();

  struct Token {
    std::uint32_t id = 0;  // Line of vocab.txt, from 0.
    doc::Span span;        // The bytes of `text` it was made from; in order, not overlapping.
  };

  // Content tokens only: no [CLS], no [SEP]. Stops after the word in which the `enough`th token stands.
  std::vector<Token> tokens(std::string_view text, std::size_t enough = std::numeric_limits<std::size_t>::max()) const;
  std::uint32_t count(std::string_view text) const;

 private:
  struct State;
  explicit WordPiece(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace docmind::text
