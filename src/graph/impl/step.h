// Runs the tasks of one superstep to their ends, at the same time if there is a pool.
//
// A task that fails does not stop the others: what they compute is kept, whoever was first. Outcomes come in the order
// of the tasks. In the outermost loop a task past its time is told to stop and, a quarter of a second later, left to
// itself: it counts as failed (kDeadlineExceeded), and its late outcome goes nowhere. Inner loops lend a hand instead
// of waiting, so that loops inside loops cannot starve each other of threads.
#pragma once
#include <memory>
#include <vector>

#include "graph/impl/task.h"

namespace docmind::graph::impl {

// Some task of these was abandoned: the values it reads must not change under it.
struct StepOutcomes {
  std::vector<Outcome> outcomes{};
  bool abandoned = false;
};

// Tasks must not be empty; all are of one loop.
StepOutcomes run_step(const std::vector<std::shared_ptr<Task>>& tasks);

}  // namespace docmind::graph::impl
