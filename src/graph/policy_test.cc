// Retries, time limits, nodes that hang, and running on a pool: the result never depends on the schedule.
#include <atomic>
#include <latch>
#include <thread>

#include "base/testing/threaded_seams.h"
#include "graph/testing/bench_of_graphs.h"

namespace docmind::graph {
namespace {

using testing::logs;
using testing::text;

class Policy : public testing::EngineTest {
 protected:
  // Fails so often, then succeeds.
  Node fails(int times, Code code = Code::kUnavailable) {
    return [this, times, code](const State&, Context& context) -> Result<Command> {
      attempts_.push_back(context.attempt());
      if (static_cast<int>(attempts_.size()) <= times) return Error{code, "not yet"};
      return Command{{"log", Array{"done"}}};
    };
  }
  Result<RunResult> run_one(Node node, NodeOptions options) {
    GraphBuilder builder({append("log")});
    builder.node("a", std::move(node), std::move(options)).edge(kStart, "a");
    return engine_.run(compiled(std::move(builder)), Input::values({}), {});
  }
  static Retry thrice() {
    Retry retry;
    retry.attempts = 3;
    retry.jitter = 0;
    return retry;
  }

  std::vector<std::uint32_t> attempts_;
};

TEST_F(Policy, RetriesWithGrowingWaits) {
  EXPECT_TRUE(run_one(fails(2), {.retry = thrice()}));
  EXPECT_EQ(attempts_, (std::vector<std::uint32_t>{1, 2, 3}));
  EXPECT_EQ(pauses_, (std::vector<Duration>{std::chrono::milliseconds(500), std::chrono::seconds(1)}));
}

TEST_F(Policy, AWaitHasALongestAndIsDrawnBelowIt) {
  Retry retry;
  retry.attempts = 6;
  retry.factor = 1000;
  retry.longest_wait = std::chrono::seconds(2);
  EXPECT_TRUE(run_one(fails(5), {.retry = retry}));
  ASSERT_EQ(pauses_.size(), 5U);
  for (const Duration wait : pauses_) EXPECT_LE(wait, std::chrono::seconds(2));
  for (std::size_t i = 1; i < pauses_.size(); ++i) EXPECT_GE(pauses_[i], std::chrono::seconds(1));
  EXPECT_NE(pauses_[3], pauses_[4]);
}

TEST_F(Policy, GivesUpAfterItsAttempts) {
  const auto result = run_one(fails(9), {.retry = thrice()});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kUnavailable);
  EXPECT_EQ(attempts_.size(), 3U);
}

TEST_F(Policy, RetriesOnlyWhatMayHelp) {
  EXPECT_FALSE(run_one(fails(1, Code::kInvalidArgument), {.retry = thrice()}));
  EXPECT_EQ(attempts_.size(), 1U);
  Retry all = thrice();
  all.when = [](const Error& error) { return error.code == Code::kInvalidArgument; };
  attempts_.clear();
  EXPECT_TRUE(run_one(fails(1, Code::kInvalidArgument), {.retry = all}));
}

TEST_F(Policy, S36_AFallbackStandsInForANodeThatRanOutOfTime) {
  GraphBuilder builder({append("log"), last("degraded")});
  builder.node(
      "slow",
      [this](const State&, Context& context) -> Result<Command> {
        clock_.advance(std::chrono::seconds(9));
        EXPECT_TRUE(context.deadline().expired());
        return Error{Code::kDeadlineExceeded, "too slow"};
      },
      {.timeout = std::chrono::seconds(5), .fallback = [](const State&, const Error& error) -> Result<Command> {
         return Command{{"degraded", Value(error.message)}};
       }});
  builder.node("next", logs("next")).edge(kStart, "slow").edge("slow", "next");
  const RunResult result = must(engine_.run(compiled(std::move(builder)), Input::values({}), {}));
  EXPECT_EQ(text(result.values), R"({"log":["next"],"degraded":"too slow"})");
}

TEST_F(Policy, AFallbackThatFailsIsTheNodesError) {
  const auto result = run_one(fails(9), {.fallback = [](const State&, const Error&) -> Result<Command> {
                                return Error{Code::kInternal, "no plan B either"};
                              }});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "node 'a': no plan B either");
}

TEST_F(Policy, TheRunsDeadlineEndsItBetweenSteps) {
  GraphBuilder builder({append("log")});
  builder.node("a", [this](const State&, Context&) -> Result<Command> {
    clock_.advance(std::chrono::seconds(2));
    return Command();
  });
  builder.edge(kStart, "a").edge("a", "a");
  RunOptions options = on("t");
  options.deadline = Deadline::in(std::chrono::seconds(5), clock_);
  const auto graph = compiled(std::move(builder));
  EXPECT_EQ(engine_.run(graph, Input::values({}), options).error().code, Code::kDeadlineExceeded);
  EXPECT_EQ(at(*graph, "t").checkpoint.step, 2);
}

