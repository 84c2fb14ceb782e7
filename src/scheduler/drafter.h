// Guesses the next tokens of a text by looking up how its last ones went on before: quotes, lists, code, tables.
//
// Prompt lookup (Saxena 2023) over the prompt and what was generated so far. Guesses are free to be wrong, the
// scheduler checks them all in one step; the gate sees to it that wrong ones are not made for long. Thread safety: one
// thread.
#pragma once
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "scheduler/runner.h"

namespace docmind::scheduler {

class Drafter {
 public:
  // `most`: tokens in one draft.
  explicit Drafter(std::uint32_t most) : most_(most) {}

  // Up to `most` tokens that may follow `text`; often none. `text` only grows from call to call.
  std::vector<TokenId> draft(std::span<const TokenId> text);
  // How many of the last draft's tokens stood, and what checking one costs as a part of what writing one costs
  // (Pace::draft_cost()). Drafts pause for a while when what stands does not pay for what is checked.
  void checked(std::uint32_t drafted, std::uint32_t accepted, double cost);

 private:
  static constexpr std::uint32_t kKey = 3;        // Tokens that must have been seen in a row.
  static constexpr std::uint32_t kLeast = 2;      // Tokens in a first draft.
  static constexpr double kMargin = 1.1;          // Gain over cost, on a moving average, below which drafts pause.
  static constexpr std::uint32_t kPause = 24;     // Steps without drafts after that, doubling up to
  static constexpr std::uint32_t kLongest = 384;  // so many.

  void read(std::span<const TokenId> text);

  std::uint32_t most_;
  std::uint32_t next_ = kLeast;  // Length of the next draft.
  std::uint32_t pause_ = 0;      // Steps to sit out.
  std::uint32_t pauses_ = kPause;
  double share_ = 0.5;                                     // Accepted of drafted, moving average.
  std::size_t seen_ = 0;                                   // Tokens of the text that are in the table.
  std::unordered_map<std::uint64_t, std::uint32_t> last_;  // Key of kKey tokens -> where they were last followed.
};

}  // namespace docmind::scheduler
