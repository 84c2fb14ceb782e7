// One task of a superstep: a node with what it sees, and what came of it.
//
// A Task is immutable while it runs and shared with the thread that runs it, which may outlast the run (an abandoned
// node). An Outcome is a value; a finished one goes into a checkpoint as JSON and comes back.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "graph/impl/plan.h"
#include "graph/impl/run_shared.h"

namespace docmind::graph::impl {

// Where a loop stands: which namespace of which thread, under which limits.
struct LoopPlace {
  std::string space{};   // Namespace; each level is "NODE:TASK ID", joined by '|'.
  std::string names{};   // As Event::space.
  std::string stable{};  // As space, but made of what a replay repeats: names interrupts and messages.
  Deadline deadline = Deadline::never();
  std::stop_token stop{};
  std::shared_ptr<const std::atomic<bool>> abandoned{};  // Null in the outermost loop.

  bool outermost() const { return abandoned == nullptr; }
  bool dead() const { return abandoned != nullptr && abandoned->load(); }
};

struct Outcome {
  bool finished = false;  // Then update, next and sends count.
  Update update{};
  std::vector<std::string> next{};
  std::vector<Send> sends{};
  Scope scope = Scope::kHere;
  std::optional<Error> error{};
  std::vector<Interrupt> interrupts{};
  Array answers{};  // What its interrupts were answered so far, in order.

  Object result_json() const;
  static Result<Outcome> from_result_json(const Value& json);
  Value interrupts_json() const;
  static std::vector<Interrupt> interrupts_from_json(const Value& json);
};

struct Task {
  std::shared_ptr<const Graph> graph{};
  std::shared_ptr<RunShared> run{};
  LoopPlace place{};
  const NodePlan* node = nullptr;  // In graph.
  std::string name{};
  std::string path{};
  std::string checkpoint{};  // The one it starts from; empty when nothing is saved.
  std::string origin{};      // The same, but in a replay the one that is repeated; empty in a subgraph.
  std::int64_t step = 0;
  std::uint32_t remaining = 0;
  std::shared_ptr<const Object> values{};
  std::optional<Object> input{};  // Of a Send.
  Array answers{};
  std::atomic<bool> abandoned = false;

  State state() const { return State(input ? *input : *values); }
  std::string id() const;         // Names its pending writes, its subgraph's namespace and its side effects.
  std::string stable_id() const;  // The same in every replay: names its interrupts.
  const std::atomic<bool>* mute() const { return place.abandoned ? place.abandoned.get() : &abandoned; }
};

// Runs the node, again if its policy says so, and follows its routes. limit is told until when each attempt may take.
Outcome execute(const std::shared_ptr<Task>& task, const std::stop_token& stop,
                const std::function<void(const Deadline&)>& limit);

// What a node's answer amounts to: its writes checked, its destinations known. For the fallback's answer, too.
Result<Outcome> settle(const Task& task, Command command);

}  // namespace docmind::graph::impl
