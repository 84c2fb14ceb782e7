// The sliding window of one text: its head and its tail stay, the middle goes.
//
// Of the budget's tokens 1/6 are the head and 5/6 the tail (20,000 and 100,000 of 120,000); the mark between them comes
// on top. The tail starts up to `overlap` tokens earlier, where the sentence starts that it would cut. Cuts lie at
// white space, or on a character where there is none.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/deadline.h"
#include "base/result.h"
#include "context/token_counter.h"

namespace docmind::context {

inline constexpr std::string_view kTruncationMark = "\n...[content truncated]...\n";

inline constexpr std::uint64_t kMarkTokens = 24;  // At most, with what joining the texts may add.

struct SlideBudget {
  std::uint64_t tokens = 0;
  std::uint64_t overlap = 0;  // The result has at most tokens + overlap + kMarkTokens.
};

struct Slid {
  std::string text{};
  std::uint64_t tokens = 0;  // Of `text`, counted.
  std::uint64_t start = 0;   // Bytes of the original that are left out.
  std::uint64_t end = 0;
};

// Nothing when a head and a tail do not fit the budget. `text` is UTF-8. Errors: those of TokenCounter.
Result<std::optional<Slid>> slide(std::string_view text, SlideBudget budget, const llm::Capabilities& model,
                                  TokenCounter& counter, Deadline deadline, std::stop_token stop);

}  // namespace docmind::context
