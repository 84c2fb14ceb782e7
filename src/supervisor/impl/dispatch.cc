// The tool "dispatch", and the guard against circles.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <set>

#include "base/hash.h"
#include "base/json.h"
#include "base/json_members.h"
#include "supervisor/impl/agent_plan.h"
#include "supervisor/impl/team.h"

namespace docmind::supervisor::impl {
namespace {

constexpr std::size_t kMostAsked = 64;  // Noted questions; the oldest go.

Error refused(std::string what) { return {Code::kInvalidArgument, std::move(what)}; }

std::string names_of(const Team& team) {
  std::string out;
  for (const Agent& agent : team.agents) out += (out.empty() ? "" : ", ") + agent.name;
  return out;
}

bool has_type(const Value& value, std::string_view type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "number" || type == "integer") return value.is_number();
  return true;
}

// The type and the required members of a task's schema; what is inside them is the agent's to judge.
Result<> check_task(const Team& team, const std::string& agent, const Value& task) {
  const auto found = team.task_types.find(agent);
  if (found == team.task_types.end()) {
    if (!json_text(task).empty()) return {};
    return refused("the task of '" + agent + "' must be a text");
  }
  const std::string_view type = json_text(json_member(found->second, "type"));
  if (task.is_null() || !has_type(task, type)) {
    return refused("the task of '" + agent + "' must be of type " + std::string(type.empty() ? "any" : type));
  }
  for (const Value& key : json_list(json_member(found->second, "required"))) {
    if (!json_member(task, json_text(key)).is_null()) continue;
    return refused("the task of '" + agent + "' lacks '" + std::string(json_text(key)) + "'");
  }
  return {};
}

// Everything that was said, but for the supervisor's own words and what only tells who has the conversation: equal when
// nothing new was said, however often.
std::string knowledge(const Array& messages, std::string_view supervisor) {
  std::set<std::string> facts;
  for (const Value& message : messages) {
    if (is_handoff_back(message) || !metadata_of(message, kHandoffTo).is_null()) continue;
    if (is_assistant(message) && name_of(message) == supervisor) continue;
    Hasher hasher;
    hasher.field(role_of(message)).field(name_of(message)).field(text_of(message));
    facts.insert(hasher.finish().hex());
  }
  Hasher all;
  for (const std::string& fact : facts) all.field(fact);
  return all.finish().hex().substr(0, 32);
}

}  // namespace

llm::ChatTool dispatch_definition(const Team& team) {
  Array kinds;
  std::string who;
  for (const Agent& agent : team.agents) {
    const auto typed = team.task_types.find(agent.name);
    Value task = typed == team.task_types.end() ? Value(Object{{"type", "string"}}) : typed->second;
    kinds.push_back(Object{{"type", "object"},
                           {"properties", {{"agent", {{"const", agent.name}}}, {"task", std::move(task)}}},
                           {"required", {"agent", "task"}},
                           {"additionalProperties", false}});
    who += "\n- " + agent.name + (agent.description.empty() ? "" : ": " + agent.description);
  }
  Object destinations{{"type", "array"}, {"minItems", 1}, {"items", {{"anyOf", std::move(kinds)}}}};
  const Object parameters{{"type", "object"},
                          {"properties", {{"destinations", std::move(destinations)}}},
                          {"required", {"destinations"}},
                          {"additionalProperties", false}};
  return {.name = "dispatch",
          .description =
              "Gives tasks to agents, who work on them at the same time; name each agent once, and tell it "
              "all it needs to know. The agents are:" +
              who,
          .parameters = to_text(parameters)};
}

Result<std::vector<Assignment>> assignments_of(const Team& team, const llm::ToolCall& call) {
  const Object arguments = DM_TRY(arguments_of(call));
  std::vector<Assignment> out;
  for (const Value& one : json_list(json_member(arguments, "destinations"))) {
    const std::string agent(json_text(json_member(one, "agent")));
    if (!team.has(agent)) return refused("'" + agent + "' is not an agent, try one of [" + names_of(team) + "]");
    const Value& task = json_member(one, "task");
    DM_TRY(check_task(team, agent, task));
    out.push_back({.agent = agent, .task = task});
  }
  if (out.empty()) return refused("'destinations' names nobody, try some of [" + names_of(team) + "]");
  return out;
}

Circles::Circles(const State& state, std::string_view supervisor)
    : known_(knowledge(state.list("messages"), supervisor)), asked_(json_object(state["asked"])) {}

bool Circles::closes(std::string_view agent, const Value& task) {
  Hasher hasher;
  hasher.field(agent).field(to_text(task));
  const std::string question = hasher.finish().hex().substr(0, 32);
  if (json_text(json_member(asked_, question)) == known_) return true;
  asked_.erase(question);
  while (asked_.size() >= kMostAsked) asked_.stable_erase(asked_.begin());
  asked_[question] = known_;
  return false;
}

}  // namespace docmind::supervisor::impl
