// What the agents' graph costs when its agents cost nothing: one JSON object with microseconds.
//
// usage: agents FOLDER [REPEATS]     (FOLDER: for the durable checkpoints)
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <boost/json.hpp>
#include <cstdio>
#include <cstdlib>
#include <latch>
#include <string>
#include <vector>

#include "agents/question_graph.h"
#include "base/json.h"
#include "graph/engine.h"
#include "graph/memory_saver.h"
#include "graph/sqlite/sqlite_saver.h"
#include "supervisor/supervisor.h"
#include "sys/clock.h"
#include "sys/rng.h"

namespace docmind::bench {
namespace {

struct Times {
  std::vector<double> micros;

  double at(double share) {
    std::ranges::sort(micros);
    return micros.empty() ? 0
                          : micros[std::min(micros.size() - 1,
                                            static_cast<std::size_t>(share * static_cast<double>(micros.size())))];
  }
  boost::json::object json() { return {{"p50", at(0.5)}, {"p99", at(0.99)}, {"runs", micros.size()}}; }
};

double micros_of(Duration time) { return std::chrono::duration<double, std::micro>(time).count(); }

template <typename Work>
Times measured(int repeats, const Clock& clock, Work work) {
  Times out;
  for (int i = -repeats / 10; i < repeats; ++i) {
    const TimePoint start = clock.now();
    work(i + repeats);
    if (i >= 0) out.micros.push_back(micros_of(clock.now() - start));
  }
  return out;
}

void must(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "agents: %s failed\n", what);
  std::exit(1);
}

agents::Agents instant_agents() {
  using namespace agents;
  Agents out;
  out.query_router = [](std::string_view question, const Call&) -> Result<Routing> {
    return Routing{Route::kHybrid, std::string(question), ""};
  };
  out.query_planner = [](const Routing& routing, const Call&) -> Result<Plan> {
    return Plan{{{routing.question, routing.question}}};
  };
  out.retrieval_expert = [](const Part& part, Route, const Call&) -> Result<Evidence> { return Evidence{part, {}}; };
  out.result_synthesizer = [](const std::vector<Evidence>&, const Call&) -> Result<Draft> { return Draft(); };
  out.response_validator = [](const Draft&, const Call&) -> Result<Validated> { return Validated(); };
  return out;
}

// The model of langgraph_overhead.py: a worker says "done", the supervisor calls the five in turn and says "final".
class Instant final : public llm::ChatModel {
 public:
  Result<std::vector<std::uint32_t>> count(std::span<const std::string>, Deadline, std::stop_token) override {
    return Error{Code::kUnavailable, "it counts nothing"};
  }
  Result<llm::Capabilities> capabilities(Deadline, std::stop_token) override {
    return llm::Capabilities{.model = "instant", .tools = true};
  }
  Result<llm::ChatReply> chat(const llm::ChatRequest& request, llm::TokenStream*, Deadline, std::stop_token) override {
    if (request.tools.empty()) return llm::ChatReply{.content = "done"};
    std::size_t done = 0;
    for (const llm::ChatMessage& message : request.messages) {
      done += message.role == llm::Role::kAssistant && message.tool_calls.empty() && message.content == "done" ? 1 : 0;
    }
    if (done >= agents::kAgentNames.size()) return llm::ChatReply{.content = "final"};
    llm::ChatReply reply;
    reply.tool_calls.push_back({.id = "c" + std::to_string(done) + "-" + std::to_string(++calls_),
                                .name = std::string("transfer_to_") + agents::kAgentNames[done],
                                .arguments = "{}"});
    reply.finish = llm::ChatFinish::kTools;
    return reply;
  }

 private:
  std::atomic<std::uint64_t> calls_ = 0;
};

std::shared_ptr<const graph::Graph> supervised(llm::ChatModel& model) {
  std::vector<supervisor::Agent> workers;
  for (const char* name : agents::kAgentNames) {
    auto graph = supervisor::react_agent(model, {.name = name});
    must(bool(graph), "react_agent");
    workers.push_back({.name = name, .graph = *graph});
  }
  auto out = supervisor::make_supervisor(std::move(workers), model, {});
  must(bool(out), "make_supervisor");
  return *out;
}

std::shared_ptr<const graph::Graph> chain_of_three() {
  graph::GraphBuilder builder({graph::last("n", graph::Type::kInteger)});
  for (const char* name : {"a", "b", "c"}) {
    builder.node(name, [](const graph::State& state, graph::Context&) -> Result<graph::Command> {
      return graph::Command{{"n", state.integer("n") + 1}};
    });
  }
  builder.edge(graph::kStart, "a").edge("a", "b").edge("b", "c");
  return *std::move(builder).compile();
}

std::shared_ptr<const graph::Graph> fan_of_five() {
  graph::GraphBuilder builder({graph::append("log")});
  std::vector<std::string> names;
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    names.emplace_back(name);
    builder.node(name, [](const graph::State&, graph::Context&) -> Result<graph::Command> {
      return graph::Command{{"log", graph::Array{1}}};
    });
    builder.edge(graph::kStart, name);
  }
  builder.node("join", [](const graph::State&, graph::Context&) -> Result<graph::Command> { return graph::Command(); });
  builder.join(std::move(names), "join");
  return *std::move(builder).compile();
}

