// Guesses the next tokens of a text by looking up how its last ones went on before: quotes, lists, code, tables.
//
// Prompt lookup (Saxena 2023) over the prompt and what was generated so far; where the text departs from its source by
// a token, the draft goes on behind it. Guesses are free to be wrong, the scheduler checks them all in one step. A
// draft is as long as its last token still pays: the chance that all of it stands against what checking a token costs.
// Thread safety: one thread.
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
  static constexpr std::uint32_t kStrays = 3;     // Guesses at a source that failed at once, after which it is left.
  static constexpr double kHope = 0.7;            // The chance that a drafted token stands, before anything is known.
  static constexpr double kMemory = 0.9;          // Of each checked token for that chance.
  static constexpr double kMargin = 1.1;          // That chance over the cost, below which drafts pause.
  static constexpr std::uint32_t kPause = 24;     // Steps without drafts after that, doubling up to
  static constexpr std::uint32_t kLongest = 384;  // so many.

  void read(std::span<const TokenId> text);

  std::uint32_t most_;
  double chance_ = kHope;
  double cost_ = 0.3;        // As last told.
  std::uint32_t pause_ = 0;  // Steps to sit out.
  std::uint32_t pauses_ = kPause;
  std::size_t source_ = 0;    // Where the last draft was read.
  std::size_t goes_on_ = 0;   // Where the text would go on if one token was replaced; 0: nowhere.
  std::uint32_t strays_ = 0;  // Drafts in a row of which nothing stood.
  std::size_t seen_ = 0;      // Tokens of the text that are in the table.
  std::unordered_map<std::uint64_t, std::uint32_t> last_;  // Key of kKey tokens -> where they were last followed.
};

}  // namespace docmind::scheduler
