// A tool: what a model may call, and the function that answers.
//
// Thread safety: `run` is called from several threads at once. It must not throw (a std::exception is caught by the
// graph and ends the run as kInternal).
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "llm/chat_model.h"
#include "supervisor/message.h"

namespace docmind::supervisor {

struct ToolInput {
  const llm::ToolCall& call;
  const Object& arguments;  // Read from call.arguments; what is in them is the model's word.
  const State& state;       // What Tool::sees names; a handoff tool sees all.
  graph::Context& context;
};

struct ToolAnswer {
  std::string text{};
  graph::Update update{};  // To channels of the graph besides messages.
  Value task{};            // A handoff tool's: what the agent is asked to do, text or an object; null: nothing special.
};

// An Error is told to the model as the answer, and the conversation goes on. Only a run that was cancelled ends.
using ToolFunction = std::function<Result<ToolAnswer>(const ToolInput&)>;

enum class ToolKind : std::uint8_t {
  kOrdinary,
  kHandoff,   // Calls an agent; for supervisors.
  kDispatch,  // Calls agents, each with a task of its own; make_supervisor() makes it.
  kForward,   // Gives an agent's last message to the user; forward_message_tool() makes it.
};

enum class Afterwards : std::uint8_t {
  kModel,  // Looks at the answer.
  kEnd,    // The answer is the agent's last message.
};

struct Tool {
  llm::ChatTool definition{};
  ToolFunction run{};  // May be empty for kinds other than kOrdinary.
  ToolKind kind = ToolKind::kOrdinary;
  Afterwards afterwards = Afterwards::kModel;
  std::vector<std::string> sees{};  // Channels; each call carries a copy of them.
  std::string agent{};              // kHandoff: whom it calls. kForward: whose the message becomes.
};

}  // namespace docmind::supervisor