// A run of a graph in a thread of its own.
void run(const graph::Engine& engine, const std::shared_ptr<const graph::Graph>& graph, graph::Object input,
         int thread) {
  graph::RunOptions options;
  options.recursion_limit = 60;
  if (thread >= 0) options.thread = std::to_string(thread);
  must(bool(engine.run(graph, graph::Input::values(std::move(input)), std::move(options))), "a run");
}

graph::Object question() { return {{"messages", graph::Array{graph::Object{{"type", "human"}, {"content", "q"}}}}}; }

// So many questions handed to the pool at once: the wall, and how long each took from its start.
boost::json::object burst(int questions, const Clock& clock, Rng& rng) {
  const agents::Agents agents = instant_agents();
  auto pool = exec::Pool::open({.threads = 2, .queue_bound = static_cast<std::size_t>(questions)});
  must(bool(pool), "a pool");
  std::vector<double> micros(static_cast<std::size_t>(questions));
  std::latch all(questions);
  const TimePoint start = clock.now();
  for (int i = 0; i < questions; ++i) {
    const auto submitted = (*pool)->submit(
        [&, i] {
          const TimePoint begun = clock.now();
          must(bool(agents::run_agents("q", agents, agents, {}, {clock, rng}, Deadline::never(), {})), "a question");
          micros[static_cast<std::size_t>(i)] = micros_of(clock.now() - begun);
          all.count_down();
        },
        exec::Lane::kInteractive, Deadline::never(), {});
    must(bool(submitted), "submit");
  }
  all.wait();
  const double wall = micros_of(clock.now() - start);
  Times times{std::move(micros)};
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return {{"wall", wall}, {"p99", times.at(0.99)}, {"peak_rss_mib", static_cast<double>(usage.ru_maxrss) / 1024}};
}

// A file with so many open threads is opened again, and each of them asked where it stands.
boost::json::object reopened(const std::string& path, int threads, const Clock& clock, Rng& rng) {
  const auto graph = chain_of_three();
  {
    auto saver = graph::sqlite::SqliteSaver::open({.path = path, .durability = store::Durability::kNormal});
    must(bool(saver), "a saver");
    const graph::Engine engine({.clock = clock, .rng = rng, .saver = saver->get()});
    for (int i = 0; i < threads; ++i) {
      graph::RunOptions options;
      options.thread = std::to_string(i);
      options.pause_before = {"c"};
      must(bool(engine.run(graph, graph::Input::values({{"n", i}}), std::move(options))), "a paused run");
    }
  }
  const TimePoint start = clock.now();
  auto saver = graph::sqlite::SqliteSaver::open({.path = path});
  must(bool(saver), "a saver");
  const graph::Engine engine({.clock = clock, .rng = rng, .saver = saver->get()});
  int open = 0;
  for (int i = 0; i < threads; ++i) {
    const auto state = engine.state(*graph, std::to_string(i), "", {});
    open += state && *state && (*state)->paused ? 1 : 0;
  }
  return {{"threads", open}, {"wall", micros_of(clock.now() - start)}};
}

int main_of(const std::string& folder, int repeats) {
  const sys::RealClock clock;
  sys::RealRng rng;
  boost::json::object out;
  const agents::Agents agents = instant_agents();
  const auto ask = [&](exec::Pool* pool) {
    return measured(repeats, clock,
                    [&](int) {
                      must(bool(agents::run_agents("q", agents, agents, {}, {clock, rng, pool}, Deadline::never(), {})),
                           "ask");
                    })
        .json();
  };
  out["question"] = ask(nullptr);
  auto pool = exec::Pool::open({.threads = 16});
  must(bool(pool), "a pool");
  out["question_with_time_limits"] = ask(pool->get());

  const graph::Engine plain({.clock = clock, .rng = rng});
  out["chain"] = measured(repeats, clock, [&, g = chain_of_three()](int) { run(plain, g, {{"n", 0}}, -1); }).json();
  out["fan"] = measured(repeats, clock, [&, g = fan_of_five()](int) { run(plain, g, {}, -1); }).json();

  Instant model;
  const auto team = supervised(model);
  out["supervisor"] = measured(repeats / 4, clock, [&](int) { run(plain, team, question(), -1); }).json();
  graph::MemorySaver memory;
  const graph::Engine remembering({.clock = clock, .rng = rng, .saver = &memory});
  out["supervisor_memory"] =
      measured(repeats / 20, clock, [&](int i) { run(remembering, team, question(), i); }).json();

  auto saver = graph::sqlite::SqliteSaver::open({.path = folder + "/sessions.db"});
  must(bool(saver), "a saver");
  const graph::Engine durable({.clock = clock, .rng = rng, .saver = saver->get()});
  out["supervisor_durable"] = measured(repeats / 100, clock, [&](int i) { run(durable, team, question(), i); }).json();
  // Four checkpoints: the input's and one per node.
  Times steps =
      measured(repeats / 20, clock, [&, g = chain_of_three()](int i) { run(durable, g, {{"n", 0}}, 100000 + i); });
  for (double& micros : steps.micros) micros /= 4;
  out["durable_step"] = steps.json();
  out["burst"] = burst(repeats * 5, clock, rng);
  out["reopened"] = reopened(folder + "/open.db", std::max(10, repeats / 2), clock, rng);
  std::puts(to_text(out).c_str());
  return 0;
}

}  // namespace
}  // namespace docmind::bench

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: agents FOLDER [REPEATS]\n", stderr);
    return 2;
  }
  return docmind::bench::main_of(argv[1], argc > 2 ? std::max(20, std::atoi(argv[2])) : 2000);
}
