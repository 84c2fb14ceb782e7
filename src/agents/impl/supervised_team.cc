// Templates of chat models want a user's turn, then the model's with its calls and their answers, and break on others.
// So what an agent says to the supervisor is shown as the answer to its dispatch, and an agent is shown one user's
// message with the question and its task.
#include "agents/impl/supervised_team.h"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <set>
#include <span>
#include <utility>

#include "agents/cited_sentences.h"
#include "agents/toolbox.h"
#include "base/json_members.h"
#include "supervisor/supervisor.h"

namespace docmind::agents {
namespace {

using graph::Array;
using graph::Object;
using graph::State;
using graph::Value;
using supervisor::is_assistant;
using supervisor::name_of;
using supervisor::role_of;
using supervisor::text_of;

using Run = std::shared_ptr<SupervisedRun>;

constexpr std::string_view kLead =
#include "agents/prompts/supervisor.v1.inc"
    ;
constexpr std::string_view kFind =
#include "agents/prompts/retrieval_expert.v1.inc"
    ;
constexpr std::string_view kFigures =
#include "agents/prompts/figures_expert.v1.inc"
    ;
constexpr auto kFindTools = std::to_array<std::string_view>({"search", "exact_find", "read_page", "compare"});
constexpr auto kFiguresTools = std::to_array<std::string_view>({"table_query", "count", "arithmetic"});

constexpr std::size_t kMostToolText = 16U << 10U;
constexpr std::size_t kMostBrought = 6;  // Passages that an agent hands on with what it says.

struct Member {
  std::string_view name;
  std::string_view description;  // For the supervisor.
  std::string_view prompt;
  std::span<const std::string_view> tools;
};
constexpr std::array<Member, 2> kMembers = {{
    {kRetrievalExpert, "finds further passages: other words, names and phrases, whole pages, several documents.", kFind,
     kFindTools},
    {kFiguresExpert, "reads tables and lists whole, counts their rows, computes with numbers of the documents.",
     kFigures, kFiguresTools},
}};

void append(Value& message, const std::string& text) {
  message.as_object()["content"] = text_of(message) + "\n\n" + text;
}

Value unnamed(Value message) {
  message.as_object().erase("name");
  return message;
}

Array shown_to_supervisor(const Array& messages) {
  Array out{supervisor::system_message(kLead)};
  for (const Value& message : messages) {
    const bool of_agent = is_assistant(message) && !name_of(message).empty() && name_of(message) != kSupervisor;
    if (of_agent) {
      append(out.back(), std::string(name_of(message)) + ": " + text_of(message));
    } else {
      out.push_back(unnamed(message));
    }
  }
  return out;
}

// Its task is the last thing a user says; what comes behind is its own.
Array shown_to_agent(std::string_view prompt, std::string_view question, const Array& messages) {
  std::size_t task = messages.size();
  while (task > 0 && role_of(messages[task - 1]) != "user") --task;
  Array out{supervisor::system_message(prompt)};
  const std::string asked = task == 0 ? std::string() : text_of(messages[task - 1]);
  out.push_back(supervisor::user_message("The question: " + std::string(question) + "\n\nYour task: " + asked));
  for (std::size_t i = task; i < messages.size(); ++i) out.push_back(unnamed(messages[i]));
  return out;
}

// Numbers of the passages that its tools have shown: "[9] ..." at the beginning of a line.
std::set<std::uint32_t> numbers_shown(const Array& messages) {
  std::set<std::uint32_t> out;
  for (const Value& message : messages) {
    if (!supervisor::is_tool(message)) continue;
    const std::string text = text_of(message);
    for (std::size_t at = text.find("\n["); at != std::string::npos; at = text.find("\n[", at + 1)) {
      const std::size_t end = std::min(text.find(']', at), text.size());
      for (const CitedSentence& one : cited_sentences("x " + text.substr(at + 1, end - at))) {
        out.insert(one.marks.begin(), one.marks.end());
      }
    }
  }
  return out;
}

// What an agent says comes with the passages that it names, or when it names none with the last that it saw.
Result<graph::Command> bring_passages(SupervisedRun& run, const State& state) {
  const Array& messages = state.list("messages");
  if (messages.empty() || !is_assistant(messages.back()) || !supervisor::calls_of(messages.back()).empty()) {
    return graph::Command{};
  }
  std::set<std::uint32_t> numbers;
  for (const CitedSentence& one : cited_sentences(text_of(messages.back()))) {
    numbers.insert(one.marks.begin(), one.marks.end());
  }
  const std::size_t first = run.parts().first.size();
  std::erase_if(numbers, [&](std::uint32_t number) { return number <= first; });
  if (numbers.empty()) numbers = numbers_shown(messages);
  while (numbers.size() > kMostBrought) numbers.erase(numbers.begin());
  const std::vector<NumberedPassage> all = run.passages().all();
  Value message = messages.back();
  for (const std::uint32_t number : numbers) {
    if (number > first && number <= all.size()) append(message, shown(all[number - 1]));
  }
  return graph::Command{{"messages", Array{std::move(message)}}};
}

supervisor::Tool tool_of(const Run& run, std::string_view agent, const Tool& tool) {
  supervisor::Tool out;
  out.definition = {.name = std::string(tool.name),
                    .description = std::string(tool.description),
                    .parameters = std::string(tool.arguments)};
  out.run = [run, agent, name = tool.name](const supervisor::ToolInput& in) -> Result<supervisor::ToolAnswer> {
    const std::string& arguments = in.call.arguments;
    return supervisor::ToolAnswer{.text = DM_TRY(run->use_tool(agent, name, arguments.empty() ? "{}" : arguments,
                                                               in.context.deadline(), in.context.stop()))};
  };
  return out;
}

supervisor::AgentOptions options_of(const SupervisedRun& run, std::string_view agent) {
  supervisor::AgentOptions out;
  out.name = agent;
  out.max_parallel_calls = run.parts().options.parallel;
  out.max_tool_bytes = kMostToolText;
  out.max_tokens = run.parts().writing.max_tokens;
  out.priority = llm::ChatPriority::kHigh;
  return out;
}

Result<supervisor::Agent> agent_of(const Run& run, const Member& member) {
  supervisor::AgentOptions options = options_of(*run, member.name);
  options.prompt_from = [run, member](const State& state) -> Result<Array> {
    return shown_to_agent(member.prompt, run->parts().question, state.list("messages"));
  };
  options.post_model_hook = [run](const State& state, graph::Context&) { return bring_passages(*run, state); };
  for (const Tool& tool : tools()) {
    if (std::ranges::find(member.tools, tool.name) != member.tools.end()) {
      options.tools.push_back(tool_of(run, member.name, tool));
    }
  }
  return supervisor::Agent{.name = std::string(member.name),
                           .description = std::string(member.description),
                           .graph = DM_TRY(supervisor::react_agent(run->model(member.name), std::move(options)))};
}

}  // namespace

Result<std::shared_ptr<const graph::Graph>> team_of(const Run& run) {
  std::vector<supervisor::Agent> agents;
  for (const Member& member : kMembers) agents.push_back(DM_TRY(agent_of(run, member)));
  supervisor::SupervisorOptions options;
  options.agent = options_of(*run, kSupervisor);
  options.agent.prompt_from = [run](const State& state) -> Result<Array> {
    return shown_to_supervisor(state.list("messages"));
  };
  options.handoff_tools = supervisor::HandoffTools::kDispatch;
  options.handoff_back_messages = supervisor::HandoffBackMessages::kLeaveOut;
  return supervisor::make_supervisor(std::move(agents), run->model(kSupervisor), std::move(options));
}

}  // namespace docmind::agents
