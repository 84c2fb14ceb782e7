// A supervisor: an agent (react_agent.h) that hands the conversation to others, gets it back, and answers when they are
// done. The semantics are langgraph-supervisor's create_supervisor (0.0.31); what differs on purpose is named below.
//
// The result is a graph to be run as it is, with or without a saver: a node for the supervisor, a subgraph whose inner
// nodes are an agent's, and one for each agent, under their names. Workers that are called together run in one
// superstep (max_parallel_calls of them, then the next ones) and give back only what they added. Its channels are an
// agent's, and
//   "dispatch"  who is called now and who waits, with their tasks; the supervisor writes it
//   "asked"     what was asked of whom, and what was known then
//   "stopped"   why the supervisor broke off, when it turned in a circle: the same agent was asked the same, and
//   nothing
//               new had been said since the last time
//
// Where it departs from langgraph-supervisor: all handoffs and tools of one message count, and that message and all
// answers stay in the conversation; what the supervisor's pre_model_hook removes is gone from it; a name of a tool that
// two agents share is an error; a worker's "structured_response" stays with it (OutputMode::kStructured shows it).
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/handoff.h"
#include "supervisor/react_agent.h"

namespace docmind::supervisor {

// What happens when a worker fails for good.
enum class WorkerFailure : std::uint8_t {
  kEndsRun,  // The run ends with its error; it can proceed from there.
  kIsTold,   // The supervisor reads why in the worker's place, and the answer is marked as degraded.
};

// Someone whom the supervisor can call: a graph (of react_agent, make_supervisor or the caller) or a function. Either
// reads "messages" and writes those it adds. A function finds its task in "task" as well.
struct Agent {
  std::string name{};
  std::string description{};  // For the model; empty: "Ask agent 'NAME' for help".
  std::shared_ptr<const graph::Graph> graph{};
  graph::Node function{};
  std::string task_schema{};     // JSON Schema of its task in a dispatch; empty: a text.
  graph::NodeOptions options{};  // A fallback's messages are treated as the worker's.
  WorkerFailure failure = WorkerFailure::kEndsRun;
};

// What of a worker's messages the conversation keeps.
enum class OutputMode : std::uint8_t {
  kLastMessage,  // The last one; the last two when that is a tool's answer.
  kFullHistory,  // All that it added.
  kStructured,   // Its "structured_response" as JSON text; without one, as kLastMessage.
};
// "last_message", "full_history", "structured"; else kInvalidArgument.
Result<OutputMode> output_mode_named(std::string_view name);

enum class HandoffTools : std::uint8_t {
  kTransfer,  // One per agent, as langgraph-supervisor.
  kDispatch,  // "dispatch": several agents at once, each with a task of its own, all or none.
  kBoth,
};

// The pair of a call and its answer.
enum class HandoffMessages : std::uint8_t { kKeep, kLeaveOut };
enum class HandoffBackMessages : std::uint8_t { kAsHandoffs, kKeep, kLeaveOut };

struct SupervisorOptions {
  // The supervisor's own; parallel_calls is kOne unless it is said otherwise.
  AgentOptions agent{.name = "supervisor", .parallel_calls = ParallelCalls::kOne};
  OutputMode output_mode = OutputMode::kLastMessage;
  HandoffTools handoff_tools = HandoffTools::kTransfer;
  std::string handoff_tool_prefix = "transfer_to_";  // The normalized name follows as it is.
  HandoffMessages handoff_messages = HandoffMessages::kKeep;
  HandoffBackMessages handoff_back_messages = HandoffBackMessages::kAsHandoffs;
  Duration turn_timeout =
      Duration::zero();  // Of the supervisor's turn with its tools; zero: none. Then it is degraded.
};

// Tools of kind kHandoff among options.agent.tools replace those that would be made, and must call every agent.
// kInvalidArgument: no agents, a name that is missing, double or "LangGraph", an agent that is neither or both of graph
// and function, handoff tools that miss an agent or call an unknown one, and what react_agent() refuses.
Result<std::shared_ptr<const graph::Graph>> make_supervisor(std::vector<Agent> agents, llm::ChatModel& model,
                                                            SupervisorOptions options);

}  // namespace docmind::supervisor
