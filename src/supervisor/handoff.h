// The tools by which a supervisor gives the conversation to others, and the messages by which they give it back. Names
// and texts are langgraph-supervisor's.
//
// Pure functions.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "supervisor/tool.h"

namespace docmind::supervisor {

// An agent's name inside a tool's: without blanks around it, blanks in it as one '_', ASCII letters in lower case.
std::string normalized(std::string_view agent);

enum class TaskArgument : std::uint8_t {
  kNone,  // The agent gets the conversation and nothing else.
  kText,  // The model says in the argument "task" what it wants; the agent reads it as a last message to it.
};

struct HandoffToolOptions {
  std::string agent{};
  std::string name{};         // Empty: "transfer_to_" and the normalized agent.
  std::string description{};  // Empty: "Ask agent 'AGENT' for help".
  TaskArgument task = TaskArgument::kNone;
};

Tool handoff_tool(HandoffToolOptions options);

// Calls of "forward_message" give the last message of "from_agent" to the user as it is, under this name, and end.
Tool forward_message_tool(std::string_view supervisor_name = "supervisor");

// "Transferring back to SUPERVISOR", and what the tool of that name would answer. The id links the two.
Array handoff_back_messages(std::string_view agent, std::string_view supervisor, std::string_view call_id);

}  // namespace docmind::supervisor
