// One question, one answer: the five agents as plain calls, one after the other, with the time each took.
#pragma once
#include <stop_token>
#include <string>

#include "agents/answer.h"
#include "agents/response_validator.h"
#include "agents/result_synthesizer.h"
#include "agents/retrieval_expert.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "base/result.h"
#include "base/rng.h"
#include "library/library.h"
#include "retrieval/index.h"

namespace docmind::agents {

struct Question {
  std::string text;
  retrieval::Filter filter;
};

struct AskOptions {
  RetrievalOptions retrieval;
  SynthesisOptions synthesis;
  ValidationOptions validation;
};

struct AskDeps {
  library::Library& library;
  retrieval::Index& index;
  const Clock& clock;
  Rng& rng;  // For the trace's id.
};

// Errors: kInvalidArgument (route()), kDeadlineExceeded, kCancelled, those of the library. Weak evidence is no error:
// the answer says kAbstained and brings the nearest passages. Stores the trace under Answer::trace_id; an answer whose
// trace cannot be stored is still given, with an empty trace_id.
Result<Answer> ask(const Question& question, const AskOptions& options, const AskDeps& deps, Deadline deadline,
                   std::stop_token stop);

}  // namespace docmind::agents
