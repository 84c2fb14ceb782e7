// From one vector per token to one vector per text and per span ("late pooling"), over as many windows as it takes.
//
// A text longer than the model's window is covered by overlapping windows of equal size; in an overlap each token's
// vector comes from the window where the token lies farther from the border. Nothing is cut off.
// Whole text: mean over all tokens including the special ones at its two ends (as sentence-transformers), or the mean
// of the windows' CLS vectors, each weighted by the tokens it stands for. Span: mean over its own tokens.
// Windows are summed in their order whatever order they come in, so the same text has the same vectors to the last bit.
// Pure; one Pooler per text, one thread.
#pragma once
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "engine/encoder.h"
#include "llm/embedder.h"

namespace docmind::engine {

struct Window {
  TokenRange tokens;  // What the pass sees.
  TokenRange own;     // Whose vectors are taken from it; the windows' own ranges cover the text without overlap.
};

// At least one window, an empty one for an empty text. `room` is the most tokens of a window without special ones.
std::vector<Window> plan_windows(std::uint32_t tokens, std::uint32_t room);

class Pooler {
 public:
  Pooler(const EncoderFacts& facts, const TokenisedText& text);

  const std::vector<Window>& windows() const { return windows_; }
  // The tokens of that window with the special ones around them.
  std::vector<TokenId> sequence(std::size_t window) const;
  // Rows of that sequence, one per token. Each window once, in any order; one that comes early is kept till its turn.
  void add(std::size_t window, std::span<const float> rows);
  // After all windows were added.
  llm::Embedding finish();

 private:
  void add_in_turn(std::size_t window, std::span<const float> rows);

  const EncoderFacts& facts_;
  const TokenisedText& text_;
  std::vector<Window> windows_;
  std::size_t next_ = 0;  // The window whose turn it is.
  std::map<std::size_t, std::vector<float>> early_;
  llm::Embedding sums_;
};

// To length 1; a zero vector stays zero.
void normalise(std::span<float> vector);

}  // namespace docmind::engine
