// What an answer was made of, step by step, as JSON: stored beside the answer and shown by `docmind trace ID`.
// Format: docs/formats/trace.md. Pure functions.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agents/answer_digest.h"
#include "agents/ask.h"
#include "agents/question_graph.h"
#include "agents/recorded_model.h"
#include "agents/supervised_record.h"

namespace docmind::agents {

struct Trace {
  std::string id{};
  Question question{};
  AskOptions options{};
  std::optional<WriteOptions> writing{};    // Of the chat model; without one nothing.
  std::optional<GeneralOptions> general{};  // Where general knowledge was allowed.
  Routing routing{};
  std::vector<Evidence> evidence{};
  Draft draft{};
  std::optional<Decided> planned{};  // By a chat model that was asked; validated: likewise.
  std::optional<Decided> validated{};
  TimePoint asked{};  // From which `runs` count; not kept.
  std::vector<TimedRun> runs{};
  ModelRecord model{};
  std::optional<SupervisedRecord> supervised{};  // Where it was to be.
  AnswerDigest answer{};
  std::uint64_t dropped = 0;  // Claims that failed validation.
  double seconds = 0;
};

// At most `units` ranked units per part are written.
std::string to_json(const Trace& trace, std::size_t units = 60);

}  // namespace docmind::agents
