// Waiting for people, and going on after failures.
#include <map>

#include "graph/testing/bench_of_graphs.h"

namespace docmind::graph {
namespace {

using testing::logs;
using testing::text;

class Interrupts : public testing::EngineTest {
 protected:
  Node asks(std::string name, int questions = 1) {
    return [this, name, questions](const State&, Context& context) -> Result<Command> {
      ++calls_[name];
      Array log;
      for (int i = 0; i < questions; ++i) {
        log.push_back(DM_TRY(context.interrupt(Value(name + "?" + std::to_string(i)))));
      }
      return Command{{"log", log}};
    };
  }
  Node counts(std::string name) {
    return [this, name](const State&, Context& context) -> Result<Command> {
      ++calls_[name];
      keys_[name].push_back(context.idempotency_key("mail"));
      return Command{{"log", Array{Value(name)}}};
    };
  }
  RunResult start(const std::shared_ptr<const Graph>& graph, Object input = {}) {
    return must(engine_.run(graph, Input::values(std::move(input)), on("t")));
  }
  RunResult go(const std::shared_ptr<const Graph>& graph, const Input& input) {
    return must(engine_.run(graph, input, on("t")));
  }

  std::map<std::string, int> calls_;
  std::map<std::string, std::vector<std::string>> keys_;
};

TEST_F(Interrupts, ANodeIsResumedFromItsStart) {
  GraphBuilder builder({append("log")});
  builder.node("ask", asks("ask")).node("after", counts("after")).edge(kStart, "ask").edge("ask", "after");
  const auto graph = compiled(std::move(builder));
  const RunResult waits = start(graph);
  ASSERT_EQ(waits.interrupts.size(), 1U);
  EXPECT_EQ(text(waits.interrupts[0].question), R"("ask?0")");
  EXPECT_EQ(waits.interrupts[0].node, "ask");
  EXPECT_EQ(waits.next, (std::vector<std::string>{"ask"}));
  EXPECT_EQ(at(*graph, "t").interrupts.size(), 1U);
  const RunResult done = go(graph, Input::resume("yes"));
  EXPECT_TRUE(done.interrupts.empty());
  EXPECT_EQ(text(done.values), R"({"log":["yes","after"]})");
  EXPECT_EQ(calls_["ask"], 2);
}

TEST_F(Interrupts, MultipleInterruptsInOneNodeAreAnsweredInOrder) {
  GraphBuilder builder({append("log")});
  builder.node("ask", asks("ask", 3)).edge(kStart, "ask");
  const auto graph = compiled(std::move(builder));
  std::string id = start(graph).interrupts.at(0).id;
  for (int i = 0; i < 2; ++i) {
    const RunResult next = go(graph, Input::resume(i));
    ASSERT_EQ(next.interrupts.size(), 1U);
    EXPECT_EQ(text(next.interrupts[0].question), "\"ask?" + std::to_string(i + 1) + "\"");
    EXPECT_NE(next.interrupts[0].id, id);
    id = next.interrupts[0].id;
  }
  EXPECT_EQ(text(go(graph, Input::resume(2)).values), R"({"log":[0,1,2]})");
  EXPECT_EQ(calls_["ask"], 4);
}

TEST_F(Interrupts, ParallelOnesAreAnsweredByIdAndNobodyRunsTwice) {
  GraphBuilder builder({append("log")});
  builder.node("a", asks("a")).node("b", asks("b")).node("c", counts("c"));
  builder.edge(kStart, "a").edge(kStart, "b").edge(kStart, "c");
  const auto graph = compiled(std::move(builder));
  const RunResult waits = start(graph);
  ASSERT_EQ(waits.interrupts.size(), 2U);
  const Result<RunResult> which = engine_.run(graph, Input::resume("x"), on("t"));
  ASSERT_FALSE(which);
  EXPECT_EQ(which.error().code, Code::kInvalidArgument);
  const RunResult half = go(graph, Input::resume_by_id({{waits.interrupts[1].id, "for b"}}));
  ASSERT_EQ(half.interrupts.size(), 1U);
  EXPECT_EQ(half.interrupts[0].id, waits.interrupts[0].id);
  EXPECT_EQ(calls_["a"], 1);  // It was not asked again: nobody had answered it.
  const RunResult done = go(graph, Input::resume("for a"));
  EXPECT_EQ(text(done.values), R"({"log":["for a","for b","c"]})");
  EXPECT_EQ(calls_["b"], 2);
  EXPECT_EQ(calls_["c"], 1);
}

TEST_F(Interrupts, SwallowingOneDoesNotUndoIt) {
  GraphBuilder builder({append("log")});
  builder.node("a", [](const State&, Context& context) -> Result<Command> {
    const Result<Value> answer = context.interrupt("?");
    return Command{{"log", Array{answer ? *answer : Value("swallowed")}}};
  });
  builder.edge(kStart, "a");
  const auto graph = compiled(std::move(builder));
  EXPECT_EQ(start(graph).interrupts.size(), 1U);
  EXPECT_EQ(text(go(graph, Input::resume("heard")).values), R"({"log":["heard"]})");
}

TEST_F(Interrupts, WithoutAThreadTheyAreAnError) {
  GraphBuilder builder({append("log")});
  builder.node("a", asks("a")).edge(kStart, "a");
  EXPECT_EQ(engine_.run(compiled(std::move(builder)), Input::values({}), {}).error().code, Code::kInvalidArgument);
}

TEST_F(Interrupts, AnswersToNothingAreErrors) {
  GraphBuilder builder({append("log")});
  builder.node("a", asks("a")).edge(kStart, "a");
  const auto graph = compiled(std::move(builder));
  EXPECT_EQ(engine_.run(graph, Input::resume(1), on("t")).error().code, Code::kNotFound);
  start(graph);
  EXPECT_EQ(engine_.run(graph, Input::resume_by_id({{"nobody", 1}}), on("t")).error().code, Code::kNotFound);
  EXPECT_EQ(engine_.run(graph, Input::resume_by_id({}), on("t")).error().code, Code::kInvalidArgument);
  go(graph, Input::resume(1));
  EXPECT_EQ(engine_.run(graph, Input::resume(1), on("t")).error().code, Code::kConflict);
}

TEST_F(Interrupts, ThreeLevelsDeepTheyComeUpAndAnswersGoDown) {
  GraphBuilder lowest({append("log")});
  lowest.node("before", counts("before")).node("ask", asks("ask")).edge(kStart, "before").edge("before", "ask");
  GraphBuilder middle({append("log")});
  middle.subgraph("low", compiled(std::move(lowest))).edge(kStart, "low");
  GraphBuilder top({append("log")});
  top.subgraph("mid", compiled(std::move(middle))).edge(kStart, "mid");
  const auto graph = compiled(std::move(top));
  const RunResult waits = start(graph);
  ASSERT_EQ(waits.interrupts.size(), 1U);
  EXPECT_EQ(waits.interrupts[0].space, "mid/low");
  EXPECT_EQ(text(go(graph, Input::resume("deep")).values), R"({"log":["before","deep"]})");
  EXPECT_EQ(calls_["before"], 1);  // The inner graph went on from its own checkpoint.
  ListFilter all;
  all.thread = "t";
  for (const SavedCheckpoint& one : *saver_.list(all, {})) EXPECT_EQ(one.place.space, "");  // Its rows are gone.
}

TEST_F(Interrupts, PausesBeforeAndAfterNodes) {
  GraphBuilder builder({append("log")});
  builder.node("a", counts("a")).node("b", counts("b")).node("c", counts("c"));
  builder.edge(kStart, "a").edge("a", "b").edge("b", "c");
  const auto graph = compiled(std::move(builder));
  RunOptions options = on("t");
  options.pause_before = {"a"};
  options.pause_after = {"b"};
  EXPECT_EQ(must(engine_.run(graph, Input::values({}), options)).next, (std::vector<std::string>{"a"}));
  EXPECT_TRUE(at(*graph, "t").paused);
  EXPECT_EQ(must(engine_.run(graph, Input::proceed(), options)).next, (std::vector<std::string>{"c"}));
  EXPECT_TRUE(must(engine_.run(graph, Input::proceed(), options)).next.empty());
  EXPECT_EQ(calls_["a"] + calls_["b"] + calls_["c"], 3);
  options.pause_after = {"nobody"};
  EXPECT_EQ(engine_.run(graph, Input::values({}), options).error().code, Code::kInvalidArgument);
}

TEST_F(Interrupts, ANewInputDoesNotLoseWhatIsDue) {
  GraphBuilder builder({append("log")});
  builder.node("a", asks("a")).edge(kStart, "a");
  const auto graph = compiled(std::move(builder));
  start(graph);
  EXPECT_EQ(engine_.run(graph, Input::values({}), on("t")).error().code, Code::kConflict);
  RunOptions discard = on("t");
  discard.unfinished = Unfinished::kDiscard;
  EXPECT_EQ(must(engine_.run(graph, Input::values({{"log", Array{"new"}}}), discard)).interrupts.size(), 1U);
}

TEST_F(Interrupts, S34_WhatOthersDidIsKeptWhenOneFails) {
  GraphBuilder builder({append("log")});
  bool broken = true;
  builder.node("a", counts("a")).node("c", counts("c"));
  builder.node("b",
               [&](const State&, Context&) -> Result<Command> {
                 ++calls_["b"];
                 if (broken) return Error{Code::kUnavailable, "the model is away"};
                 return Command{{"log", Array{"b"}}};
               },
               {.retry = {.attempts = 3}});
  builder.edge(kStart, "a").edge(kStart, "b").edge(kStart, "c");
  const auto graph = compiled(std::move(builder));
  const Result<RunResult> failed = engine_.run(graph, Input::values({}), on("t"));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Code::kUnavailable);
  EXPECT_EQ(failed.error().message, "node 'b': the model is away");
  EXPECT_EQ(calls_["b"], 3);
  EXPECT_EQ(at(*graph, "t").errors, (std::vector<std::string>{"node 'b': the model is away"}));
  broken = false;
  EXPECT_EQ(text(go(graph, Input::proceed()).values), R"({"log":["a","b","c"]})");
  EXPECT_EQ(calls_["a"], 1);
  EXPECT_EQ(calls_["c"], 1);
  EXPECT_EQ(calls_["b"], 4);
}

// LangGraph's issue 9002: an error handler ran again when another node's question was answered.
TEST_F(Interrupts, AFallbackIsNotAskedAgainWhenTheThreadIsResumed) {
  GraphBuilder builder({append("log")});
  builder.node("ask", asks("ask"));
  builder.node("fails",
               [this](const State&, Context&) -> Result<Command> {
                 ++calls_["fails"];
                 return Error{Code::kInternal, "broken"};
               },
               {.fallback = [this](const State&, const Error&) -> Result<Command> {
                 ++calls_["fallback"];
                 return Command{{"log", Array{"stood in"}}};
               }});
  builder.edge(kStart, "ask").edge(kStart, "fails");
  const auto graph = compiled(std::move(builder));
  start(graph);
  EXPECT_EQ(text(go(graph, Input::resume("yes")).values), R"({"log":["yes","stood in"]})");
  EXPECT_EQ(calls_["fails"], 1);
  EXPECT_EQ(calls_["fallback"], 1);
}

TEST_F(Interrupts, S35_CancelledMidWorkerTheThreadGoesOn) {
  GraphBuilder builder({append("log")});
  std::stop_source stop;
  bool cancel = true;
  builder.node("a", counts("a")).node("b", [&](const State&, Context& context) -> Result<Command> {
    if (cancel) stop.request_stop();
    if (context.stop().stop_requested()) return Error{Code::kCancelled, "stopped"};
    return Command{{"log", Array{"b"}}};
  });
  builder.edge(kStart, "a").edge("a", "b");
  const auto graph = compiled(std::move(builder));
  RunOptions options = on("t");
  options.stop = stop.get_token();
  EXPECT_EQ(engine_.run(graph, Input::values({}), options).error().code, Code::kCancelled);
  EXPECT_EQ(text(at(*graph, "t").values), R"({"log":["a"]})");
  EXPECT_EQ(engine_.run(graph, Input::proceed(), options).error().code, Code::kCancelled);  // Still cancelled.
  cancel = false;
  EXPECT_EQ(text(go(graph, Input::proceed()).values), R"({"log":["a","b"]})");
  EXPECT_EQ(calls_["a"], 1);
}

TEST_F(Interrupts, IdempotencyKeysHoldOverRepetitionAndChangeInReplays) {
  GraphBuilder builder({append("log")});
  int failures = 1;
  builder.node("a", [&](const State&, Context& context) -> Result<Command> {
    keys_["a"].push_back(context.idempotency_key("mail"));
    keys_["other effect"].push_back(context.idempotency_key("post"));
    if (failures-- > 0) return Error{Code::kInternal, "after the mail was sent"};
    return Command();
  });
  builder.edge(kStart, "a");
  const auto graph = compiled(std::move(builder));
  EXPECT_FALSE(engine_.run(graph, Input::values({}), on("t")));
  go(graph, Input::proceed());
  RunOptions replay = on("t");
  replay.checkpoint = history("t").back().checkpoint.id;
  must(engine_.run(graph, Input::proceed(), replay));
  ASSERT_EQ(keys_["a"].size(), 3U);
  EXPECT_EQ(keys_["a"][0], keys_["a"][1]);
  EXPECT_NE(keys_["a"][0], keys_["a"][2]);
  EXPECT_NE(keys_["a"][0], keys_["other effect"][0]);
}

TEST_F(Interrupts, AnEditLeavesEphemeralValuesToWhatIsDue) {
  GraphBuilder builder({append("log"), ephemeral("now")});
  builder.node("a",
               [](const State& state, Context&) -> Result<Command> { return Command{{"log", Array{state["now"]}}}; });
  builder.edge(kStart, "a");
  const auto graph = compiled(std::move(builder));
  RunOptions options = on("t");
  options.pause_before = {"a"};
  must(engine_.run(graph, Input::values({{"now", 7}}), options));
  ASSERT_TRUE(engine_.edit(*graph, {.thread = "t", .update = {{"log", Array{"edited"}}}}, {}));
  EXPECT_EQ(text(go(graph, Input::proceed()).values.at("log")), R"(["edited",7])");
}

TEST_F(Interrupts, StorageGrowsWithWhatIsAdded) {
  GraphBuilder builder({append("log")});
  builder.node("a", logs("a")).edge(kStart, "a");
  const auto graph = compiled(std::move(builder));
  for (int turn = 0; turn < 500; ++turn) start(graph, {{"log", Array{"question"}}});
  std::size_t items = 0;
  const auto last = *saver_.get({"t", ""}, "", {});
  for (const Piece& piece : last->channels.at("log")) items += piece.value.as_array().size();
  EXPECT_EQ(items, 1000U);
  EXPECT_LE(last->channels.at("log").size(), 600U);
  EXPECT_LE(saver_.pieces(), 1100U);
}

}  // namespace
}  // namespace docmind::graph