class OnAPool : public ::testing::Test {
 protected:
  OnAPool() : pool_(*exec::Pool::open({.threads = 4})) {}
  Engine engine() { return Engine(Seams{.clock = clock_, .rng = rng_, .pool = pool_.get(), .saver = &saver_}); }
  static std::shared_ptr<const Graph> compiled(GraphBuilder builder) { return *std::move(builder).compile(); }

  SteadyClock clock_;
  LockedRng rng_{3};
  MemorySaver saver_;
  std::unique_ptr<exec::Pool> pool_;  // Last: it waits for nodes that were abandoned.
};

TEST_F(OnAPool, ANodeThatHangsIsLeftAloneAndItsLateResultDropped) {
  std::latch released(1);
  std::atomic<bool> told = false;
  std::atomic<int> late = 0;
  GraphBuilder builder({append("log")});
  builder.node(
      "hangs",
      [&](const State& state, Context& context) -> Result<Command> {
        released.wait();
        told = context.stop().stop_requested();
        context.custom("too late");
        ++late;
        return Command{{"log", Array{Value(state.list("log"))}}};
      },
      {.timeout = std::chrono::milliseconds(1), .fallback = [](const State&, const Error& error) -> Result<Command> {
         return Command{{"log", Array{Value(name(error.code))}}};
       }});
  builder.node("other", logs("other")).node("next", logs("next"));
  builder.edge(kStart, "hangs").edge(kStart, "other").edge("hangs", "next");
  std::vector<std::string> heard;
  RunOptions options;
  options.listening = {Stream::kCustom, [&](const Event& event) { heard.push_back(text(event.data)); }};
  const auto result = engine().run(compiled(std::move(builder)), Input::values({}), options);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(text(result->values), R"({"log":["deadline_exceeded","other","next"]})");
  EXPECT_EQ(late.load(), 0);
  released.count_down();
  pool_.reset();  // Joins it.
  EXPECT_EQ(late.load(), 1);
  EXPECT_TRUE(told.load());
  EXPECT_TRUE(heard.empty());
}

TEST_F(OnAPool, ANodeThatIsToldToStopRanOutOfTime) {
  GraphBuilder builder({append("log")});
  builder.node("obeys",
               [](const State&, Context& context) -> Result<Command> {
                 std::latch told(1);
                 const std::stop_callback tell(context.stop(), [&told] { told.count_down(); });
                 told.wait();
                 return Error{Code::kCancelled, "I was told to stop"};
               },
               {.timeout = std::chrono::milliseconds(1)});
  builder.edge(kStart, "obeys");
  const auto result = engine().run(compiled(std::move(builder)), Input::values({}), {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kDeadlineExceeded);
}

TEST_F(OnAPool, ASubgraphThatHangsIsLeftAloneAndSavesNothingLate) {
  std::latch released(1);
  GraphBuilder inner({append("log")});
  inner.node("hangs", [&](const State&, Context&) -> Result<Command> {
    released.wait();
    return Command{{"log", Array{"late"}}};
  });
  inner.edge(kStart, "hangs");
  GraphBuilder outer({append("log")});
  outer.subgraph("worker", compiled(std::move(inner)), {}, {.timeout = std::chrono::milliseconds(1)});
  outer.edge(kStart, "worker");
  RunOptions options;
  options.thread = "t";
  const auto graph = compiled(std::move(outer));
  const auto result = engine().run(graph, Input::values({}), options);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kDeadlineExceeded);
  released.count_down();
  pool_.reset();
  ListFilter all;
  all.thread = "t";
  for (const SavedCheckpoint& one : *saver_.list(all, {})) EXPECT_EQ(one.checkpoint.source, Source::kInput);
}

TEST_F(OnAPool, MaxConcurrencyBoundsWhatRunsAtOnce) {
  std::atomic<int> now = 0;
  std::atomic<int> most = 0;
  GraphBuilder builder({append("log")});
  builder.node("work", [&](const State&, Context&) -> Result<Command> {
    const int here = ++now;
    for (int seen = most; here > seen && !most.compare_exchange_weak(seen, here);) {
    }
    std::this_thread::yield();
    --now;
    return Command();
  });
  builder.route(kStart,
                [](const State&) -> Result<Route> { return Route{.sends = std::vector<Send>(200, {"work", {}})}; });
  RunOptions options;
  options.max_concurrency = 2;
  const auto graph = compiled(std::move(builder));
  ASSERT_TRUE(engine().run(graph, Input::values({}), options));
  EXPECT_LE(most.load(), 2);
  options.deadline = Deadline::in(std::chrono::hours(1), clock_);  // Watched runs as well.
  ASSERT_TRUE(engine().run(graph, Input::values({}), options));
  EXPECT_LE(most.load(), 2);
}

