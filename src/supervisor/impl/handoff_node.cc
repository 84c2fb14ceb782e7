// The node of a supervisor's agent that carries out what is no ordinary tool: all such calls of one message together,
// after the ordinary ones have been answered.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <set>

#include "base/ascii.h"
#include "base/json_members.h"
#include "supervisor/history.h"
#include "supervisor/impl/agent_plan.h"
#include "supervisor/impl/team.h"

namespace docmind::supervisor::impl {
namespace {

std::string circle(std::string_view agent) {
  return "agent '" + std::string(agent) + "' was asked the same again, and nothing new had been said since";
}

// Content without the blocks of calls that are not this one's.
Value content_for(const Value& message, const llm::ToolCall& call) {
  const Value& content = json_member(message, "content");
  if (!content.is_array()) return content;
  Array kept;
  for (const Value& block : content.get_array()) {
    const bool call_block = json_text(json_member(block, "type")) == "tool_use";
    if (!call_block || json_text(json_member(block, "id")) == call.id) kept.push_back(block);
  }
  return kept;
}

class Handoff {
 public:
  Handoff(const Team& team, const State& state, graph::Context& context)
      : team_(team),
        state_(state),
        context_(context),
        messages_(state.list("messages")),
        pending_(pending_calls(messages_)),
        circles_(state, team.supervisor) {}

  Result<graph::Command> run() {
    if (pending_.calls.empty()) return back_to_model();  // A hook has answered them.
    for (const llm::ToolCall& call : pending_.calls) DM_TRY(take(call));
    settle_forward();
    if (!entries_.empty()) return hand_over();
    if (!forwarded_.is_null()) return forward();
    if (!circle_.empty()) return stop();
    return back_to_model();
  }

 private:
  const Value& said() const { return messages_[pending_.at]; }

  void answer(const llm::ToolCall& call, std::string_view text) { answers_.push_back(tool_message(call, text)); }
  void answer_called(const llm::ToolCall& call, std::string_view text, Value whom) {
    answer(call, text);
    set_metadata(answers_.back().get_object(), kHandoffTo, std::move(whom));
  }

  Result<> take(const llm::ToolCall& call) {
    const auto found = team_.tools.find(call.name);
    const ToolKind kind = found == team_.tools.end() ? ToolKind::kOrdinary : found->second.kind;
    const bool first = &call == &pending_.calls.front();
    const bool merges = kind == ToolKind::kDispatch && dispatched_;
    if (kind == ToolKind::kOrdinary || (!first && !merges && team_.parallel_calls == ParallelCalls::kOne)) {
      answer(call, not_carried_out(call));
    } else if (kind == ToolKind::kHandoff) {
      return transfer(call, found->second);
    } else if (kind == ToolKind::kDispatch) {
      dispatch(call);
    } else {
      find_forwarded(call, found->second);
    }
    return {};
  }

  Result<> transfer(const llm::ToolCall& call, const Tool& tool) {
    ToolAnswer answer{};
    if (tool.run) {
      const Result<Object> arguments = arguments_of(call);
      Result<ToolAnswer> said = arguments ? tool.run({call, *arguments, state_, context_}) : arguments.error();
      if (!said && said.error().code == Code::kCancelled && context_.stop().stop_requested()) return said.error();
      if (!said) {
        this->answer(call, mistakes(said.error().message));
        return {};
      }
      answer = *std::move(said);
    }
    if (called_.contains(tool.agent)) {
      answer_called(call, "Already transferred to " + tool.agent, Value(tool.agent));
      return {};
    }
    if (circles_.closes(tool.agent, answer.task)) {
      circle_ = circle(tool.agent);
      answer_called(call, "Not transferred to " + tool.agent + ": " + circle_, Value(tool.agent));
      return {};
    }
    answer_called(call, answer.text.empty() ? "Successfully transferred to " + tool.agent : answer.text,
                  Value(tool.agent));
    for (const graph::Write& write : answer.update.writes())
      command_.update.set(write.channel, write.value, write.mode);
    add(tool.agent, std::move(answer.task), entry_of(call));
    return {};
  }

  // All of a dispatch, or nothing.
  void dispatch(const llm::ToolCall& call) {
    Result<std::vector<Assignment>> wanted = assignments_of(team_, call);
    if (!wanted) return answer(call, mistakes(wanted.error().message));
    std::string names;
    std::string refusals;
    Array whom;
    for (Assignment& one : *wanted) {
      if (called_.contains(one.agent)) continue;  // Named twice: its first task counts.
      if (circles_.closes(one.agent, one.task)) {
        circle_ = circle(one.agent);
        refusals += (refusals.empty() ? "Not transferred to " : "; ") + one.agent + ": " + circle_;
        continue;
      }
      names += (names.empty() ? "" : ", ") + one.agent;
      whom.push_back(Value(one.agent));
      add(one.agent, std::move(one.task), Object{{"shared", false}, {"before", before()}});
    }
    std::string text = names.empty() ? "" : "Successfully transferred to " + names;
    if (dispatched_) text = "Additional dispatch call merged into the first";
    if (!refusals.empty()) text += (text.empty() ? "" : ". ") + refusals;
    if (text.empty()) text = "Already transferred to all of them";
    dispatched_ = true;
    answer_called(call, text, std::move(whom));
  }

