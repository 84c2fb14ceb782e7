// The node that carries out one call of a tool. Its input (a Send's): the channels that the tool sees, and
//   "__call": {"id", "name", "arguments", "refused": what to answer instead, "later": tasks of the next waves,
//              "then": the node after the last wave}
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/json.h"
#include "base/json_members.h"
#include "base/utf8.h"
#include "supervisor/impl/agent_plan.h"

namespace docmind::supervisor::impl {
namespace {

std::string text_about(const State& task, std::string_view key) {
  return std::string(json_text(json_member(task["__call"], key)));
}

llm::ToolCall call_in(const State& task) {
  return {.id = text_about(task, "id"), .name = text_about(task, "name"), .arguments = text_about(task, "arguments")};
}

std::string unknown(const AgentPlan& plan, const std::string& name) {
  std::string known;
  for (const Tool& tool : plan.options.tools) known += (known.empty() ? "" : ", ") + tool.definition.name;
  return "Error: " + name + " is not a valid tool, try one of [" + known + "].";
}

Result<ToolAnswer> carry_out(const Tool& tool, const llm::ToolCall& call, const State& task, graph::Context& context) {
  const Object arguments = DM_TRY(arguments_of(call));
  return tool.run({.call = call, .arguments = arguments, .state = task, .context = context});
}

// Well-formed and not longer than it may be.
std::string bounded(const AgentPlan& plan, std::string text) {
  std::uint64_t replaced = 0;
  if (!is_utf8(text)) text = to_utf8(text, replaced);
  const std::size_t all = text.size();
  if (all <= plan.options.max_tool_bytes) return text;
  std::size_t end = plan.options.max_tool_bytes;
  while (end > 0 && !is_char_border(text, end)) --end;
  text.resize(end);
  return text + "\n(cut off here: " + std::to_string(all) + " bytes in all)";
}

// What comes after this call: the next wave, the node after the last, or (beside a task that goes on) nothing.
graph::Command answered(const AgentPlan& plan, const State& task, const llm::ToolCall& call, ToolAnswer answer) {
  graph::Command command(std::move(answer.update));
  command.update.set("messages", Array{tool_message(call, bounded(plan, std::move(answer.text)))});
  const Array& later = json_list(json_member(task["__call"], "later"));
  const std::string then = text_about(task, "then");
  if (!later.empty()) {
    std::vector<Object> calls;
    for (const Value& one : later) calls.push_back(json_object(one));
    command.sends = sends_of(plan, calls, then);
  } else if (!then.empty()) {
    command.next.push_back(then);
  }
  return command;
}

}  // namespace

std::string mistakes(std::string_view error) { return "Error: " + std::string(error) + "\n Please fix your mistakes."; }

Result<Object> arguments_of(const llm::ToolCall& call) {
  if (call.arguments.empty()) return Object{};
  Value parsed = DM_TRY(parse_json(call.arguments, {.depth = 40}).with("the arguments of " + call.name));
  if (!parsed.is_object()) return Error{Code::kInvalidArgument, "the arguments of " + call.name + " are no object"};
  return std::move(parsed.get_object());
}

Object task_of(const AgentPlan& plan, const llm::ToolCall& call, const State& state, std::string_view refused) {
  Object task;
  if (const Tool* tool = plan.tool(call.name)) {
    for (const std::string& channel : tool->sees) task[channel] = state[channel];
  }
  task["__call"] = Object{{"id", call.id}, {"name", call.name}, {"arguments", call.arguments}};
  if (!refused.empty()) task["__call"].get_object()["refused"] = refused;
  return task;
}

std::vector<graph::Send> sends_of(const AgentPlan& plan, const std::vector<Object>& calls, std::string_view then) {
  std::vector<graph::Send> out;
  const std::size_t now = std::min(calls.size(), plan.options.max_parallel_calls);
  const bool last = now == calls.size();
  for (std::size_t i = 0; i < now; ++i) {
    Object task = calls[i];
    Object& control = task["__call"].is_object() ? task["__call"].get_object() : task["__call"].emplace_object();
    if (last || i == 0) control["then"] = then;
    if (!last && i == 0) control["later"] = Array(calls.begin() + static_cast<std::ptrdiff_t>(now), calls.end());
    out.push_back({.node = std::string(kTools), .input = std::move(task)});
  }
  return out;
}

Result<graph::Command> run_tool(const AgentPlan& plan, const State& task, graph::Context& context) {
  const llm::ToolCall call = call_in(task);
  const std::string refused = text_about(task, "refused");
  if (!refused.empty()) return answered(plan, task, call, {.text = refused});
  const Tool* tool = plan.tool(call.name);
  if (tool == nullptr || !tool->run) return answered(plan, task, call, {.text = unknown(plan, call.name)});
  Result<ToolAnswer> answer = carry_out(*tool, call, task, context);
  if (answer) return answered(plan, task, call, *std::move(answer));
  if (answer.error().code == Code::kCancelled && context.stop().stop_requested()) return answer.error();
  return answered(plan, task, call, {.text = mistakes(answer.error().message)});
}

Result<graph::Command> stand_in_for_tool(const AgentPlan& plan, const State& task, const Error& why) {
  if (why.code == Code::kCancelled) return why;
  return answered(plan, task, call_in(task), {.text = mistakes(why.message)});
}

}  // namespace docmind::supervisor::impl
