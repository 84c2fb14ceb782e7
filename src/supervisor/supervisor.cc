#include "supervisor/supervisor.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <set>

#include "base/json.h"
#include "base/json_members.h"
#include "supervisor/impl/agent_plan.h"
#include "supervisor/impl/team.h"

namespace docmind::supervisor {
namespace impl {
namespace {

using TeamPtr = std::shared_ptr<const Team>;
using GraphPtr = std::shared_ptr<const graph::Graph>;

constexpr std::string_view kNextAgents = "next_agents";  // Calls those who waited.
constexpr std::string_view kNoDecision = "Sorry, I could not decide what to do.";

Error wrong(std::string message) {
  return {Code::kInvalidArgument, std::move(message), "Correct the supervisor where it is built."};
}

Result<> check(const std::vector<Agent>& agents, const SupervisorOptions& options) {
  if (agents.empty()) return wrong("a supervisor needs at least one agent");
  if (options.agent.name.empty()) return wrong("a supervisor needs a name");
  std::set<std::string, std::less<>> names{options.agent.name};
  for (const Agent& agent : agents) {
    if (agent.name.empty() || agent.name == "LangGraph") return wrong("please specify a name for every agent");
    if (!names.insert(agent.name).second) {
      return wrong("an agent with the name '" + agent.name + "' already exists; agent names must be unique");
    }
    if ((agent.graph == nullptr) == (agent.function == nullptr)) {
      return wrong("the agent '" + agent.name + "' must be either a graph or a function");
    }
  }
  if (options.output_mode > OutputMode::kStructured) return wrong("there is no such output_mode");
  return {};
}

// The handoff tools that were given must call all agents and nobody else.
Result<> check_given(const std::vector<Tool>& tools, const Team& team) {
  std::set<std::string, std::less<>> missing;
  for (const Agent& agent : team.agents) missing.insert(agent.name);
  for (const Tool& tool : tools) {
    if (tool.kind != ToolKind::kHandoff) continue;
    if (!team.has(tool.agent)) {
      return wrong("the tool '" + tool.definition.name + "' calls '" + tool.agent + "', which is no agent");
    }
    missing.erase(tool.agent);
  }
  if (missing.empty()) return {};
  return wrong("handoff tools must be given for all agents or for none; there is none for '" + *missing.begin() + "'");
}

Result<std::vector<Tool>> tools_of(const SupervisorOptions& options, const Team& team) {
  std::vector<Tool> tools = options.agent.tools;
  const bool given = std::ranges::any_of(tools, [](const Tool& tool) { return tool.kind == ToolKind::kHandoff; });
  if (given) DM_TRY(check_given(tools, team));
  if (!given && options.handoff_tools != HandoffTools::kDispatch) {
    for (const Agent& agent : team.agents) {
      tools.push_back(handoff_tool({.agent = agent.name,
                                    .name = options.handoff_tool_prefix + normalized(agent.name),
                                    .description = agent.description}));
    }
  }
  if (options.handoff_tools != HandoffTools::kTransfer) {
    tools.push_back({.definition = dispatch_definition(team), .kind = ToolKind::kDispatch});
  }
  return tools;
}

Result<std::shared_ptr<Team>> team_of(std::vector<Agent> agents, const SupervisorOptions& options) {
  auto team = std::make_shared<Team>();
  for (const Agent& agent : agents) {
    if (agent.task_schema.empty()) continue;
    team->task_types[agent.name] =
        DM_TRY(parse_json(agent.task_schema, {.depth = 32}).with("the task of " + agent.name));
  }
  team->agents = std::move(agents);
  team->supervisor = options.agent.name;
  team->entry = options.agent.pre_model_hook ? kPreHook : kModel;
  team->parallel_calls = options.agent.parallel_calls;
  team->max_parallel_calls = options.agent.max_parallel_calls;
  team->output_mode = options.output_mode;
  team->handoff_messages = options.handoff_messages;
  const bool back = options.handoff_back_messages == HandoffBackMessages::kAsHandoffs
                        ? options.handoff_messages == HandoffMessages::kKeep
                        : options.handoff_back_messages == HandoffBackMessages::kKeep;
  team->handoff_back_messages = back ? HandoffMessages::kKeep : HandoffMessages::kLeaveOut;
  return team;
}

std::vector<graph::Channel> own_channels() {
  return {graph::last("dispatch"), graph::last("asked"), graph::last("stopped")};
}

std::vector<std::string> names_in(const Value& dispatch, std::string_view key) {
  std::vector<std::string> out;
  for (const Value& entry : json_list(json_member(dispatch, key))) {
    out.emplace_back(json_text(json_member(entry, "agent")));
  }
  return out;
}

// The supervisor's turn begins and ends with nobody called, unless it calls somebody.
graph::SubgraphOptions turn() {
  graph::SubgraphOptions how;
  how.input = [](const State&, Object by_name) -> Result<Object> {
    by_name.erase("dispatch");
    by_name.erase("stopped");
    by_name.erase(kStructured);
    return by_name;
  };
  how.output = [](const State&, graph::Update by_name) -> Result<graph::Update> {
    for (const std::string_view channel : {std::string_view("dispatch"), std::string_view("stopped")}) {
      const bool written = std::ranges::any_of(by_name.writes(), [&](const auto& w) { return w.channel == channel; });
      if (!written) by_name.set(std::string(channel), nullptr);
    }
    return by_name;
  };
  return how;
}

graph::NodeOptions turn_options(const TeamPtr& team, Duration timeout) {
  graph::NodeOptions out{.timeout = timeout};
  if (timeout == Duration::zero()) return out;
  out.fallback = [team](const State& state, const Error& why) -> Result<graph::Command> {
    if (why.code == Code::kCancelled) return why;
    Array degraded = state.list("degraded");
    degraded.push_back(degradation(team->supervisor, why.message));
    Object message = assistant_message(kNoDecision, team->supervisor);
    set_metadata(message, kDegraded, degraded);
    return graph::Command{{"messages", Array{std::move(message)}},
                          {"degraded", Array{degraded.back()}},
                          {"dispatch", nullptr},
                          {"stopped", nullptr}};
  };
  return out;
}

void add_worker(graph::GraphBuilder& builder, const TeamPtr& team, const Agent& agent) {
  graph::NodeOptions options = agent.options;
  options.fallback = {};
  if (agent.options.fallback || agent.failure == WorkerFailure::kIsTold) {
    options.fallback = [team, &agent](const State& state, const Error& why) {
      return stand_in_for_worker(*team, agent, state, why);
    };
  }
  if (agent.function) {
    builder.node(
        agent.name,
        [team, &agent](const State& state, graph::Context& context) {
          return run_function(*team, agent, state, context);
        },
        std::move(options));
  } else {
    graph::SubgraphOptions how;
    how.input = [team, &agent](const State& parent, Object by_name) {
      return worker_input(*team, agent, parent, std::move(by_name));
    };
    how.output = [team, &agent](const State& outcome, graph::Update by_name) {
      return worker_output(*team, agent, outcome, std::move(by_name));
    };
    builder.subgraph(agent.name, agent.graph, std::move(how), std::move(options));
  }
  builder.route(agent.name, [team](const State& state) -> Result<graph::Route> {
    const bool more = !names_in(state["dispatch"], "waiting").empty();
    return graph::Route{.next = {more ? std::string(kNextAgents) : team->supervisor}};
  });
}

Result<graph::Command> call_next(const Team& team, const State& state) {
  const Value dispatch = dispatch_of(team, json_list(json_member(state["dispatch"], "waiting")));
  graph::Command command{{"dispatch", dispatch}};
  command.next = names_in(dispatch, "wave");
  return command;
}

Result<GraphPtr> outer_graph(const TeamPtr& team, GraphPtr inner, const SupervisorOptions& options) {
  std::vector<graph::Channel> channels = own_channels();
  channels.insert(channels.end(),
                  {graph::messages(), graph::append("degraded"), graph::last(std::string(kStructured))});
  channels.insert(channels.end(), options.agent.channels.begin(), options.agent.channels.end());
  graph::GraphBuilder builder(std::move(channels));
  builder.subgraph(team->supervisor, std::move(inner), turn(), turn_options(team, options.turn_timeout));
  builder.edge(graph::kStart, team->supervisor);
  builder.route(team->supervisor, [](const State& state) -> Result<graph::Route> {
    graph::Route route{.next = names_in(state["dispatch"], "wave")};
    if (route.next.empty()) route.next.emplace_back(graph::kEnd);
    return route;
  });
  for (const Agent& agent : team->agents) add_worker(builder, team, agent);
  if (team->agents.size() > team->max_parallel_calls) {
    builder.node(std::string(kNextAgents),
                 [team](const State& state, graph::Context&) { return call_next(*team, state); });
  }
  return std::move(builder).compile();
}

}  // namespace

bool Team::has(std::string_view agent) const {
  return std::ranges::any_of(agents, [&](const Agent& one) { return one.name == agent; });
}

}  // namespace impl

Result<OutputMode> output_mode_named(std::string_view name) {
  if (name == "last_message") return OutputMode::kLastMessage;
  if (name == "full_history") return OutputMode::kFullHistory;
  if (name == "structured") return OutputMode::kStructured;
  return Error{Code::kInvalidArgument, "there is no output mode '" + std::string(name) + "'",
               "Use one of: last_message, full_history, structured."};
}

Result<std::shared_ptr<const graph::Graph>> make_supervisor(std::vector<Agent> agents, llm::ChatModel& model,
                                                            SupervisorOptions options) {
  DM_TRY(impl::check(agents, options));
  const std::shared_ptr<impl::Team> team = DM_TRY(impl::team_of(std::move(agents), options));
  options.agent.tools = DM_TRY(impl::tools_of(options, *team));
  for (const Tool& tool : options.agent.tools) team->tools.emplace(tool.definition.name, tool);
  AgentOptions own = options.agent;
  std::shared_ptr<const graph::Graph> inner = DM_TRY(impl::build_agent(
      model, std::move(own),
      [team](const State& state, graph::Context& context) { return impl::run_handoff(*team, state, context); },
      impl::own_channels()));
  return impl::outer_graph(team, std::move(inner), options);
}

}  // namespace docmind::supervisor
