// Answers a question again from its trace: the agents run on what the search brought and what the chat model said when
// it was recorded (recording.h), with no index and no model, and the answer has to be the same, byte for byte.
//
// What differs was changed since: our code, a prompt, a stored trace. Thread safety: replay() from any thread.
#pragma once
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "agents/ask.h"
#include "base/deadline.h"
#include "base/result.h"

namespace docmind::agents {

struct Replay {
  Answer answer;
  std::vector<std::string> differences;  // A sentence each; none: it is the same answer.
};

// `trace` as it is stored. Of `deps` library, clock and rng are used. Nothing is stored.
// Errors: those of read_recording() and of ask().
Result<Replay> replay(std::string_view trace, const AnswerDeps& deps, Deadline deadline, std::stop_token stop);

}  // namespace docmind::agents
