// What an agent's nodes share, and how they are put together. Immutable once built.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/react_agent.h"

namespace docmind::supervisor::impl {

// Names of nodes.
inline constexpr std::string_view kModel = "model";
inline constexpr std::string_view kTools = "tools";
inline constexpr std::string_view kHandoff = "handoff";
inline constexpr std::string_view kPreHook = "pre_model_hook";
inline constexpr std::string_view kPostHook = "post_model_hook";
inline constexpr std::string_view kStructured = "structured_response";  // And of its channel.

struct AgentPlan {
  llm::ChatModel& model;
  AgentOptions options;
  graph::Node handoff{};  // Takes the calls that are not ordinary; a supervisor's.
  std::map<std::string, const Tool*, std::less<>> tools{};

  std::string entry() const { return std::string(options.pre_model_hook ? kPreHook : kModel); }
  const Tool* tool(std::string_view name) const;
  bool is_ordinary(const llm::ToolCall& call) const;  // Unknown ones are: they are answered as tools are.
};

// What a call brings with it; nothing counts as an empty object.
Result<Object> arguments_of(const llm::ToolCall& call);
// How a failure is told to the model.
std::string mistakes(std::string_view error);
// What to say of a call beyond the first with ParallelCalls::kOne.
std::string not_carried_out(const llm::ToolCall& call);

// Where a message with calls, or without, leads.
Result<graph::Route> next_of(const AgentPlan& plan, const State& state);
// The tasks for calls, at most max_parallel_calls of them now; after the last, `then`.
std::vector<graph::Send> sends_of(const AgentPlan& plan, const std::vector<Object>& calls, std::string_view then);
// A call as a task's input; `refused` (not empty) is what to answer instead of carrying it out.
Object task_of(const AgentPlan& plan, const llm::ToolCall& call, const State& state, std::string_view refused);

Result<graph::Command> run_model(const AgentPlan& plan, const State& state, graph::Context& context);
Result<graph::Command> stand_in_for_model(const AgentPlan& plan, const State& state, const Error& why);
Result<graph::Command> run_structured(const AgentPlan& plan, const State& state, graph::Context& context);
Result<graph::Command> run_tool(const AgentPlan& plan, const State& task, graph::Context& context);
Result<graph::Command> stand_in_for_tool(const AgentPlan& plan, const State& task, const Error& why);

// {"agent", "reason"} for the channel "degraded".
Object degradation(std::string_view agent, std::string_view reason);

// An agent with a node for handoffs and what channels that needs; the names taken are checked against the options'.
Result<std::shared_ptr<const graph::Graph>> build_agent(llm::ChatModel& model, AgentOptions options,
                                                        graph::Node handoff, std::vector<graph::Channel> own);

}  // namespace docmind::supervisor::impl
