// A loaded embedding model: text to tokens, token sequences to one hidden state per token. Or a loaded reranking model:
// token sequences of a query and a document to one score each.
//
// Thread safety: an Encoder from any thread, an EncoderContext from one at a time; a context's encoder outlives it.
// Several contexts share the weights. Pooling is not done here (late_pooling.h does it), so libllama is asked for every
// token's vector; a reranker's head is libllama's.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/libllama.h"
#include "llm/embedder.h"

namespace docmind::engine {

// How the whole text's vector is made, as the model file says; kScore: none is made, the model is a reranker.
enum class Pooling : std::uint8_t { kMean, kCls, kScore };
enum class EncoderUse : std::uint8_t { kVectors, kScores };

struct EncoderFacts {
  std::string name;
  std::uint32_t dimensions = 0;
  std::uint32_t window = 0;  // Tokens in one sequence, special ones included.
  Pooling pooling = Pooling::kMean;
  std::uint32_t vocabulary = 0;  // Kinds of tokens.
  std::vector<TokenId> prefix;   // Special tokens before and after every sequence ([CLS], [SEP]).
  std::vector<TokenId> suffix;
  std::vector<TokenId> separator{};  // Of a reranker: what it puts between query and document.
};

struct EncoderOptions {
  std::string model_path;
  std::uint32_t max_window = 1024;  // The model's own window counts when it is smaller.
  EncoderUse use = EncoderUse::kVectors;
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
  // kInvalidArgument when the file is no model of that use that can be used here.
  static Result<std::unique_ptr<Encoder>> open(const EncoderOptions& options);
  ~Encoder();
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  const EncoderFacts& facts() const;

  // Cut at the borders of the spans before tokenising, so that every token belongs to one span or to none.
  // kInvalidArgument when the text is not UTF-8 or the spans are not in order, not inside, or split a character.
  Result<TokenisedText> tokenise(const llm::EmbedInput& input) const;

 private:
  friend class EncoderContext;
  struct State;
  explicit Encoder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

class EncoderContext {
 public:
  static constexpr std::uint32_t kMaxSequences = 64;  // In one pass.
  // Tokens of short sequences that share a pass. Below 128 the matrices are too thin for the fast kernels; above 256
  // the attention, which is over all tokens of the pass, costs more than is saved.
  static constexpr std::uint32_t kSharedPass = 256;
  static constexpr std::uint32_t kShortPass = 64;  // Tokens of a short pass: a question.

  static Result<std::unique_ptr<EncoderContext>> open(const Encoder& encoder, std::uint32_t threads);
  // For short passes alone. Its attention is the plain one, which up to some forty tokens is the faster one, and its
  // threads are kept, asleep, from one pass to the next: to start them costs as much as a question.
  // A pass of several threads that takes `patience` times as long as one thread would is given up and computed by one:
  // on a machine that has become busy it could take seconds.
  static Result<std::unique_ptr<EncoderContext>> open_short(const Encoder& encoder, std::uint32_t threads,
                                                            double patience = 2);
  ~EncoderContext();
  EncoderContext(const EncoderContext&) = delete;
  EncoderContext& operator=(const EncoderContext&) = delete;

  std::uint32_t max_tokens() const;  // In one pass; at least the model's window, unless it is for short ones.
  std::uint32_t threads() const;
  // So many of its threads compute from now on, at least one; the results are the same to the last bit. The first pass
  // is one thread's all the same, so that it is known how long that takes.
  void use_threads(std::uint32_t count);
  std::uint64_t given_up() const;  // Passes of several threads.

  // What encode() gives for a sequence of so many tokens: rows of `dimensions`, or one score.
  std::size_t row_floats(std::size_t tokens) const;

  // One pass. Rows of `dimensions` floats, one per token, or scores, one per sequence, sequence after sequence; valid
  // until the next call. kUnavailable when memory did not suffice, from then on always.
  // Requires at least one sequence, at most kMaxSequences with max_tokens() in all, none longer than the window.
  Result<std::span<const float>> encode(std::span<const std::vector<TokenId>> sequences);

 private:
  struct State;
  struct Shape;
  static Result<std::unique_ptr<EncoderContext>> open(const Encoder& encoder, const Shape& shape);
  Result<std::span<const float>> scores_of(std::size_t sequences);

  explicit EncoderContext(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace docmind::engine
