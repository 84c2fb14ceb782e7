// One question through the five agents, as a graph: query_router, query_planner, retrieval_expert once for each part at
// the same time, result_synthesizer, response_validator.
//
// Each agent is a function, a chat model's or a test's as well, and has a time of its own. One that fails, throws,
// hands on what it may not, or does not come back is replaced by the least that keeps the answer true: the question as
// it is, in one part, by keywords alone, in the documents' own words, or no claim at all. That it was is told
// (Outcome::replaced). What the person has to hear stays an error: what a replacement fails of too, a cancel, the end
// of the time for all.
//
// Thread safety: run_agents() from any thread. An agent that ignored its deadline goes on in the pool until it returns,
// with what it was given; what it says then is dropped. So whatever agents refer to outlives the pool.
#pragma once
#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "agents/answer.h"
#include "agents/query_planner.h"
#include "agents/query_router.h"
#include "agents/response_validator.h"
#include "agents/result_synthesizer.h"
#include "agents/retrieval_expert.h"
#include "agents/watch.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "base/result.h"
#include "base/rng.h"
#include "exec/pool.h"

namespace docmind::agents {

inline constexpr std::array<const char*, 5> kAgentNames = {"query_router", "query_planner", "retrieval_expert",
                                                           "result_synthesizer", "response_validator"};

// What an agent is called with besides its input. Lives as long as the agent runs.
struct Call {
  Deadline deadline;
  std::stop_token stop;
};

struct Agents {  // All there.
  std::function<Result<Routing>(std::string_view question, const Call&)> query_router{};
  std::function<Result<Plan>(const Routing&, const Call&)> query_planner{};
  std::function<Result<Evidence>(const Part&, Route, const Call&)> retrieval_expert{};
  std::function<Result<Draft>(const std::vector<Evidence>&, const Call&)> result_synthesizer{};
  std::function<Result<Validated>(const Draft&, const Call&)> response_validator{};
};

struct Budgets {
  Duration planning = std::chrono::seconds(2);    // Router and planner, each.
  Duration retrieval = std::chrono::seconds(30);  // Of one part; the first question may have to start the engine.
  Duration writing = std::chrono::seconds(10);
  Duration generating = std::chrono::minutes(3);  // Instead, when a chat model writes.
  Duration validation = std::chrono::seconds(10);
  Duration deciding = std::chrono::seconds(30);  // Instead of planning, when a chat model plans,
  Duration judging = std::chrono::minutes(1);    // and of validation, when one gives a second opinion.
  std::size_t parts = 8;                         // Of a plan, at most.
  std::size_t parallel = 3;                      // Parts at the same time.
  std::uint64_t bytes = 64ULL << 20U;            // That one agent may hand on.
};

struct Replaced {
  std::string agent;
  Error error;  // Why.
};

// One run of an agent, retrieval_expert's for one part: `run.seconds` go from its beginning until what it was asked for
// was there, whoever brought it.
struct TimedRun {
  AgentRun run{};
  double began = 0;              // Seconds since the question came.
  std::uint32_t part = 0;        // Of the plan; retrieval_expert's.
  std::optional<Error> error{};  // Why another stood in for it.
};

struct Outcome {
  TimePoint asked{};  // From which `timed` counts.
  Routing routing;
  Plan plan;
  std::vector<Evidence> evidence;  // In the order of the plan's parts.
  Draft draft;
  Validated validated;
  std::vector<AgentRun> runs;   // In the order above; of several runs of one agent the longest.
  std::vector<TimedRun> timed;  // The same run by run.
  std::vector<Replaced> replaced;
};

struct GraphSeams {
  const Clock& clock;
  Rng& rng;
  exec::Pool* pool = nullptr;  // Null: one after the other on the caller's thread, and none that hangs can be left.
  Watch watch{};
};

// `replacements` stand in for agents that fail.
// Errors: kInvalidArgument of the router, kCancelled, kDeadlineExceeded (of the whole), and what a replacement fails
// of.
Result<Outcome> run_agents(std::string_view question, const Agents& agents, const Agents& replacements,
                           const Budgets& budgets, const GraphSeams& seams, Deadline deadline, std::stop_token stop);

}  // namespace docmind::agents
