// A loaded embedding model: text to tokens, token sequences to one hidden state per token.
//
// Thread safety: tokenise() and facts() from any thread; encode() from one thread (the owner of the context).
// Pooling is not done here (late_pooling.h does it), so libllama is asked for every token's vector.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "llm/embedder.h"

namespace docmind::engine {

using TokenId = std::int32_t;

enum class Pooling : std::uint8_t { kMean, kCls };  // How the whole text's vector is made, as the model file says.

struct EncoderFacts {
  std::string name;
  std::uint32_t dimensions = 0;
  std::uint32_t window = 0;  // Tokens in one sequence, special ones included.
  Pooling pooling = Pooling::kMean;
  std::vector<TokenId> prefix;  // Special tokens before and after every sequence ([CLS], [SEP]).
  std::vector<TokenId> suffix;
};

struct EncoderOptions {
  std::string model_path;
  std::uint32_t threads = 1;
  std::uint32_t max_window = 2048;  // The model's own window counts when it is smaller.
  std::uint32_t pass_tokens = 512;  // Tokens of several sequences in one pass; a longer sequence goes alone.
};

struct TokenRange {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  bool operator==(const TokenRange&) const = default;
};

struct TokenisedText {
  std::vector<TokenId> tokens;    // Without special ones.
  std::vector<TokenRange> spans;  // One per span of the text.
};

class Encoder {
 public:
  // kInvalidArgument when the file is no embedding model that can be used here.
  static Result<std::unique_ptr<Encoder>> open(const EncoderOptions& options);
  ~Encoder();
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  const EncoderFacts& facts() const;
  std::uint32_t pass_tokens() const;                  // At least facts().window.
  static constexpr std::uint32_t kMaxSequences = 64;  // In one pass.

  // Cut at the borders of the spans before tokenising, so that every token belongs to one span or to none.
  // kInvalidArgument when the text is not UTF-8 or the spans are not in order, not inside, or split a character.
  Result<TokenisedText> tokenise(const llm::EmbedInput& input) const;

  // One pass. Rows of `dimensions` floats, one per token, sequence after sequence; valid until the next call.
  // Requires at most kMaxSequences sequences with at most pass_tokens() tokens in all, none longer than the window.
  Result<std::span<const float>> encode(std::span<const std::vector<TokenId>> sequences);

 private:
  struct State;
  explicit Encoder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace docmind::engine
