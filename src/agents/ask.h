// One question, one answer, by the five agents (question_graph.h): by rules and in the documents' own words, or with a
// chat model as the result_synthesizer. A model that fails, or writes nothing that its passages bear, gives way to the
// documents' words, and the answer says so. With a Supervision it writes as the supervisor of others (supervised.h).
#pragma once
#include <set>
#include <stop_token>
#include <string>

#include "agents/answer.h"
#include "agents/answer_writer.h"
#include "agents/exhaustive.h"
#include "agents/general_knowledge.h"
#include "agents/history.h"
#include "agents/policy.h"
#include "agents/question_graph.h"
#include "agents/response_validator.h"
#include "agents/result_synthesizer.h"
#include "agents/retrieval_expert.h"
#include "agents/supervised.h"
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
  std::vector<HistoryTurn> history{};  // Of its session, for a chat model that writes.
};

struct AskOptions {
  RetrievalOptions retrieval;
  SynthesisOptions synthesis;
  ValidationOptions validation;
  ExhaustiveOptions exhaustive;
  Budgets budgets;
  Policies policies{};
  std::vector<std::string> sends_text_to{};  // Other machines on which the chat model's backends run.
  std::set<std::string> off;                 // Agents that do not work, by name: to see what each is worth.
};

// What answers when the search is done.
struct AnswerDeps {
  library::Library& library;
  const Clock& clock;
  Rng& rng;
  const AnswerWriter* writer = nullptr;
  exec::Pool* pool = nullptr;
  const GeneralKnowledge* general = nullptr;
  const Supervised* supervised = nullptr;  // What became of it is told; null: nobody supervises.
  Watch watch{};
};

struct AskDeps {
  library::Library& library;
  retrieval::Index& index;
  const Clock& clock;
  Rng& rng;                              // For ids; locked when there is a pool.
  const AnswerWriter* writer = nullptr;  // Null: no chat model.
  exec::Pool* pool = nullptr;  // Null: one thing after the other, and an agent that hangs holds the question up.
  const GeneralKnowledge* general = nullptr;  // Null, or no writer: what the documents do not say is not said.
  const Supervision* supervision = nullptr;   // Null, or no writer: nobody supervises.
  Watch watch{};
};

// The agents for one question; what they refer to outlives the pool.
Agents agents_for(const Question& question, const AskOptions& options, const AskDeps& deps);
// Who stands in for one that fails: the question as it is, whole, by keywords, the documents' words for a model's or
// else no claim, nothing believed.
Agents agents_of_last_resort(const Question& question, const AskOptions& options, const AskDeps& deps);

// Those of either that need no index: result_synthesizer and response_validator alone are set.
Agents answering_agents(const Question& question, const AskOptions& options, const AnswerDeps& deps);
Agents answering_agents_of_last_resort(const AskOptions& options, const AnswerDeps& deps);

// Has the supervisor write first, and who wrote until now when nothing comes of it. `writer` and `supervised` live as
// long as the agent may run.
void add_supervisor(const Question& question, const AskOptions& options, const AnswerDeps& deps, Supervised& supervised,
                    Agents& agents);

struct Answered {
  Answer answer;
  Outcome outcome;  // Its claims and what was dropped have gone into the answer.
};

// Runs the agents that are on; what they bring, as an answer. Errors as ask().
Result<Answered> answer_by(Agents agents, const Agents& last, const Question& question, const AskOptions& options,
                           const AnswerDeps& deps, Deadline deadline, std::stop_token stop);

// A document as a chat model is shown it whole.
Result<llm::ChatDocument> shown_whole(const library::Document& document, library::Snapshot& at);

// Errors: kInvalidArgument (route(), an unknown name in `off`), kDeadlineExceeded, kCancelled, those of the library.
// Weak evidence is no error: the answer says kAbstained and brings the nearest passages. Stores the trace under
// Answer::trace_id; an answer whose trace cannot be stored is still given, with an empty trace_id.
Result<Answer> ask(const Question& question, const AskOptions& options, const AskDeps& deps, Deadline deadline,
                   std::stop_token stop);

}  // namespace docmind::agents
