#include "agents/model_policies.h"

#include <algorithm>
#include <utility>

#include "agents/model_planner.h"
#include "agents/second_opinion.h"

namespace docmind::agents {
namespace {

bool decides(Policy policy, const char* agent, const AskOptions& options, const AnswerDeps& deps) {
  return policy == Policy::kModel && deps.writer != nullptr && !options.off.contains(agent);
}

bool plans(const AskOptions& options, const AnswerDeps& deps) {
  return decides(options.policies.planner, "query_planner", options, deps);
}

bool judges(const AskOptions& options, const AnswerDeps& deps) {
  return decides(options.policies.validator, "response_validator", options, deps);
}

// The rules need what is left.
Deadline time_for_model(const Call& call, const Clock& clock) {
  if (call.deadline.is_never()) return call.deadline;
  return call.deadline.sooner(call.deadline.left() / 5 * 4, clock);
}

void tell(const std::optional<Decided>& decided, Answer& answer) {
  if (!decided) return;
  if (!decided->fallback.empty()) answer.fallbacks.push_back(decided->fallback);
  answer.tokens.add(decided->usage);
}

}  // namespace

void plan_with_model(const Question& question, const AskOptions& options, const AnswerDeps& deps, Agents& agents) {
  if (!plans(options, deps)) return;
  agents.query_planner = [history = question.history, &model = deps.writer->model(), &clock = deps.clock](
                             const Routing& routing, const Call& call) {
    return plan_by_model(routing, history, model, time_for_model(call, clock), call.stop);
  };
}

void validate_with_model(const AskOptions& options, const AnswerDeps& deps, Agents& agents) {
  if (!judges(options, deps)) return;
  const AnswerWriter& writer = *deps.writer;
  const OpinionSeams opinion{.model = writer.model(), .pool = writer.pool(), .parallel = writer.options().parallel};
  agents.response_validator = [opinion, &clock = deps.clock, rules = std::move(agents.response_validator)](
                                  const Draft& draft, const Call& call) -> Result<Validated> {
    Validated out = DM_TRY(rules(draft, call));
    DM_TRY(add_second_opinion(draft, opinion, out, time_for_model(call, clock), call.stop));
    return out;
  };
}

void put_rules_behind_planner(const AskOptions& options, const AnswerDeps& deps, Agents& last) {
  if (!plans(options, deps)) return;
  last.query_planner = [](const Routing& routing, const Call&) { return Result<Plan>(plan(routing.question)); };
}

void put_rules_behind_validator(const AskOptions& options, const AnswerDeps& deps, Agents& last) {
  if (!judges(options, deps)) return;
  last.response_validator = [&library = deps.library, validation = options.validation,
                             least = std::move(last.response_validator)](const Draft& draft, const Call& call) {
    auto at = library.read(call.deadline, call.stop);
    auto validated = at ? validate(draft, *at, validation) : Result<Validated>(std::move(at).error());
    return validated ? validated : least(draft, call);
  };
}

void keep_beside_deciding(std::shared_ptr<const void> what, Agents& agents) {
  agents.query_planner = [what, agent = std::move(agents.query_planner)](const Routing& routing, const Call& call) {
    return agent(routing, call);
  };
  agents.response_validator = [what = std::move(what), agent = std::move(agents.response_validator)](
                                  const Draft& draft, const Call& call) { return agent(draft, call); };
}

Budgets budgets_with_policies(const AskOptions& options, const AnswerDeps& deps) {
  Budgets out = options.budgets;
  if (plans(options, deps)) out.planning = out.deciding;
  if (judges(options, deps)) out.validation = out.judging;
  return out;
}

void tell_policies(const Outcome& outcome, Answer& answer) {
  tell(outcome.plan.model, answer);
  tell(outcome.validated.model, answer);
}

}  // namespace docmind::agents
