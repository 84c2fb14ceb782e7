// What the nodes of a supervisor's graph share, and what passes between them: the entries of the channel "dispatch",
//   {"wave": [entry...], "waiting": [entry...]},
//   entry {"agent", "task": null or what it is asked, "shared": whether it sees the conversation as it stands,
//          "before": else the id of the last message it sees, "pair": the call and its answer that it sees after it}
// Immutable once built.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/supervisor.h"

namespace docmind::supervisor::impl {

struct Team {
  std::vector<Agent> agents{};
  std::string supervisor{};
  std::string entry{};                                     // The node of the supervisor's agent that asks the model.
  std::map<std::string, Tool, std::less<>> tools{};        // All of the supervisor's.
  std::map<std::string, Value, std::less<>> task_types{};  // Schemas of tasks that are no plain text.
  ParallelCalls parallel_calls = ParallelCalls::kOne;
  std::size_t max_parallel_calls = 3;
  OutputMode output_mode = OutputMode::kLastMessage;
  HandoffMessages handoff_messages = HandoffMessages::kKeep;
  HandoffMessages handoff_back_messages = HandoffMessages::kKeep;

  bool has(std::string_view agent) const;
};

// Entries as the channel's value: as many as may run now, and those that wait.
Value dispatch_of(const Team& team, const Array& entries);

// Carries out the calls of the supervisor's last message that are no ordinary tools.
Result<graph::Command> run_handoff(const Team& team, const State& state, graph::Context& context);

// One destination of a dispatch.
struct Assignment {
  std::string agent{};
  Value task{};
};
// The definition of the tool, and what a call of it asks for; all of it is checked.
llm::ChatTool dispatch_definition(const Team& team);
Result<std::vector<Assignment>> assignments_of(const Team& team, const llm::ToolCall& call);

// Guards against turning in a circle, in the channel "asked".
class Circles {
 public:
  Circles(const State& state, std::string_view supervisor);
  // Whether the agent was asked the same when no less was known. Else it is noted.
  bool closes(std::string_view agent, const Value& task);
  Object noted() && { return std::move(asked_); }

 private:
  std::string known_;
  Object asked_;
};

// What a worker sees of the conversation; `shared` is what would go in by name.
Result<Object> worker_input(const Team& team, const Agent& agent, const State& parent, Object shared);
// What the conversation keeps of what a worker did.
Result<graph::Update> worker_output(const Team& team, const Agent& agent, const State& outcome, graph::Update by_name);
// A function as a worker, and what stands in for a worker that failed.
Result<graph::Command> run_function(const Team& team, const Agent& agent, const State& state, graph::Context& context);
Result<graph::Command> stand_in_for_worker(const Team& team, const Agent& agent, const State& state, const Error& why);

}  // namespace docmind::supervisor::impl
