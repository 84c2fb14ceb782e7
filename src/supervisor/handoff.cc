#include "supervisor/handoff.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/ascii.h"
#include "base/json_members.h"

namespace docmind::supervisor {
namespace {

constexpr std::string_view kBlanks = " \t\n\v\f\r";
constexpr std::string_view kNoArguments = R"({"type":"object","properties":{}})";
constexpr std::string_view kTask = R"({"type":"object","properties":{"task":{"type":"string","description":)"
                                   R"("What the agent should do, with all it needs to know."}},"required":["task"]})";
constexpr std::string_view kFromAgent =
    R"({"type":"object","properties":{"from_agent":{"type":"string"}},"required":["from_agent"]})";

Result<ToolAnswer> read_task(const ToolInput& input) {
  const std::string_view task = json_text(json_member(input.arguments, "task"));
  if (!task.empty()) return ToolAnswer{.task = Value(task)};
  return Error{Code::kInvalidArgument, "'task' is missing: say what the agent should do"};
}

}  // namespace

std::string normalized(std::string_view agent) {
  std::string out;
  bool blank = false;
  for (const char c : agent) {
    if (kBlanks.find(c) != std::string_view::npos) {
      blank = true;
      continue;
    }
    if (blank && !out.empty()) out += '_';
    blank = false;
    out += to_lower(c);
  }
  return out;
}

Tool handoff_tool(HandoffToolOptions options) {
  Tool tool{.kind = ToolKind::kHandoff, .agent = options.agent};
  tool.definition.name = options.name.empty() ? "transfer_to_" + normalized(options.agent) : options.name;
  tool.definition.description =
      options.description.empty() ? "Ask agent '" + options.agent + "' for help" : options.description;
  tool.definition.parameters = options.task == TaskArgument::kText ? kTask : kNoArguments;
  if (options.task == TaskArgument::kText) tool.run = read_task;
  return tool;
}

Tool forward_message_tool(std::string_view supervisor_name) {
  Tool tool{.kind = ToolKind::kForward, .agent = std::string(supervisor_name)};
  tool.definition = {.name = "forward_message",
                     .description =
                         "Forwards the latest message from the specified agent to the user without any "
                         "changes. Use this to preserve information fidelity, avoid misinterpretation of "
                         "questions or responses, and save time.",
                     .parameters = std::string(kFromAgent)};
  return tool;
}

Array handoff_back_messages(std::string_view agent, std::string_view supervisor, std::string_view call_id) {
  const llm::ToolCall call{
      .id = std::string(call_id), .name = "transfer_back_to_" + normalized(supervisor), .arguments = "{}"};
  Object says = assistant_message("Transferring back to " + std::string(supervisor), agent, {call});
  Object answer = tool_message(call, "Successfully transferred back to " + std::string(supervisor));
  set_metadata(says, kHandoffBack, true);
  set_metadata(answer, kHandoffBack, true);
  return {std::move(says), std::move(answer)};
}

}  // namespace docmind::supervisor
