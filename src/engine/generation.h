// One answer: tokens from the scheduler to text, thoughts and tool calls, given out piece by piece and kept whole.
//
// Runs on the caller's thread. Errors of the scheduler come through, but a full queue is kRateLimited here.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "engine/tool_calls.h"
#include "grammar/grammar.h"
#include "scheduler/scheduler.h"

namespace docmind::engine {

enum class Finish : std::uint8_t { kStop, kLength, kToolCalls };
std::string_view name(Finish finish);  // "stop", "length", "tool_calls".

struct TokenReport {  // One token of the text with what else it might have been.
  std::int32_t token = 0;
  float log_probability = 0;
  std::vector<std::pair<std::int32_t, float>> alternatives{};
};

struct AnswerPiece {
  AnswerDelta delta{};
  std::vector<TokenReport> tokens{};  // Only when they were asked for.
};

struct Answer {
  AnswerDelta whole{};
  std::vector<TokenReport> tokens{};
  Finish finish = Finish::kStop;
  std::string parse_error{};
  scheduler::GenerateUsage usage{};
};

struct GenerationRequest {
  scheduler::GenerateRequest tokens{};
  std::vector<std::string> stops{};
  AnswerSyntax syntax{};
  std::string id_prefix{};  // Tool calls are named after it.
  bool report_tokens = false;
  std::uint32_t alternatives = 0;  // Reported with each token, at most.
  // What the finished text must be; its text is an error otherwise. Empty: anything.
  std::shared_ptr<const grammar::Grammar> must_be{};
  bool must_call = false;  // Without a tool call it is an error.
};

// False ends it (the listener has gone).
using OnPiece = std::function<bool(const AnswerPiece&)>;

// kInternal when a finished text is not what it must be; one that ran out of tokens or met a stop string is given back
// with parse_error instead.
// `pieces`: written_pieces() of the vocabulary.
Result<Answer> generate_answer(scheduler::Scheduler& scheduler, std::span<const std::string> pieces,
                               GenerationRequest request, const OnPiece& on_piece, Deadline deadline,
                               std::stop_token stop);

}  // namespace docmind::engine
