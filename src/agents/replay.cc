#include "agents/replay.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "agents/recording.h"
#include "base/json.h"
#include "exec/pool.h"

namespace docmind::agents {
namespace {

constexpr Duration kTime =
    std::chrono::minutes(10);  // Of each agent: nothing is waited for, so none is replaced by it.

// Why this run was replaced when it was recorded; it is again.
std::optional<Error> failure(const Trace& trace, std::string_view agent, std::size_t part = 0) {
  for (const TimedRun& one : trace.runs) {
    if (one.run.name == agent && one.part == part) return one.error;
  }
  return std::nullopt;
}

// The agents before the answer, who bring what they or those who stood in for them brought.
Agents recorded_agents(const Trace& trace) {
  Agents out;
  out.query_router = [&trace](std::string_view, const Call&) { return Result<Routing>(trace.routing); };
  out.query_planner = [&trace](const Routing&, const Call&) {
    Plan plan;
    for (const Evidence& one : trace.evidence) plan.parts.push_back(one.part);
    plan.model = trace.planned;
    return Result<Plan>(std::move(plan));
  };
  out.retrieval_expert = [&trace](const Part& part, Route, const Call&) -> Result<Evidence> {
    const auto same = [&](const Evidence& one) { return one.part.text == part.text && one.part.asks == part.asks; };
    const auto found = std::ranges::find_if(trace.evidence, same);
    if (found == trace.evidence.end()) return Error{Code::kNotFound, "The search of this part is not recorded.", ""};
    return *found;
  };
  return out;
}

// Has those fail that failed when it was recorded, of the same.
void fail_again(const Trace& trace, Agents& agents) {
  if (auto error = failure(trace, "query_router")) {
    agents.query_router = [error](std::string_view, const Call&) { return Result<Routing>(*error); };
  }
  if (auto error = failure(trace, "query_planner")) {
    agents.query_planner = [error](const Routing&, const Call&) { return Result<Plan>(*error); };
  }
  for (std::size_t i = 0; i < trace.evidence.size(); ++i) {
    if (auto error = failure(trace, "retrieval_expert", i)) {
      agents.retrieval_expert = [error, part = trace.evidence[i].part, others = std::move(agents.retrieval_expert)](
                                    const Part& asked, Route route, const Call& call) {
        return asked.asks == part.asks && asked.text == part.text ? Result<Evidence>(*error)
                                                                  : others(asked, route, call);
      };
    }
  }
  if (auto error = failure(trace, "result_synthesizer")) {
    agents.result_synthesizer = [error](const std::vector<Evidence>&, const Call&) { return Result<Draft>(*error); };
  }
  if (auto error = failure(trace, "response_validator")) {
    agents.response_validator = [error](const Draft&, const Call&) { return Result<Validated>(*error); };
  }
}

// The agents that answer, in place of those that bring.
void add_answering(Agents from, Agents& to) {
  to.result_synthesizer = std::move(from.result_synthesizer);
  to.response_validator = std::move(from.response_validator);
}

}  // namespace

Result<Replay> replay(std::string_view trace, const AnswerDeps& deps, Deadline deadline, std::stop_token stop) {
  const auto stored = DM_TRY(parse_json(trace));
  Trace recorded;
  {
    library::Snapshot at = DM_TRY(deps.library.read(deadline, stop));
    recorded = DM_TRY(read_recording(stored, at));
  }
  Budgets& budgets = recorded.options.budgets;
  budgets.planning = budgets.retrieval = budgets.writing = budgets.generating = budgets.validation = kTime;
  budgets.deciding = budgets.judging = kTime;

  RecordedModel model(recorded.model);
  context::TokenCounter counter(model);
  std::unique_ptr<exec::Pool> pool;
  std::optional<AnswerWriter> writer;
  std::optional<GeneralKnowledge> general;
  if (recorded.writing) {
    pool = DM_TRY(exec::Pool::open({.threads = 1}));
    writer.emplace(model, counter, *pool, *recorded.writing);
  }
  if (recorded.general) general.emplace(model, counter, *recorded.general);
  // The agents have no pool: none of them outlives this call.
  AnswerDeps own{.library = deps.library,
                 .clock = deps.clock,
                 .rng = deps.rng,
                 .writer = writer ? &*writer : nullptr,
                 .general = general ? &*general : nullptr};
  Agents agents = recorded_agents(recorded);
  Agents last = agents;
  add_answering(answering_agents(recorded.question, recorded.options, own), agents);
  std::optional<Supervised> supervised;
  if (recorded.supervised) {
    supervised.emplace(*recorded.supervised, SupervisionOptions{},
                       SupervisedDeps{.library = deps.library, .clock = deps.clock, .rng = deps.rng});
    add_supervisor(recorded.question, recorded.options, own, *supervised, agents);
    own.supervised = &*supervised;
  }
  add_answering(answering_agents_of_last_resort(recorded.options, own), last);
  fail_again(recorded, agents);
  Answered again =
      DM_TRY(answer_by(std::move(agents), last, recorded.question, recorded.options, own, deadline, std::move(stop)));
  Replay out{.answer = std::move(again.answer), .differences = {}};
  if (model.asked_otherwise()) {
    out.differences.emplace_back("The chat model is asked something else than it was: its prompt has changed.");
  }
  std::ranges::move(differences(recorded.answer, out.answer), std::back_inserter(out.differences));
  return out;
}

}  // namespace docmind::agents
