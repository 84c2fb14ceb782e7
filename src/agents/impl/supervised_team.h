// The graph of a supervised answer: who is in the team, with which prompt and tools, and what each is shown.
#pragma once
#include <memory>

#include "agents/impl/supervised_run.h"
#include "base/result.h"
#include "graph/graph.h"

namespace docmind::agents {

// Its input: "messages", the turns before and the question. What ends it is the supervisor's last message.
Result<std::shared_ptr<const graph::Graph>> team_of(const std::shared_ptr<SupervisedRun>& run);

}  // namespace docmind::agents
