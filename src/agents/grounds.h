// Whether an answer that was given before would be made of the same passages now: what the best passages were, and what
// they are.
//
// The best passages are those that the rules would answer with (synthesize(), whoever wrote the answer), and the
// nearest one of each part. A document that would change them is a better one; one that would not is no matter. Their
// hash holds no offsets and no versions: a passage that stands elsewhere in its document is the same.
#pragma once
#include <cstdint>
#include <stop_token>

#include "agents/ask.h"
#include "base/hash.h"
#include "base/result.h"

namespace docmind::agents {

enum class Led : std::uint8_t { kByNobody, kBySupervisor };

// Grounds::documents stays empty. No `best`: a set was counted, a place was read, a model chose what to look for, or
// somebody stood in for an agent.
Grounds grounds_of(const Outcome& outcome, const AskOptions& options, Led led);

// Of the question as the library is now. Errors: kUnavailable (the search is degraded), kConflict (it would be answered
// in another way), those of the agents.
Result<ContentHash> best_now(const Question& question, const AskOptions& options, const AskDeps& deps,
                             Deadline deadline, std::stop_token stop);

}  // namespace docmind::agents
