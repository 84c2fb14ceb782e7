#include "agents/question_graph.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/json_members.h"
#include "base/thread_annotations.h"
#include "graph/engine.h"

namespace docmind::agents {
namespace {

using graph::Command;
using graph::Context;
using graph::State;
using graph::Value;

constexpr std::size_t kMaxText = 32ULL << 10U;  // Of a question or a part of it.

// What agents hand on is kept here, and the graph's channels hold its number: what a task says after it was left has
// a number that nobody knows.
template <typename T>
class Kept {
 public:
  std::int64_t keep(T value) {
    auto item = std::make_shared<const T>(std::move(value));
    const MutexLock lock(mutex_);
    items_.push_back(std::move(item));
    return static_cast<std::int64_t>(items_.size()) - 1;
  }

  std::shared_ptr<const T> at(std::int64_t number) const {
    const MutexLock lock(mutex_);
    return items_.at(static_cast<std::size_t>(number));
  }

 private:
  mutable Mutex mutex_;
  std::vector<std::shared_ptr<const T>> items_ DM_GUARDED_BY(mutex_);
};

// When each run began: one that was left cannot say it itself.
class Beginnings {
 public:
  void add(std::string_view agent, std::int64_t part, TimePoint at) {
    const MutexLock lock(mutex_);
    items_.push_back({agent, part, at});
  }

  std::optional<TimePoint> find(std::string_view agent, std::int64_t part) const {
    const MutexLock lock(mutex_);
    const auto found =
        std::ranges::find_if(items_, [&](const Item& item) { return item.agent == agent && item.part == part; });
    return found == items_.end() ? std::nullopt : std::optional(found->at);
  }

