// A whole answer as bytes and back: what a cache of answers keeps. What tells of its making (agents, tokens, trace,
// times) is not in it, nor what a whole answer has none of (fallbacks, dropped sentences, nearest passages).
//
// JSON in UTF-8, version in "answer_version". Pure functions.
#pragma once
#include <string>
#include <string_view>

#include "agents/answer.h"
#include "base/result.h"

namespace docmind::agents {

std::string keep_answer(const Answer& answer);
// kDataLoss for anything that keep_answer() did not write.
Result<Answer> read_kept_answer(std::string_view kept);

}  // namespace docmind::agents
