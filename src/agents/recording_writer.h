// What writes for one question, over a model whose words are kept (recorded_model.h) until the question is answered.
//
// Thread safety: as its members. Everything it is made from outlives it.
#pragma once
#include <optional>

#include "agents/answer_writer.h"
#include "agents/general_knowledge.h"
#include "agents/recorded_model.h"
#include "base/clock.h"
#include "context/token_counter.h"

namespace docmind::agents {

struct RecordingWriter {
  RecordingWriter(const AnswerWriter& given, const GeneralKnowledge* knowing, const Clock& clock, Wrote wrote = {})
      : model(given.model(), given.counter(), clock), writer(given.over(model, counter, std::move(wrote))) {
    if (knowing != nullptr) general.emplace(model, counter, knowing->options());
  }

  RecordingModel model;
  context::TokenCounter counter{model};
  AnswerWriter writer;
  std::optional<GeneralKnowledge> general{};
};

}  // namespace docmind::agents