 private:
  struct Item {
    std::string_view agent;
    std::int64_t part = 0;
    TimePoint at;
  };
  mutable Mutex mutex_;
  std::vector<Item> items_ DM_GUARDED_BY(mutex_);
};

// Everything of one question, shared by its nodes: those that were left hold it until they return.
struct Work {
  std::string question;
  Agents agents;
  Agents replacements;
  Budgets budgets;
  const Clock& clock;
  Deadline deadline;
  std::stop_token stop;
  Watch watch{};
  Kept<Routing> routings{};
  Kept<Plan> plans{};
  Kept<Evidence> evidence{};
  Kept<Draft> drafts{};
  Kept<Validated> validated{};
  TimePoint asked = clock.now();
  Beginnings beginnings{};
};
using Shared = std::shared_ptr<Work>;

Error broken(std::string what) { return {Code::kInternal, std::move(what), ""}; }

// ---- what an agent may hand on ----

Result<> check(const Routing& routing, const Budgets&) {
  if (routing.question.empty() || routing.question.size() > kMaxText) return broken("it handed on no question");
  return {};
}

Result<> check(const Plan& plan, const Budgets& budgets) {
  if (plan.parts.empty() || plan.parts.size() > budgets.parts) return broken("its plan has no parts, or too many");
  for (const Part& part : plan.parts) {
    if (part.text.empty() || part.text.size() > kMaxText || part.asks.size() > kMaxText) {
      return broken("a part of its plan asks nothing, or too much");
    }
  }
  return {};
}

Result<> check(const Evidence& evidence, const Budgets& budgets) {
  std::uint64_t bytes = 0;
  for (const auto& [id, place] : evidence.found.units) bytes += place.unit.text.size();
  for (const retrieval::Hit& hit : evidence.found.nearest) bytes += hit.text.size();
  if (bytes > budgets.bytes) return broken("it brought more text than one answer may rest on");
  for (const retrieval::Candidate& candidate : evidence.found.candidates) {
    if (!evidence.found.units.contains(candidate.unit)) return broken("it named a passage that it did not bring");
  }
  return {};
}

Result<> check(const Draft& draft, const Budgets& budgets) {
  std::uint64_t bytes = 0;
  for (const DraftClaim& claim : draft.claims) {
    for (const Passage& passage : claim.passages) {
      for (const std::string& piece : passage.pieces) bytes += piece.size();
    }
    bytes += claim.said.size();
  }
  return bytes > budgets.bytes ? Result<>(broken("it wrote more than an answer may have")) : Result<>();
}

Result<> check(const Validated& validated, const Budgets&) {
  const bool cited = std::ranges::all_of(
      validated.claims, [](const Claim& claim) { return !claim.supported || !claim.citations.empty(); });
  return cited ? Result<>() : Result<>(broken("it let a claim through that cites nothing"));
}

// ---- nodes ----

struct Step {
  std::string_view agent;
  std::string channel;
};

double seconds_between(TimePoint from, TimePoint to) { return std::chrono::duration<double>(to - from).count(); }

graph::Object run_of(const Step& step, const State& state, const Work& work, std::string_view status) {
  const TimePoint now = work.clock.now();
  const std::int64_t part = state.integer("part");
  const TimePoint start = work.beginnings.find(step.agent, part).value_or(now);  // One that never began has no time.
  return {{"name", step.agent},
          {"seconds", seconds_between(start, now)},
          {"status", status},
          {"began", seconds_between(work.asked, start)},
          {"part", part}};
}

void tell(const Work& work, const graph::Object& run) {
  if (!work.watch.step) return;
  work.watch.step({.agent = json_text(run.at("name")),
                   .part = run.at("part").to_number<std::int64_t>(),
                   .status = json_text(run.at("status")),
                   .seconds = run.at("seconds").to_number<double>()});
}

Command done(const Step& step, Value output, graph::Object run) {
  return Command{{step.channel, std::move(output)}, {"runs", graph::Array{std::move(run)}}};
}

// `function` is which member of Agents; `call(agent, state, call)` runs one; `output(kept number, state)` is what the
// channel gets.
template <typename Out, typename Function, typename CallIt, typename Output>
void add_node(graph::GraphBuilder& builder, const Shared& work, Step step, Duration time, Function Agents::* function,
              Kept<Out> Work::* store, CallIt call, Output output) {
  const auto run = [=](const Function& agent, const State& state, const Call& seams) -> Result<Value> {
    Out out = DM_TRY(call(agent, state, seams));
    DM_TRY(check(out, work->budgets));
    return output(((*work).*store).keep(std::move(out)), state);
  };
  graph::NodeOptions options;
  options.timeout = time;
  options.fallback = [=](const State& state, const Error& error) -> Result<Command> {
    if (work->stop.stop_requested() || work->deadline.expired()) return error;  // The end of the whole.
    Value value = DM_TRY(run(work->replacements.*function, state, {work->deadline, work->stop}));
    graph::Object told = run_of(step, state, *work, "failed");
    tell(*work, told);
    Command command = done(step, std::move(value), std::move(told));
    command.update.set("replaced", graph::Array{graph::Object{
                                       {"agent", step.agent}, {"code", name(error.code)}, {"message", error.message}}});
    return command;
  };
  builder.node(
      std::string(step.agent),
      [=](const State& state, Context& context) -> Result<Command> {
        work->beginnings.add(step.agent, state.integer("part"), work->clock.now());
        tell(*work, run_of(step, state, *work, "running"));
        Value value = DM_TRY(run(work->agents.*function, state, {context.deadline(), context.stop()}));
        graph::Object told = run_of(step, state, *work, "ok");
        tell(*work, told);
        return done(step, std::move(value), std::move(told));
      },
      std::move(options));
}

void add_planning(graph::GraphBuilder& builder, const Shared& work) {
  const auto itself = [](std::int64_t kept, const State&) { return Value(kept); };
  add_node<Routing>(
      builder, work, {"query_router", "routing"}, work->budgets.planning, &Agents::query_router, &Work::routings,
      [work](const auto& agent, const State&, const Call& call) { return agent(work->question, call); }, itself);
  add_node<Plan>(
      builder, work, {"query_planner", "plan"}, work->budgets.planning, &Agents::query_planner, &Work::plans,
      [work](const auto& agent, const State& state, const Call& call) {
        return agent(*work->routings.at(state.integer("routing")), call);
      },
      itself);
}

void add_retrieval(graph::GraphBuilder& builder, const Shared& work) {
  add_node<Evidence>(
      builder, work, {"retrieval_expert", "evidence"}, work->budgets.retrieval, &Agents::retrieval_expert,
      &Work::evidence,
      [work](const auto& agent, const State& state, const Call& call) {
        const auto plan = work->plans.at(state.integer("plan"));
        return agent(plan->parts.at(static_cast<std::size_t>(state.integer("part"))),
                     work->routings.at(state.integer("routing"))->route, call);
      },
      [](std::int64_t kept, const State&) { return Value(graph::Array{kept}); });
  builder.route("query_planner", [work](const State& state) -> Result<graph::Route> {
    graph::Route parts;
    const std::size_t count = work->plans.at(state.integer("plan"))->parts.size();
    for (std::size_t i = 0; i < count; ++i) {
      parts.sends.push_back(
          {"retrieval_expert", {{"part", i}, {"plan", state["plan"]}, {"routing", state["routing"]}}});
    }
    return parts;
  });
}

std::vector<Evidence> evidence_in(const Work& work, const graph::Array& kept) {
  std::vector<Evidence> out;
  for (const Value& number : kept) out.push_back(*work.evidence.at(number.to_number<std::int64_t>()));
  return out;
}

void add_writing(graph::GraphBuilder& builder, const Shared& work) {
  const auto itself = [](std::int64_t kept, const State&) { return Value(kept); };
  add_node<Draft>(
      builder, work, {"result_synthesizer", "draft"}, work->budgets.writing, &Agents::result_synthesizer, &Work::drafts,
      [work](const auto& agent, const State& state, const Call& call) {
        return agent(evidence_in(*work, state.list("evidence")), call);
      },
      itself);
  add_node<Validated>(
      builder, work, {"response_validator", "validated"}, work->budgets.validation, &Agents::response_validator,
      &Work::validated,
      [work](const auto& agent, const State& state, const Call& call) {
        return agent(*work->drafts.at(state.integer("draft")), call);
      },
      itself);
}

Result<std::shared_ptr<const graph::Graph>> graph_of(const Shared& work) {
  using graph::Type;
  graph::GraphBuilder builder({graph::last("routing", Type::kInteger), graph::last("plan", Type::kInteger),
                               graph::append("evidence"), graph::last("draft", Type::kInteger),
                               graph::last("validated", Type::kInteger), graph::append("runs"),
                               graph::append("replaced")});
  add_planning(builder, work);
  add_retrieval(builder, work);
  add_writing(builder, work);
  builder.edge(graph::kStart, "query_router");
  builder.edge("query_router", "query_planner");
  builder.edge("retrieval_expert", "result_synthesizer");
  builder.edge("result_synthesizer", "response_validator");
  return std::move(builder).compile();
}

// ---- the outcome ----

// Each that was replaced has its reason in `replaced`, in the same order.
std::vector<TimedRun> timed_of(const graph::Array& list, const std::vector<Replaced>& replaced) {
  std::vector<TimedRun> out;
  std::size_t failed = 0;
  for (const Value& value : list) {
    TimedRun one{
        .run = {std::string(json_text(json_member(value, "name"))), json_member(value, "seconds").to_number<double>(),
                std::string(json_text(json_member(value, "status")))},
        .began = json_member(value, "began").to_number<double>(),
        .part = static_cast<std::uint32_t>(json_count(json_member(value, "part")))};
    if (one.run.status == "failed") one.error = replaced.at(failed++).error;
    out.push_back(std::move(one));
  }
  return out;
}

std::vector<AgentRun> runs_of(const std::vector<TimedRun>& timed) {
  std::vector<AgentRun> out;
  for (const auto& [run, began, part, error] : timed) {
    if (!out.empty() && out.back().name == run.name) {
      out.back().seconds = std::max(out.back().seconds, run.seconds);
      if (run.status != "ok") out.back().status = run.status;
    } else {
      out.push_back(run);
    }
  }
  return out;
}

std::vector<Replaced> replaced_of(const graph::Array& list) {
  std::vector<Replaced> out;
  for (const Value& value : list) {
    out.push_back(
        {std::string(json_text(json_member(value, "agent"))),
         {code_named(json_text(json_member(value, "code"))), std::string(json_text(json_member(value, "message")))}});
  }
  return out;
}

}  // namespace

Result<Outcome> run_agents(std::string_view question, const Agents& agents, const Agents& replacements,
                           const Budgets& budgets, const GraphSeams& seams, Deadline deadline, std::stop_token stop) {
  const Shared work(
      new Work{std::string(question), agents, replacements, budgets, seams.clock, deadline, stop, seams.watch});
  const auto graph = DM_TRY(graph_of(work));
  graph::RunOptions options;
  options.max_concurrency = budgets.parallel;
  options.deadline = deadline;
  options.stop = std::move(stop);
  const graph::Engine engine({.clock = seams.clock, .rng = seams.rng, .pool = seams.pool});
  const graph::RunResult result = DM_TRY(engine.run(graph, graph::Input::values({}), std::move(options)));
  const State state(result.values);
  std::vector<Replaced> replaced = replaced_of(state.list("replaced"));
  std::vector<TimedRun> timed = timed_of(state.list("runs"), replaced);
  return Outcome{.asked = work->asked,
                 .routing = *work->routings.at(state.integer("routing")),
                 .plan = *work->plans.at(state.integer("plan")),
                 .evidence = evidence_in(*work, state.list("evidence")),
                 .draft = *work->drafts.at(state.integer("draft")),
                 .validated = *work->validated.at(state.integer("validated")),
                 .runs = runs_of(timed),
                 .timed = std::move(timed),
                 .replaced = std::move(replaced)};
}

}  // namespace docmind::agents
