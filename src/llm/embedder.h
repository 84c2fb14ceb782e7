// The contract of an embedding model: text in, vectors out, one for the whole and one for each span of it.
//
// Vectors are L2-normalised. A span's vector is the mean of its own tokens' hidden states in the pass that saw the
// whole text (late pooling), so it knows its surroundings and costs no pass of its own.
#pragma once
#include <cstdint>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "doc/document.h"

namespace docmind::llm {

struct EmbedderInfo {
  std::string name;        // "all-MiniLM-L6-v2"
  std::string model_hash;  // Hex of the model file's content hash: part of every key of a stored vector.
  std::uint32_t dimensions = 0;
  std::uint32_t window = 0;  // Tokens in one pass, special ones included. Longer texts are windowed and pooled.
};

struct EmbedInput {
  std::string text;              // Valid UTF-8.
  std::vector<doc::Span> spans;  // Into text: in order, not overlapping, each on character borders.
};

struct Embedding {
  std::vector<float> vector;              // [dimensions]
  std::vector<std::vector<float>> spans;  // One per input span, [dimensions] each; all zero for a span without tokens.
  std::uint32_t tokens = 0;               // Tokens computed for this input.
};

// Thread safety: any method from any thread.
class Embedder {
 public:
  virtual ~Embedder() = default;
  virtual Result<EmbedderInfo> info(Deadline deadline, std::stop_token stop) = 0;

  // One Embedding per input, in order. Errors: kInvalidArgument, kDeadlineExceeded, kCancelled, kUnavailable.
  virtual Result<std::vector<Embedding>> embed(std::span<const EmbedInput> inputs, Deadline deadline,
                                               std::stop_token stop) = 0;
};

}  // namespace docmind::llm
