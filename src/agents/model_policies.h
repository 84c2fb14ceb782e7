// Puts a chat model in the place of rules where ask.planner and ask.validator say so, and the rules behind it: a model
// that answers nothing usable in four fifths of the agent's time leaves the decision to them within the agent; one that
// does not come back at all is left, and they stand in for the agent. Either way the answer says so.
#pragma once
#include <memory>

#include "agents/ask.h"
#include "agents/question_graph.h"

namespace docmind::agents {

// Without a writer, where the policies say rules, and where an agent is off, these change nothing. What they put in
// place refers to the writer's model and pool.
void plan_with_model(const Question& question, const AskOptions& options, const AnswerDeps& deps, Agents& agents);
void validate_with_model(const AskOptions& options, const AnswerDeps& deps, Agents& agents);

// Of agents of last resort: behind a model that was left stand the rules, and the least behind those.
void put_rules_behind_planner(const AskOptions& options, const AnswerDeps& deps, Agents& last);
void put_rules_behind_validator(const AskOptions& options, const AnswerDeps& deps, Agents& last);

// Keeps what they refer to until they return: they may be left.
void keep_beside_deciding(std::shared_ptr<const void> what, Agents& agents);

// With time for a model to decide.
Budgets budgets_with_policies(const AskOptions& options, const AnswerDeps& deps);

// What it cost, and where it did not decide.
void tell_policies(const Outcome& outcome, Answer& answer);

}  // namespace docmind::agents
