// What is due next: the tasks of the coming superstep, and how far the joins are. Part of every checkpoint.
//
// A value. Invariant: `due` is sorted as writes are applied: nodes that edges called for by name, each once, then
// Sends.
#pragma once
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "graph/impl/plan.h"

namespace docmind::graph::impl {

struct Due {
  std::string node{};
  std::optional<Object> input{};  // Of a Send.
};

struct Frontier {
  std::vector<Due> due{};
  std::map<std::size_t, std::set<std::string>> arrived{};  // By join.
  bool paused = false;
  std::string origin{};             // Of a replay: the checkpoint it repeats; names interrupts.
  std::set<std::string> touched{};  // Of a subgraph: channels it has written.

  // "pull:NAME" or "push:000007:NAME".
  std::string path(std::size_t i) const;
  std::vector<std::string> next() const;  // Names, in order.

  Object to_json(const Plan& plan) const;
  // kConflict when it does not belong to this graph.
  static Result<Frontier> from_json(const Plan& plan, const Object& json);
};

// Collects who is called for in one superstep.
class Callers {
 public:
  Callers(const Plan& plan, const Frontier& before) : plan_(plan), arrived_(before.arrived) {}

  void ran(const std::string& node);  // Its edges and joins.
  void call(const std::vector<std::string>& next, const std::vector<Send>& sends);
  void keep(const Due& due);  // Due before, and still.
  Frontier take() &&;

 private:
  void arrive(std::size_t join, const std::string& from);

  const Plan& plan_;
  std::map<std::size_t, std::set<std::string>> arrived_;
  std::set<std::string> pulls_;
  std::vector<Due> pushes_;
};

}  // namespace docmind::graph::impl
