// The seam between the scheduler and what computes: token ids in, logits out. Above it nobody knows which library runs
// the model; the first runner is libllama (engine/llama_runner.h), a second one would be kernels of our own.
//
// Model: a cache of `cells`, one per computed token. A sequence is a row of cells at positions 0, 1, 2, ...; sequences
// may share cells (fork), a cell is free when no sequence has it. Thread safety: one thread at a time.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace docmind::scheduler {

using TokenId = std::int32_t;
using SequenceId = std::uint32_t;

struct RunnerFacts {
  // Two runners with the same identity may read each other's saved cells: model hash, architecture, layers, cell types,
  // rope, build. Not for people.
  std::string identity{};
  std::uint32_t vocabulary = 0;       // Kinds of tokens: logits have this many floats.
  std::uint32_t window = 0;           // Positions in one sequence.
  std::uint32_t cells = 0;            // In all sequences.
  std::uint32_t sequences = 0;        // Ids are 0 ... sequences - 1.
  std::uint32_t step_tokens = 0;      // Tokens in one step.
  std::uint32_t step_outputs = 0;     // Tokens of one step with logits.
  std::uint64_t cell_bytes = 0;       // Of one cell, all layers.
  std::vector<TokenId> end_tokens{};  // Any of them ends a text.
};

// Consecutive tokens of one sequence, appended at its end.
struct Span {
  SequenceId sequence = 0;
  std::uint32_t position = 0;  // Of the first one: the sequence's length so far.
  std::span<const TokenId> tokens{};
  std::uint32_t outputs = 0;  // Its last so many tokens get logits.
};

class Runner {
 public:
  virtual ~Runner() = default;
  virtual const RunnerFacts& facts() const = 0;

  // Computes a ragged batch: each span of another sequence, step_tokens in all at most, step_outputs outputs.
  // kCancelled when `interrupt` was raised meanwhile, kResourceExhausted when cells are short; after these the
  // sequences are as they were before the call. kUnavailable when memory did not suffice: it cannot compute any more.
  virtual Result<> step(std::span<const Span> spans, const std::atomic<bool>& interrupt) = 0;
  // Logits of the n-th output of the last step, in the order of its spans. Valid until the next step.
  virtual std::span<const float> logits(std::size_t output) const = 0;

  // `to` gets the cells of `from` at positions [begin, end), in which it has none. Costs no computation.
  virtual void fork(SequenceId from, SequenceId to, std::uint32_t begin, std::uint32_t end) = 0;
  // The sequence loses its cells at positions [begin, end).
  virtual void drop(SequenceId sequence, std::uint32_t begin, std::uint32_t end) = 0;

  // The cells of a whole sequence as bytes, and back into an empty sequence. A restore that fails leaves it empty.
  virtual Result<std::string> save(SequenceId sequence) = 0;
  virtual Result<> restore(SequenceId sequence, std::string_view bytes, std::uint32_t tokens) = 0;
};

}  // namespace docmind::scheduler
