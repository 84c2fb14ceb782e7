// query_planner with a chat model (ask.planner: model): it cuts the question, the rules (query_planner.h) hold what it
// hands on, and plan where it does not.
//
// Held: one to kMostParts parts, each at most kMostPartBytes, none twice; every content word from the question or the
// turns before; at least half of the question's content words in the parts; no negation lost or brought in. A question
// for a set, a named place, identifiers or a phrase is never put to the model: its own wording decides its route.
//
// The prompt is src/agents/prompts/query_planner.v1.inc; a changed prompt is a new version. Thread safety: plan() from
// any thread, if the model's are.
#pragma once
#include <cstddef>
#include <span>
#include <stop_token>

#include "agents/history.h"
#include "agents/query_planner.h"
#include "agents/query_router.h"
#include "base/deadline.h"
#include "base/result.h"
#include "llm/chat_model.h"

namespace docmind::agents {

inline constexpr std::size_t kMostPartBytes = 1024;

// Plan::model says how it went; absent, the model was not asked. Errors: kCancelled alone; all else is a fallback.
Result<Plan> plan_by_model(const Routing& routing, std::span<const HistoryTurn> history, llm::ChatModel& model,
                           Deadline deadline, std::stop_token stop);

}  // namespace docmind::agents
