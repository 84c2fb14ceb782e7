// The superstep loop of one graph in one namespace: plan, run, apply, save, again.
//
// Not thread-safe: lives on the stack of whoever runs it.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "graph/impl/channels.h"
#include "graph/impl/frontier.h"
#include "graph/impl/step.h"
#include "graph/impl/task.h"

namespace docmind::graph::impl {

struct LoopEnd {
  RunResult result{};
  std::optional<Command> for_parent{};           // A node left the subgraph for its parent.
  std::set<std::string, std::less<>> touched{};  // Channels that were written, but for the input.
};

class Loop {
 public:
  Loop(std::shared_ptr<RunShared> run, std::shared_ptr<const Graph> graph, LoopPlace place);

  // On from what the namespace holds; from the input when it holds nothing.
  Result<LoopEnd> run(const Object& input);

  // From the outside, where the two are told apart.
  Result<LoopEnd> start(const Object& input);
  Result<LoopEnd> proceed();

 private:
  // What was saved of a task that has had a turn in the coming step.
  struct Turn {
    std::optional<Outcome> result{};
    std::vector<Interrupt> interrupts{};
    Array answers{};
  };

  const Plan& plan() const { return graph_->plan(); }
  const RunOptions& options() const { return run_->options(); }

  Result<> load(SavedCheckpoint saved);
  Result<> branch();
  Result<> enter(const Object& input);
  Result<LoopEnd> steps();
  bool within_time() const;
  Result<> within_limits() const;
  Result<std::optional<LoopEnd>> superstep();
  std::vector<std::shared_ptr<Task>> tasks() const;
  std::vector<Outcome> run_tasks(const std::vector<std::shared_ptr<Task>>& tasks);
  bool open(const Turn& turn) const;
  void stand_in(const std::vector<std::shared_ptr<Task>>& tasks, std::vector<Outcome>& outcomes) const;
  Result<> keep_unfinished(const std::vector<std::shared_ptr<Task>>& tasks, const std::vector<Outcome>& outcomes);
  Result<> apply(const std::vector<Outcome>& outcomes);
  bool pauses(const Frontier& coming) const;
  Result<> save(Source source);
  LoopEnd end() const;

  void tell_start(const std::vector<std::shared_ptr<Task>>& tasks) const;
  void tell_end(const std::vector<std::shared_ptr<Task>>& tasks, const std::vector<Outcome>& outcomes) const;
  void tell_values() const;

  const std::shared_ptr<RunShared> run_;      // Shared with tasks, some of which may outlast the run.
  const std::shared_ptr<const Graph> graph_;  // The same.
  const LoopPlace place_;
  Channels channels_;
  Frontier frontier_;
  std::string checkpoint_;             // Where the loop stands; empty: nowhere yet, or nothing is saved.
  std::int64_t step_ = -2;             // Of that checkpoint; the first input will be -1.
  std::uint32_t steps_ = 0;            // Of this run.
  std::map<std::string, Turn> turns_;  // By task id; of the first step alone.
};

}  // namespace docmind::graph::impl
