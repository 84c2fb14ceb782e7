// A graph as a node of another: what goes in, running it, and what comes out.
#pragma once
#include <memory>

#include "graph/impl/task.h"

namespace docmind::graph::impl {

// The inner run's effect on its parent. Its interrupts are put into outcome.
Result<Command> run_subgraph(const std::shared_ptr<Task>& task, const Deadline& deadline, const std::stop_token& stop,
                             Outcome& outcome);

}  // namespace docmind::graph::impl
