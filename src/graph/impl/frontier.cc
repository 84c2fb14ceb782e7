#include "graph/impl/frontier.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace docmind::graph::impl {
namespace {

// A join by what it is, not by its place among the others: a graph may gain joins while threads are open.
std::string key_of(const JoinPlan& join) {
  std::string key = join.to + "<";
  for (const std::string& from : std::set(join.from.begin(), join.from.end())) key += from + ",";
  return key;
}

Error foreign(std::string_view what) {
  return {Code::kConflict, "the checkpoint does not belong to this graph: " + std::string(what),
          "The graph has changed since: start a new thread, or run the graph it was made by."};
}

const Array* list_at(const Object& json, std::string_view key) {
  const Value* found = json.if_contains(key);
  return found != nullptr ? found->if_array() : nullptr;
}

Result<Due> due_from(const Plan& plan, const Value& json) {
  const Object* object = json.if_object();
  const Value* node = object != nullptr ? object->if_contains("node") : nullptr;
  if (node == nullptr || !node->is_string()) return foreign("a task has no node");
  Due due{.node = std::string(node->get_string())};
  if (!plan.nodes.contains(due.node)) return foreign("there is no node '" + due.node + "'");
  if (const Value* input = object->if_contains("input"); input != nullptr && input->is_object()) {
    due.input = input->get_object();
  }
  return due;
}

Result<> arrived_from(const Plan& plan, const Object& json, Frontier& out) {
  const Value* joins = json.if_contains("joins");
  if (joins == nullptr) return {};
  const Object* object = joins->if_object();
  if (object == nullptr) return foreign("its joins are no object");
  for (std::size_t i = 0; i < plan.joins.size(); ++i) {
    const Array* names = list_at(*object, key_of(plan.joins[i]));
    if (names == nullptr) continue;
    for (const Value& name : *names) {
      if (name.is_string()) out.arrived[i].emplace(name.get_string());
    }
  }
  return {};
}

}  // namespace

std::string Frontier::path(std::size_t i) const {
  if (!due[i].input) return "pull:" + due[i].node;
  const auto first = std::ranges::partition_point(due, [](const Due& task) { return !task.input; });
  std::string number = std::to_string(i - static_cast<std::size_t>(first - due.begin()));
  number.insert(0, number.size() < 6 ? 6 - number.size() : 0, '0');
  return "push:" + number + ":" + due[i].node;
}

std::vector<std::string> Frontier::next() const {
  std::vector<std::string> out;
  for (const Due& task : due) out.push_back(task.node);
  return out;
}

Object Frontier::to_json(const Plan& plan) const {
  Object out;
  Array tasks;
  for (const Due& task : due) {
    Object json{{"node", task.node}};
    if (task.input) json["input"] = *task.input;
    tasks.push_back(std::move(json));
  }
  out["due"] = std::move(tasks);
  Object joins;
  for (const auto& [join, names] : arrived) {
    joins[key_of(plan.joins[join])] = Array(names.begin(), names.end());
  }
  if (!joins.empty()) out["joins"] = std::move(joins);
  if (paused) out["paused"] = true;
  if (!origin.empty()) out["origin"] = origin;
  if (!touched.empty()) out["touched"] = Array(touched.begin(), touched.end());
  return out;
}

Result<Frontier> Frontier::from_json(const Plan& plan, const Object& json) {
  Frontier out;
  const Array* tasks = list_at(json, "due");
  if (tasks == nullptr) return foreign("it does not say what is due");
  for (const Value& task : *tasks) out.due.push_back(DM_TRY(due_from(plan, task)));
  DM_TRY(arrived_from(plan, json, out));
  if (const Value* paused = json.if_contains("paused")) out.paused = paused->is_bool() && paused->get_bool();
  if (const Value* origin = json.if_contains("origin"); origin != nullptr && origin->is_string()) {
    out.origin = std::string(origin->get_string());
  }
  if (const Array* touched = list_at(json, "touched")) {
    for (const Value& name : *touched) {
      if (name.is_string()) out.touched.emplace(name.get_string());
    }
  }
  return out;
}

void Callers::ran(const std::string& node) {
  const NodePlan& plan = plan_.nodes.find(node)->second;
  for (const std::string& to : plan.edges) pulls_.insert(to);
  for (const std::size_t join : plan.joins) arrive(join, node);
}

void Callers::arrive(std::size_t join, const std::string& from) {
  std::set<std::string>& names = arrived_[join];
  names.insert(from);
  for (const std::string& wanted : plan_.joins[join].from) {
    if (!names.contains(wanted)) return;
  }
  arrived_.erase(join);
  pulls_.insert(plan_.joins[join].to);
}

void Callers::call(const std::vector<std::string>& next, const std::vector<Send>& sends) {
  for (const std::string& to : next) {
    if (to != kEnd) pulls_.insert(to);
  }
  for (const Send& send : sends) pushes_.push_back({.node = send.node, .input = send.input});
}

void Callers::keep(const Due& due) {
  if (due.input) {
    pushes_.push_back(due);
  } else {
    pulls_.insert(due.node);
  }
}

Frontier Callers::take() && {
  Frontier out{.arrived = std::move(arrived_)};
  for (const std::string& name : pulls_) out.due.push_back({.node = name});
  for (Due& push : pushes_) out.due.push_back(std::move(push));
  return out;
}

}  // namespace docmind::graph::impl