TEST_F(OnAPool, SubgraphsInsideSubgraphsDoNotStarve) {
  std::shared_ptr<const Graph> graph;
  for (int level = 0; level < 4; ++level) {
    GraphBuilder builder({append("log")});
    for (const char* name : {"a", "b", "c"}) {
      if (graph == nullptr) builder.node(name, logs(name));
      if (graph != nullptr) builder.subgraph(name, graph);
      builder.edge(kStart, name);
    }
    graph = compiled(std::move(builder));
  }
  RunOptions options;
  options.deadline = Deadline::in(std::chrono::hours(1), clock_);
  const auto result = engine().run(graph, Input::values({}), options);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->values.at("log").as_array().size(), 81U);
}

// E1. A node's whole behaviour follows from its name and what it sees, so any two runs must be equal.
class RandomGraph {
 public:
  explicit RandomGraph(std::uint64_t seed) : seed_(seed) {}

  std::shared_ptr<const Graph> make() const {
    SeededRng rng(seed_);
    const std::uint64_t nodes = 2 + rng.next() % 6;
    GraphBuilder builder({append("log"), messages(), any("newest"), fold("mix", mixes, 1)});
    for (std::uint64_t i = 0; i < nodes; ++i) {
      builder.node(name(i), [seed = rng.next(), nodes](const State& state, Context& context) -> Result<Command> {
        return act(seed, nodes, state, context);
      });
      builder.edge(name(i), i + 1 < nodes ? name(i + 1) : std::string(kEnd));
    }
    if (nodes > 3) builder.join({name(0), name(2)}, name(3));
    builder.edge(kStart, name(0)).edge(kStart, name(rng.next() % nodes));
    return *std::move(builder).compile();
  }

 private:
  static std::string name(std::uint64_t i) { return std::string(1, static_cast<char>('a' + (i * 5) % 26)); }
  // Neither commutative nor tolerant of a lost or doubled write.
  static Result<Value> mixes(const Value& a, const Value& b) {
    return Value((a.as_int64() * 31 + b.as_int64()) % 1'000'003);
  }
  static Result<Command> act(std::uint64_t seed, std::uint64_t nodes, const State& state, Context& context) {
    SeededRng rng(seed ^ (state.list("log").size() * 977));
    if (rng.next() % 4 == 0) std::this_thread::yield();  // More would take for ever beside other busy processes.
    Command command(Update{{"log", Array{Value(std::string(context.node()))}},
                           {"mix", static_cast<std::int64_t>(rng.next() % 1000)},
                           {"newest", Value(std::string(context.node()))},
                           {"messages", Array{Object{{"from", std::string(context.node())}}}}});
    if (context.remaining_steps() < 15) return command;
    if (rng.next() % 2 == 0) command.next.push_back(name(rng.next() % nodes));
    if (rng.next() % 3 == 0) command.sends.push_back({name(rng.next() % nodes), {{"log", Array{1, 2, 3}}}});
    return command;
  }

  std::uint64_t seed_;
};

std::pair<std::string, std::vector<std::string>> trace(const Engine& engine, const std::shared_ptr<const Graph>& graph,
                                                       std::size_t concurrency, const std::string& thread) {
  std::vector<std::string> heard;
  RunOptions options;
  options.thread = thread;
  options.max_concurrency = concurrency;
  options.listening = {Stream::kValues | Stream::kUpdates | Stream::kTasks,
                       [&](const Event& event) { heard.push_back(event.node + to_text(event.data)); }};
  const auto result = engine.run(graph, Input::values({}), options);
  return {result ? to_text(result->values) : result.error().message, heard};
}

TEST_F(OnAPool, E1_AnyScheduleGivesTheSameResultAndStream) {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    const auto graph = RandomGraph(seed).make();
    MemorySaver other;
    const Engine sequential(Seams{.clock = clock_, .rng = rng_, .saver = &other});
    const auto expected = trace(sequential, graph, 0, "t" + std::to_string(seed));
    for (const std::size_t concurrency : {0U, 1U, 3U}) {
      ASSERT_TRUE(saver_.delete_thread("t" + std::to_string(seed), {}));
      EXPECT_EQ(trace(engine(), graph, concurrency, "t" + std::to_string(seed)), expected) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace docmind::graph
