#include "supervisor/react_agent.h"

#include <algorithm>
#include <set>

#include "base/json.h"
#include "base/json_members.h"
#include "supervisor/history.h"
#include "supervisor/impl/agent_plan.h"

namespace docmind::supervisor {
namespace impl {
namespace {

Error wrong(std::string message) {
  return {Code::kInvalidArgument, std::move(message), "Correct the agent where it is built."};
}

Result<> check(const Tool& tool) {
  const std::string named = "the tool '" + tool.definition.name + "'";
  if (tool.definition.name.empty()) return wrong("a tool has no name");
  if (tool.kind == ToolKind::kOrdinary && !tool.run) return wrong(named + " has no function");
  if (!tool.definition.parameters.empty())
    DM_TRY(parse_json(tool.definition.parameters).with("parameters of " + named));
  return {};
}

Result<> check(const AgentOptions& options, const std::vector<graph::Channel>& own) {
  std::set<std::string, std::less<>> tools;
  for (const Tool& tool : options.tools) {
    DM_TRY(check(tool));
    if (!tools.insert(tool.definition.name).second) return wrong("two tools are called '" + tool.definition.name + "'");
  }
  std::set<std::string, std::less<>> channels;
  for (const graph::Channel& channel : own) channels.insert(channel.name);
  for (const graph::Channel& channel : options.channels) {
    if (!channels.insert(channel.name).second) return wrong("the channel '" + channel.name + "' is the agent's own");
  }
  for (const Tool& tool : options.tools) {
    for (const std::string& seen : tool.sees) {
      if (channels.contains(seen)) continue;
      return wrong("the tool '" + tool.definition.name + "' sees the channel '" + seen + "', which is not there");
    }
  }
  if (options.max_parallel_calls == 0) return wrong("max_parallel_calls is 0, which lets no tool run");
  if (options.max_messages == 0) return wrong("max_messages is 0, which shows the model nothing");
  if (!options.response_format.schema.empty()) {
    DM_TRY(parse_json(options.response_format.schema).with("the schema of response_format"));
  }
  return {};
}

std::vector<graph::Channel> channels_of(const AgentOptions& options, const std::vector<graph::Channel>& own) {
  std::vector<graph::Channel> all = own;
  all.insert(all.end(), options.channels.begin(), options.channels.end());
  return all;
}

using PlanPtr = std::shared_ptr<const AgentPlan>;

graph::NodeOptions model_options(const PlanPtr& plan) {
  graph::NodeOptions out{.retry = plan->options.model_retry, .timeout = plan->options.decision_timeout};
  if (plan->options.plan || out.timeout > Duration::zero()) {
    out.fallback = [plan](const State& state, const Error& why) { return stand_in_for_model(*plan, state, why); };
  }
  return out;
}

// A hook that says where to go is obeyed; else the last message decides.
graph::Node post_hook(const PlanPtr& plan) {
  return [plan](const State& state, graph::Context& context) -> Result<graph::Command> {
    graph::Command command = DM_TRY(plan->options.post_model_hook(state, context));
    if (command.scope == graph::Scope::kHere) {
      command.update.set("hook_decides", !command.next.empty() || !command.sends.empty());
    }
    return command;
  };
}

void add_hooks(graph::GraphBuilder& builder, const PlanPtr& plan) {
  if (plan->options.pre_model_hook) {
    builder.node(std::string(kPreHook), plan->options.pre_model_hook).edge(kPreHook, kModel);
  }
  const graph::Router next = [plan](const State& state) { return next_of(*plan, state); };
  if (!plan->options.post_model_hook) {
    builder.route(kModel, next);
    return;
  }
  builder.node(std::string(kPostHook), post_hook(plan)).edge(kModel, kPostHook);
  builder.route(kPostHook, [plan](const State& state) -> Result<graph::Route> {
    if (json_flag(state["hook_decides"])) return graph::Route{};
    return next_of(*plan, state);
  });
}

}  // namespace

const Tool* AgentPlan::tool(std::string_view name) const {
  const auto found = tools.find(name);
  return found == tools.end() ? nullptr : found->second;
}

bool AgentPlan::is_ordinary(const llm::ToolCall& call) const {
  const Tool* known = tool(call.name);
  return known == nullptr || known->kind == ToolKind::kOrdinary || !handoff;
}

Object degradation(std::string_view agent, std::string_view reason) { return {{"agent", agent}, {"reason", reason}}; }

std::string not_carried_out(const llm::ToolCall& call) {
  return "Error: '" + call.name +
         "' was not carried out: only one call at a time. Call it again if it is still needed.";
}

Result<graph::Route> next_of(const AgentPlan& plan, const State& state) {
  const Array& messages = state.list("messages");
  const Pending pending = pending_calls(messages);
  if (pending.calls.empty()) {
    if (!messages.empty() && is_tool(messages.back())) return graph::Route{.next = {plan.entry()}};
    const bool structured = !plan.options.response_format.schema.empty();
    return graph::Route{.next = {std::string(structured ? kStructured : graph::kEnd)}};
  }
  const bool one = plan.options.parallel_calls == ParallelCalls::kOne;
  std::vector<Object> ordinary;
  bool handoff = false;
  bool ends = false;
  for (const llm::ToolCall& call : pending.calls) {
    const bool refused = one && &call != &pending.calls.front();
    if (!refused && !plan.is_ordinary(call)) handoff = true;
    if (one && handoff) break;  // The handoff answers the others.
    if (!refused && !plan.is_ordinary(call)) continue;
    ordinary.push_back(task_of(plan, call, state, refused ? not_carried_out(call) : ""));
    const Tool* tool = plan.tool(call.name);
    ends = ends || (tool != nullptr && tool->afterwards == Afterwards::kEnd);
  }
  if (ordinary.empty()) return graph::Route{.next = {std::string(kHandoff)}};
  const std::string then = handoff ? std::string(kHandoff) : ends ? std::string(graph::kEnd) : plan.entry();
  return graph::Route{.sends = sends_of(plan, ordinary, then)};
}

Result<std::shared_ptr<const graph::Graph>> build_agent(llm::ChatModel& model, AgentOptions options,
                                                        graph::Node handoff, std::vector<graph::Channel> own) {
  for (graph::Channel channel :
       {graph::messages(), graph::ephemeral("llm_input_messages", graph::Type::kList), graph::append("degraded"),
        graph::last(std::string(kStructured)), graph::any("hook_decides")}) {
    own.push_back(std::move(channel));
  }
  DM_TRY(check(options, own));
  const auto made = std::make_shared<AgentPlan>(
      AgentPlan{.model = model, .options = std::move(options), .handoff = std::move(handoff)});
  for (const Tool& tool : made->options.tools) made->tools.emplace(tool.definition.name, &tool);
  const PlanPtr plan = made;
  graph::GraphBuilder builder(channels_of(plan->options, own));
  using graph::Context;
  builder.node(
      std::string(kModel), [plan](const State& state, Context& context) { return run_model(*plan, state, context); },
      model_options(plan));
  builder.node(
      std::string(kTools), [plan](const State& task, Context& context) { return run_tool(*plan, task, context); },
      {.timeout = plan->options.tool_timeout,
       .fallback = [plan](const State& task, const Error& why) { return stand_in_for_tool(*plan, task, why); }});
  if (plan->handoff) builder.node(std::string(kHandoff), plan->handoff);
  if (!plan->options.response_format.schema.empty()) {
    builder.node(std::string(kStructured),
                 [plan](const State& state, Context& context) { return run_structured(*plan, state, context); },
                 {.retry = plan->options.model_retry});
  }
  add_hooks(builder, plan);
  builder.edge(graph::kStart, plan->entry());
  return std::move(builder).compile();
}

}  // namespace impl

Result<std::shared_ptr<const graph::Graph>> react_agent(llm::ChatModel& model, AgentOptions options) {
  for (const Tool& tool : options.tools) {
    if (tool.kind == ToolKind::kOrdinary) continue;
    return Error{Code::kInvalidArgument, "the tool '" + tool.definition.name + "' is for supervisors alone",
                 "Give it to make_supervisor()."};
  }
  return impl::build_agent(model, std::move(options), {}, {});
}

}  // namespace docmind::supervisor