  void add(const std::string& agent, Value task, Object entry) {
    called_.insert(agent);
    entry["agent"] = agent;
    entry["task"] = std::move(task);
    entries_.push_back(std::move(entry));
  }

  std::string before() const { return pending_.at == 0 ? "" : std::string(id_of(messages_[pending_.at - 1])); }

  // A message with one call leaves the conversation as it stands; of several, each agent sees its own.
  Object entry_of(const llm::ToolCall& call) {
    if (calls_of(said()).size() == 1) return {{"shared", true}};
    Object entry{{"shared", false}, {"before", before()}};
    if (team_.handoff_messages == HandoffMessages::kLeaveOut) return entry;
    Object own = assistant_message("", name_of(said()), {call});
    own["content"] = content_for(said(), call);
    own["id"] = std::string(id_of(said())) + "." + call.id;
    Object answered = answers_.back().get_object();
    answered["id"] = std::string(id_of(said())) + "." + call.id + ".answer";
    entry["pair"] = Array{std::move(own), std::move(answered)};
    return entry;
  }

  void find_forwarded(const llm::ToolCall& call, const Tool& tool) {
    const Result<Object> arguments = arguments_of(call);
    if (!arguments) return answer(call, mistakes(arguments.error().message));
    const std::string_view from = json_text(json_member(*arguments, "from_agent"));
    std::set<std::string> names;
    for (std::size_t i = messages_.size(); i-- > 0;) {
      const Value& message = messages_[i];
      if (!is_assistant(message) || name_of(message).empty()) continue;
      names.emplace(name_of(message));
      if (lowered(name_of(message)) != lowered(from) || is_handoff_back(message) || i == pending_.at) continue;
      forwarded_ = Object{{"role", "assistant"}, {"content", json_member(message, "content")}, {"name", tool.agent}};
      forward_call_ = call;
      return;
    }
    std::string found;
    for (const std::string& name : names) found += (found.empty() ? "'" : ", '") + name + "'";
    answer(call, "Could not find message from source agent " + std::string(from) + ". Found names: {" + found + "}");
  }

  // Agents that are called in the same message come first.
  void settle_forward() {
    if (forwarded_.is_null() || entries_.empty()) return;
    answer(forward_call_, "Error: '" + forward_call_.name +
                              "' was not carried out: agents were called. Call it again when they are done.");
  }

  // The supervisor's message without the calls that were carried out here; not at all when no other is left.
  Value taken_back() const {
    std::vector<llm::ToolCall> others;
    for (llm::ToolCall& call : calls_of(said())) {
      const bool here = std::ranges::any_of(pending_.calls, [&](const auto& one) { return one.id == call.id; });
      if (!here) others.push_back(std::move(call));
    }
    if (others.empty()) return graph::remove_message(id_of(said()));
    Object rest = said().get_object();
    set_calls(rest, others);
    return rest;
  }

  Array kept() {
    if (team_.handoff_messages == HandoffMessages::kLeaveOut) return {taken_back()};
    return std::move(answers_);
  }

  Result<graph::Command> ended(Array messages) {
    command_.update.set("messages", std::move(messages)).set("asked", std::move(circles_).noted());
    return std::move(command_);
  }

  Result<graph::Command> hand_over() {
    command_.update.set("dispatch", dispatch_of(team_, entries_));
    return ended(kept());
  }

  Result<graph::Command> forward() { return ended({taken_back(), std::move(forwarded_)}); }

  Result<graph::Command> stop() {
    Object message = assistant_message("Stopped: " + circle_ + ".", team_.supervisor);
    set_metadata(message, "stopped", Value(circle_));
    command_.update.set("stopped", Value(circle_));
    Array messages = kept();
    messages.push_back(std::move(message));
    return ended(std::move(messages));
  }

  Result<graph::Command> back_to_model() {
    command_.next.push_back(team_.entry);
    return ended(std::move(answers_));
  }

  const Team& team_;
  const State& state_;
  graph::Context& context_;
  const Array& messages_;
  const Pending pending_;
  Circles circles_;
  graph::Command command_;
  Array answers_;
  Array entries_;
  std::set<std::string> called_;
  bool dispatched_ = false;
  std::string circle_;
  Value forwarded_;
  llm::ToolCall forward_call_;
};

}  // namespace

Value dispatch_of(const Team& team, const Array& entries) {
  const auto now = static_cast<std::ptrdiff_t>(std::min(entries.size(), team.max_parallel_calls));
  return Object{{"wave", Array(entries.begin(), entries.begin() + now)},
                {"waiting", Array(entries.begin() + now, entries.end())}};
}

Result<graph::Command> run_handoff(const Team& team, const State& state, graph::Context& context) {
  return Handoff(team, state, context).run();
}

}  // namespace docmind::supervisor::impl
