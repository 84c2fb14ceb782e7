// The border between the conversation and a worker: what it sees, and what is kept of what it did.
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

constexpr std::string_view kNoAnswer = "(no answer)";

// The supervisor's own affairs: no worker sees them, none changes them.
constexpr std::string_view kOwn[] = {"dispatch", "asked", "stopped", kStructured};

bool is_own(std::string_view channel) {
  for (const std::string_view own : kOwn) {
    if (own == channel) return true;
  }
  return false;
}

const Value& entry_of(const State& parent, std::string_view agent) {
  static const Value kNone;
  for (const Value& entry : json_list(json_member(parent["dispatch"], "wave"))) {
    if (json_text(json_member(entry, "agent")) == agent) return entry;
  }
  return kNone;
}

Array up_to(const Array& messages, std::string_view id) {
  if (id.empty()) return {};
  Array out;
  for (const Value& message : messages) {
    out.push_back(message);
    if (id_of(message) == id) break;
  }
  return out;
}

Array seen_by(const Team& team, const Value& entry, const Array& messages) {
  const bool own = entry.is_object() && !json_flag(json_member(entry, "shared"));
  Array out = own ? up_to(messages, json_text(json_member(entry, "before"))) : messages;
  for (const Value& message : json_list(json_member(entry, "pair"))) out.push_back(message);
  const Value& task = json_member(entry, "task");
  if (task.is_null()) return out;
  Object asks = user_message(task.is_string() ? std::string(json_text(task)) : to_text(task), team.supervisor);
  asks["id"] = "task." + std::string(out.empty() ? "" : id_of(out.back()));
  out.push_back(std::move(asks));
  return out;
}

// The same when the task is repeated, another for every other call of the worker: the conversation has grown by then.
std::string back_id(const Team& team, const Agent& agent, const Array& messages) {
  Hasher hasher;
  hasher.field(team.supervisor).field(agent.name).field(std::to_string(messages.size()));
  if (!messages.empty()) hasher.field(id_of(messages.back())).field(text_of(messages.back()));
  return "call_" + hasher.finish().hex().substr(0, 24);
}

bool same(const Value& a, const Value& b) { return id_of(a).empty() ? a == b : id_of(a) == id_of(b); }

// Of what was added, the last message of the worker's conversation; with a tool's answer the one before it.
Array last_of(const Array& conversation, const Array& added) {
  const std::size_t many = !conversation.empty() && is_tool(conversation.back()) ? 2 : 1;
  Array out;
  for (const Value& message : added) {
    for (std::size_t n = 1; n <= std::min(many, conversation.size()); ++n) {
      if (same(message, conversation[conversation.size() - n])) out.push_back(message);
    }
  }
  return out;
}

struct Deed {
  const Array& conversation;  // The worker's, to its end.
  Array added;
  Value structured;
};

Array kept_of(const Team& team, const Agent& agent, const Deed& deed) {
  if (team.output_mode == OutputMode::kFullHistory) return deed.added;
  if (team.output_mode == OutputMode::kLastMessage || deed.structured.is_null()) {
    return last_of(deed.conversation, deed.added);
  }
  return {assistant_message(to_text(deed.structured), agent.name)};
}

Array told(const Team& team, const Agent& agent, const Deed& deed, std::string_view call_id) {
  Array out = kept_of(team, agent, deed);
  for (Value& message : out) {
    if (is_empty(message) && message.is_object()) message.get_object()["content"] = kNoAnswer;
  }
  if (team.handoff_back_messages == HandoffMessages::kKeep) {
    for (Value& message : handoff_back_messages(agent.name, team.supervisor, call_id))
      out.push_back(std::move(message));
  }
  return out;
}

// What is removed stays in the conversation; what is removed and written again was there before.
Array additions(const graph::Update& update) {
  const auto removes = [](const Value& message) {
    return json_text(json_member(message, "type")).starts_with("remove");
  };
  const Array written = messages_in(update);
  std::set<std::string, std::less<>> old;
  for (const Value& message : written) {
    if (removes(message)) old.emplace(id_of(message));
  }
  Array out;
  for (const Value& message : written) {
    if (!removes(message) && (id_of(message).empty() || !old.contains(id_of(message)))) out.push_back(message);
  }
  return out;
}

Value structured_in(const graph::Update& update) {
  for (const graph::Write& write : update.writes()) {
    if (write.channel == kStructured) return write.value;
  }
  return {};
}

graph::Update others(const graph::Update& update) {
  graph::Update out;
  for (const graph::Write& write : update.writes()) {
    if (write.channel != "messages" && !is_own(write.channel)) out.set(write.channel, write.value, write.mode);
  }
  return out;
}

// A command whose messages are a worker's: of a function, or of a fallback.
graph::Command finished(const Team& team, const Agent& agent, const State& parent, graph::Command command) {
  const Array added = additions(command.update);
  const Deed deed{added, added, structured_in(command.update)};
  Array messages = told(team, agent, deed, back_id(team, agent, parent.list("messages")));
  command.update = others(command.update);
  if (!messages.empty()) command.update.set("messages", std::move(messages));
  return command;
}

}  // namespace

Result<Object> worker_input(const Team& team, const Agent& agent, const State& parent, Object shared) {
  for (const std::string_view own : kOwn) shared.erase(own);
  shared.erase("degraded");  // It adds its own.
  if (shared.contains("messages")) {
    shared["messages"] = seen_by(team, entry_of(parent, agent.name), parent.list("messages"));
  }
  return shared;
}

Result<graph::Update> worker_output(const Team& team, const Agent& agent, const State& outcome, graph::Update by_name) {
  const Array& conversation = outcome.list("messages");
  const Deed deed{conversation, additions(by_name), outcome[kStructured]};
  Array messages = told(team, agent, deed, back_id(team, agent, conversation));
  graph::Update out = others(by_name);
  if (!messages.empty()) out.set("messages", std::move(messages));
  return out;
}

Result<graph::Command> run_function(const Team& team, const Agent& agent, const State& state, graph::Context& context) {
  Object seen = DM_TRY(worker_input(team, agent, state, state.all()));
  seen["task"] = json_member(entry_of(state, agent.name), "task");
  return finished(team, agent, state, DM_TRY(agent.function(State(seen), context)));
}

Result<graph::Command> stand_in_for_worker(const Team& team, const Agent& agent, const State& state, const Error& why) {
  if (why.code == Code::kCancelled) return why;
  if (agent.options.fallback) return finished(team, agent, state, DM_TRY(agent.options.fallback(state, why)));
  const std::string text = "Error: " + agent.name + " could not do this: " + why.message;
  graph::Command command{{"messages", Array{assistant_message(text, agent.name)}},
                         {"degraded", Array{degradation(agent.name, why.message)}}};
  return finished(team, agent, state, std::move(command));
}

}  // namespace docmind::supervisor::impl
