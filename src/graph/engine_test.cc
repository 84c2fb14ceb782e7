#include "graph/engine.h"

#include <atomic>

#include "graph/testing/bench_of_graphs.h"

namespace docmind::graph {
namespace {

using testing::logs;
using testing::text;

class Running : public testing::EngineTest {
 protected:
  Result<RunResult> run(const std::shared_ptr<const Graph>& graph, Object input = {}, RunOptions options = {}) {
    return engine_.run(graph, Input::values(std::move(input)), std::move(options));
  }
};

TEST_F(Running, AChainRunsInOrderAndCountsItsSteps) {
  GraphBuilder builder({append("log")});
  builder.node("a", logs("a")).node("b", logs("b")).node("c", logs("c"));
  builder.edge(kStart, "a").edge("a", "b").edge("b", "c").edge("c", kEnd);
  const RunResult result = must(run(compiled(std::move(builder)), {{"log", Array{"in"}}}));
  EXPECT_EQ(text(result.values), R"({"log":["in","a","b","c"]})");
  EXPECT_EQ(result.steps, 3U);
  EXPECT_TRUE(result.next.empty());
  EXPECT_TRUE(result.checkpoint.empty());  // No thread was named.
}

TEST_F(Running, AnIntegerIsReadWhicheverWayItWasWritten) {
  const Object values{{"signed", -3}, {"unsigned", 3U}, {"huge", 18446744073709551615ULL}, {"text", "3"}};
  const State state(values);
  EXPECT_EQ(state.integer("signed"), -3);
  EXPECT_EQ(state.integer("unsigned"), 3);
  EXPECT_EQ(state.integer("huge"), 0);
  EXPECT_EQ(state.integer("text"), 0);
}

TEST_F(Running, WritesOfOneStepAreInvisibleToItsOtherNodes) {
  GraphBuilder builder({last("n", Type::kInteger), append("seen")});
  builder.node("writer", [](const State&, Context&) -> Result<Command> { return Command{{"n", 2}}; });
  const auto reads = [](const State& state, Context&) -> Result<Command> {
    return Command{{"seen", Array{state.integer("n")}}};
  };
  builder.node("same_step", reads).node("next_step", reads);
  builder.edge(kStart, "writer").edge(kStart, "same_step").edge("writer", "next_step");
  const RunResult result = must(run(compiled(std::move(builder)), {{"n", 1}}));
  EXPECT_EQ(text(result.values.at("seen")), "[1,2]");
}

TEST_F(Running, NodesOfAStepApplyByNameThenSendsInTheirOrder) {
  GraphBuilder builder({append("log")});
  builder.node("first", [](const State&, Context&) -> Result<Command> {
    Command command;
    command.next = {"z", "b"};
    command.sends = {{"echo", {{"word", "send 0"}}}, {"a", {}}, {"echo", {{"word", "send 2"}}}};
    return command;
  });
  builder.node("z", logs("z")).node("b", logs("b")).node("a", logs("a"));
  builder.node("echo",
               [](const State& state, Context&) -> Result<Command> { return Command{{"log", Array{state["word"]}}}; });
  builder.edge(kStart, "first");
  const RunResult result = must(run(compiled(std::move(builder))));
  EXPECT_EQ(text(result.values), R"({"log":["b","z","send 0","a","send 2"]})");
  EXPECT_EQ(result.steps, 2U);
}

TEST_F(Running, ANodeCalledForTwiceRunsOnce) {
  GraphBuilder builder({append("log")});
  builder.node("a", logs("a")).node("b", logs("b")).node("end", logs("end"));
  builder.edge(kStart, "a").edge(kStart, "b").edge("a", "end").edge("b", "end").edge("a", "end");
  EXPECT_EQ(text(must(run(compiled(std::move(builder)))).values), R"({"log":["a","b","end"]})");
}

TEST_F(Running, AJoinWaitsForAllAndStartsAnew) {
  GraphBuilder builder({append("log")});
  builder.node("short", logs("short")).node("long1", logs("long1")).node("long2", logs("long2"));
  builder.node("joined", logs("joined"));
  builder.edge(kStart, "short").edge(kStart, "long1").edge("long1", "long2");
  builder.join({"short", "long2"}, "joined");
  builder.route("joined", [](const State& state) -> Result<Route> {
    if (state.list("log").size() < 6) return Route{.next = {"short", "long1"}};
    return Route{.next = {std::string(kEnd)}};
  });
  EXPECT_EQ(text(must(run(compiled(std::move(builder)))).values),
            R"({"log":["long1","short","long2","joined","long1","short","long2","joined"]})");
}

TEST_F(Running, ARouteSeesItsOwnNodesWritesAndNobodyElses) {
  GraphBuilder builder(
      {fold(
           "sum", [](const Value& a, const Value& b) -> Result<Value> { return Value(a.as_int64() + b.as_int64()); }, 0,
           Type::kInteger),
       append("log")});
  const auto adds = [](std::int64_t n) -> Node {
    return [n](const State&, Context&) -> Result<Command> { return Command{{"sum", n}}; };
  };
  builder.node("one", adds(1)).node("ten", adds(10)).node("saw1", logs("saw1")).node("saw10", logs("saw10"));
  const Router by_sum = [](const State& state) -> Result<Route> {
    return Route{.next = {"saw" + std::to_string(state.integer("sum"))}};
  };
  builder.route("one", by_sum).route("ten", by_sum).edge(kStart, "one").edge(kStart, "ten");
  EXPECT_EQ(text(must(run(compiled(std::move(builder)))).values), R"({"log":["saw1","saw10"],"sum":11})");
}

TEST_F(Running, ACommandGoesWhereItSaysBesidesTheEdges) {
  GraphBuilder builder({append("log")});
  builder.node("a", [](const State&, Context&) -> Result<Command> {
    Command command(Update{{"log", Array{"a"}}});
    command.next = {"called", std::string(kEnd)};
    return command;
  });
  builder.node("by_edge", logs("by_edge")).node("called", logs("called")).edge(kStart, "a").edge("a", "by_edge");
  EXPECT_EQ(text(must(run(compiled(std::move(builder)))).values), R"({"log":["a","by_edge","called"]})");
}

TEST_F(Running, AnEphemeralValueLivesForOneStep) {
  GraphBuilder builder({ephemeral("now"), append("log")});
  const auto sees = [](const State& state, Context&) -> Result<Command> {
    return Command{{"log", Array{state["now"]}}};
  };
  builder.node("a", sees).node("b", sees).edge(kStart, "a").edge("a", "b");
  EXPECT_EQ(text(must(run(compiled(std::move(builder)), {{"now", 7}})).values.at("log")), "[7,null]");
}

TEST_F(Running, S25_TwoWritersOfALastValueAreATypedError) {
  GraphBuilder builder({last("n"), append("log")});
  const auto writes = [](const State&, Context&) -> Result<Command> { return Command{{"n", 1}}; };
  builder.node("a", writes).node("b", writes).edge(kStart, "a").edge(kStart, "b");
  const Result<RunResult> result = run(compiled(std::move(builder)));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kConflict);
  EXPECT_NE(result.error().message.find("'n'"), std::string::npos);
}

TEST_F(Running, S25_WithAReducerWritersAreOrderedByPath) {
  GraphBuilder builder({append("log"), any("newest")});
  const auto writes = [](const char* name) -> Node {
    return
        [name](const State&, Context&) -> Result<Command> { return Command{{"log", Array{name}}, {"newest", name}}; };
  };
  builder.node("beta", writes("beta")).node("alpha", writes("alpha")).edge(kStart, "beta").edge(kStart, "alpha");
  EXPECT_EQ(text(must(run(compiled(std::move(builder)))).values), R"({"log":["alpha","beta"],"newest":"beta"})");
}

TEST_F(Running, S10_MetadataReachesNodesAndSubgraphs) {
  GraphBuilder inner({append("log")});
  const auto tells = [](const State&, Context& context) -> Result<Command> {
    return Command{{"log", Array{context.metadata().at("user")}}};
  };
  inner.node("inside", tells).edge(kStart, "inside");
  GraphBuilder outer({append("log")});
  outer.node("outside", tells).subgraph("worker", compiled(std::move(inner)));
  outer.edge(kStart, "outside").edge("outside", "worker");
  RunOptions options;
  options.metadata = {{"user", "王芳"}};
  EXPECT_EQ(text(must(run(compiled(std::move(outer)), {}, options)).values), R"({"log":["王芳","王芳"]})");
}

TEST_F(Running, S21_TwoSendsRunInOneStepAndEachSeesItsOwnCall) {
  GraphBuilder builder({messages(), append("seen")});
  builder.node("supervisor", [](const State& state, Context&) -> Result<Command> {
    Command command;
    if (!state.list("seen").empty()) return command;
    for (const char* call : {"research", "math"}) {
      command.sends.push_back({"worker", {{"messages", Array{Object{{"id", call}, {"call", call}}}}}});
    }
    return command;
  });
  builder.node("worker", [](const State& state, Context& context) -> Result<Command> {
    EXPECT_EQ(context.remaining_steps(), 23U);
    return Command{{"seen", Array{Value(state.list("messages"))}}};
  });
  builder.edge(kStart, "supervisor").edge("worker", "supervisor");
  const RunResult result = must(run(compiled(std::move(builder))));
  EXPECT_EQ(result.steps, 3U);
  EXPECT_EQ(text(result.values.at("seen")), R"([[{"id":"research","call":"research"}],[{"id":"math","call":"math"}]])");
}

TEST_F(Running, S26_ACommandToTheParentLeavesTheSubgraph) {
  GraphBuilder inner({append("log"), last("left")});
  inner.node("leave", [](const State&, Context&) -> Result<Command> {
    Command command(Update{{"left", "through the middle"}});
    command.scope = Scope::kParent;
    command.next = {"other"};
    return command;
  });
  inner.node("never", logs("never")).edge(kStart, "leave").edge("leave", "never");
  GraphBuilder outer({append("log"), last("left")});
  outer.subgraph("team", compiled(std::move(inner))).node("other", logs("other")).edge(kStart, "team");
  EXPECT_EQ(text(must(run(compiled(std::move(outer)))).values), R"({"log":["other"],"left":"through the middle"})");
}

TEST_F(Running, ACommandToAParentThatIsNotThereIsAnError) {
  GraphBuilder builder({append("log")});
  builder.node("a", [](const State&, Context&) -> Result<Command> {
    Command command;
    command.scope = Scope::kParent;
    return command;
  });
  builder.edge(kStart, "a");
  EXPECT_EQ(run(compiled(std::move(builder))).error().code, Code::kInvalidArgument);
}

TEST_F(Running, ASubgraphGivesBackTheOrderOfMessagesToo) {
  const auto ordered = [this](const std::vector<std::string>& inside) {
    GraphBuilder inner({messages()});
    inner.node("work", [inside](const State&, Context&) -> Result<Command> {
      Array all{remove_all_messages()};
      for (const std::string& id : inside) all.push_back(Object{{"id", id}});
      return Command{{"messages", std::move(all)}};
    });
    inner.edge(kStart, "work");
    GraphBuilder outer({messages()});
    outer.subgraph("worker", compiled(std::move(inner))).edge(kStart, "worker");
    const Object input{{"messages", Array{Object{{"id", "a"}}, Object{{"id", "b"}}, Object{{"id", "c"}}}}};
    std::vector<std::string> out;
    const RunResult result = must(run(compiled(std::move(outer)), input));
    for (const Value& message : result.values.at("messages").as_array()) {
      out.emplace_back(message.at("id").as_string());
    }
    return out;
  };
  using Ids = std::vector<std::string>;
  for (const Ids& ids : {Ids{"a", "b", "c"}, Ids{}, Ids{"summary", "c"}, Ids{"c", "a"}, Ids{"a", "new", "b", "c"},
                         Ids{"b", "c", "x", "y"}, Ids{"c", "b", "a"}}) {
    EXPECT_EQ(ordered(ids), ids);
  }
}

TEST_F(Running, MessagesOfAnUnsavedRunMayBeTheInputOfAnother) {
  GraphBuilder builder({messages()});
  builder.node("a", [](const State&, Context&) -> Result<Command> {
    return Command{{"messages", Array{Object{{"text", "answer"}}}}};
  });
  builder.edge(kStart, "a");
  const auto graph = compiled(std::move(builder));
  Value talk = Array{};
  for (const std::size_t length : {2U, 4U, 6U}) {
    talk.as_array().push_back(Object{{"text", "question"}});
    talk = must(run(graph, {{"messages", talk}})).values.at("messages");
    EXPECT_EQ(talk.as_array().size(), length);
  }
}

TEST_F(Running, ASubgraphsBorderMayBeAmended) {
  GraphBuilder inner({append("log"), last("mode"), last("hidden")});
  inner.node("work", [](const State& state, Context&) -> Result<Command> {
    EXPECT_FALSE(state.has("hidden"));
    EXPECT_EQ(state.text("mode"), "given");
    return Command{{"log", Array{"inner"}}, {"mode", "done"}, {"hidden", "not for you"}};
  });
  inner.edge(kStart, "work");
  SubgraphOptions how;
  how.input = [](const State& parent, Object by_name) -> Result<Object> {
    EXPECT_EQ(parent.text("hidden"), "secret");
    by_name.erase("hidden");
    by_name["mode"] = "given";
    return by_name;
  };
  how.output = [](const State& outcome, Update by_name) -> Result<Update> {
    EXPECT_EQ(outcome.text("hidden"), "not for you");
    Update kept;
    for (const Write& write : by_name.writes()) {
      if (write.channel != "hidden") kept.set(write.channel, write.value, write.mode);
    }
    return std::move(kept.set("log", Array{"amended"}));
  };
  GraphBuilder outer({append("log"), last("mode"), last("hidden")});
  outer.subgraph("worker", compiled(std::move(inner)), std::move(how)).edge(kStart, "worker");
  EXPECT_EQ(text(must(run(compiled(std::move(outer)), {{"log", Array{"outer"}}, {"hidden", "secret"}})).values),
            R"({"log":["outer","inner","amended"],"hidden":"secret","mode":"done"})");
}

TEST_F(Running, ASubgraphGivesBackWhatItAddedAndNothingTwice) {
  const auto plus = [](const Value& a, const Value& b) -> Result<Value> { return Value(a.as_int64() + b.as_int64()); };
  const auto channels = [&]() -> std::vector<Channel> {
    return {append("log"), messages(), fold("sum", plus, 0), last("mode"), last("untouched")};
  };
  GraphBuilder inner(channels());
  inner.node("work", [](const State& state, Context&) -> Result<Command> {
    EXPECT_EQ(state.list("log").size(), 1U);
    EXPECT_EQ(state.integer("sum"), 0);
    return Command{{"log", Array{"inner"}},
                   {"messages", Array{remove_message("a"), Object{{"id", "b"}, {"text", "new"}}, Object{{"id", "c"}}}},
                   {"sum", 2},
                   {"mode", "done"}};
  });
  inner.edge(kStart, "work");
  GraphBuilder outer(channels());
  outer.subgraph("worker", compiled(std::move(inner))).edge(kStart, "worker");
  const RunResult result = must(
      run(compiled(std::move(outer)), {{"log", Array{"outer"}},
                                       {"messages", Array{Object{{"id", "a"}}, Object{{"id", "b"}, {"text", "old"}}}},
                                       {"sum", 5},
                                       {"untouched", "as it was"}}));
  EXPECT_EQ(text(result.values.at("log")), R"(["outer","inner"])");
  EXPECT_EQ(text(result.values.at("messages")), R"([{"id":"b","text":"new"},{"id":"c"}])");
  EXPECT_EQ(result.values.at("sum").as_int64(), 7);
  EXPECT_EQ(text(result.values.at("mode")), R"("done")");
  EXPECT_EQ(text(result.values.at("untouched")), R"("as it was")");
}

TEST_F(Running, TheRecursionLimitIsAClearError) {
  GraphBuilder builder({last("n", Type::kInteger)});
  builder.node("loop",
               [](const State& state, Context&) -> Result<Command> { return Command{{"n", state.integer("n") + 1}}; });
  builder.edge(kStart, "loop").edge("loop", "loop");
  const auto graph = compiled(std::move(builder));
  const Result<RunResult> result = run(graph, {}, on("t"));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kResourceExhausted);
  EXPECT_NE(result.error().message.find("25 supersteps"), std::string::npos) << result.error().message;
  EXPECT_EQ(at(*graph, "t").values.at("n").as_int64(), 25);  // What was done stays.
  RunOptions none;
  none.recursion_limit = 0;
  EXPECT_EQ(run(graph, {}, none).error().code, Code::kInvalidArgument);
}

TEST_F(Running, HostileWritesAreRefused) {
  const auto refused = [&](Update update) {
    GraphBuilder builder({last("n", Type::kInteger), append("log"), messages()});
    builder.node("a", [update](const State&, Context&) -> Result<Command> { return Command(update); });
    builder.edge(kStart, "a");
    const Result<RunResult> result = run(compiled(std::move(builder)));
    return !result && result.error().code == Code::kInvalidArgument && !result.error().hint.empty();
  };
  Value deep = 1;
  for (int i = 0; i < 100; ++i) deep = Value(Array{std::move(deep)});
  EXPECT_TRUE(refused({{"no such channel", 1}}));
  EXPECT_TRUE(refused({{"n", "text"}}));
  EXPECT_TRUE(refused({{"log", "not a list"}}));
  EXPECT_TRUE(refused({{"log", deep}}));
  EXPECT_TRUE(refused({{"messages", Array{"no object"}}}));
  EXPECT_TRUE(refused({{"messages", Array{Object{{"id", 7}}}}}));
  EXPECT_TRUE(refused({{"messages", Array{Object{{"id", ""}}}}}));
  EXPECT_TRUE(refused({{"messages", Array{remove_message("unknown")}}}));
  EXPECT_FALSE(refused({{"n", nullptr}}));
}

TEST_F(Running, ADestinationThatIsNotThereIsAnError) {
  GraphBuilder builder({append("log")});
  builder.node("a", logs("a")).edge(kStart, "a");
  builder.route("a", [](const State&) -> Result<Route> { return Route{.sends = {{"nobody", {}}}}; });
  const Result<RunResult> result = run(compiled(std::move(builder)));
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("'nobody'"), std::string::npos);
}

TEST_F(Running, ANodeOrRouteThatThrowsIsAnError) {
  GraphBuilder node({append("log")});
  node.node("a", [](const State&, Context&) -> Result<Command> { throw std::runtime_error("out of cheese"); });
  node.edge(kStart, "a");
  const Result<RunResult> thrown = run(compiled(std::move(node)));
  ASSERT_FALSE(thrown);
  EXPECT_EQ(thrown.error().code, Code::kInternal);
  EXPECT_NE(thrown.error().message.find("node 'a': threw: out of cheese"), std::string::npos);
  GraphBuilder route({append("log")});
  route.node("a", logs("a")).edge(kStart, "a");
  route.route("a", [](const State&) -> Result<Route> { throw std::out_of_range("far"); });
  EXPECT_EQ(run(compiled(std::move(route))).error().code, Code::kInternal);
}

TEST(Compiling, SaysTheFirstMistake) {
  const auto mistake = [](const auto& build) {
    GraphBuilder builder({append("log")});
    builder.node("a", logs("a")).edge(kStart, "a");
    build(builder);
    const auto graph = std::move(builder).compile();
    return graph ? std::string() : graph.error().message;
  };
  EXPECT_EQ(mistake([](GraphBuilder&) {}), "");
  EXPECT_NE(mistake([](GraphBuilder& b) { b.node("a", logs("a")); }).find("two nodes"), std::string::npos);
  EXPECT_NE(mistake([](GraphBuilder& b) { b.node("__end__", logs("a")); }).find("cannot name"), std::string::npos);
  EXPECT_NE(mistake([](GraphBuilder& b) { b.node("", logs("a")); }).find("cannot name"), std::string::npos);
  EXPECT_NE(mistake([](GraphBuilder& b) { b.edge("a", "b"); }).find("'b'"), std::string::npos);
  EXPECT_NE(mistake([](GraphBuilder& b) { b.edge("b", "a"); }).find("'b'"), std::string::npos);
  EXPECT_NE(mistake([](GraphBuilder& b) { b.join({}, "a"); }).find("nothing"), std::string::npos);
  EXPECT_NE(mistake([](GraphBuilder& b) { b.join({"b"}, "a"); }).find("'b'"), std::string::npos);
  EXPECT_NE(mistake([](GraphBuilder& b) { b.node("b", {}); }).find("no function"), std::string::npos);
  EXPECT_NE(mistake([](GraphBuilder& b) { b.subgraph("b", nullptr); }).find("not there"), std::string::npos);
  GraphBuilder twice({append("log"), last("log")});
  EXPECT_FALSE(std::move(twice).compile());
  GraphBuilder no_start({append("log")});
  no_start.node("a", logs("a"));
  EXPECT_FALSE(std::move(no_start).compile());
}

TEST_F(Running, MessagesMergeByIdAndGetIds) {
  GraphBuilder builder({messages()});
  builder.node("a", [](const State&, Context&) -> Result<Command> {
    return Command{{"messages", Array{Object{{"id", "2"}, {"text", "replaced"}}, Object{{"text", "no id"}}}}};
  });
  builder.edge(kStart, "a");
  const auto graph = compiled(std::move(builder));
  const Object input{{"messages", Array{Object{{"id", "1"}}, Object{{"id", "2"}}, Object{{"id", "3"}}}}};
  const Array once = must(run(graph, input, on("t"))).values.at("messages").as_array();
  ASSERT_EQ(once.size(), 4U);
  EXPECT_EQ(text(once[1]), R"({"id":"2","text":"replaced"})");
  EXPECT_FALSE(once[3].as_object().at("id").as_string().empty());
  RunOptions again = on("t");
  again.checkpoint = history("t").back().checkpoint.id;
  EXPECT_EQ(Value(once), must(engine_.run(graph, Input::proceed(), again)).values.at("messages"));  // The same ids.
}

TEST_F(Running, RemoveAllLeavesWhatComesAfterIt) {
  GraphBuilder builder({messages()});
  builder.node("a", [](const State&, Context&) -> Result<Command> {
    return Command{{"messages", Array{Object{{"id", "x"}}, remove_all_messages(), Object{{"id", "y"}}}}};
  });
  builder.edge(kStart, "a");
  EXPECT_EQ(text(must(run(compiled(std::move(builder)), {{"messages", Array{Object{{"id", "1"}}}}})).values),
            R"({"messages":[{"id":"y"}]})");
}

TEST_F(Running, AnOverwriteGoesPastTheReducer) {
  GraphBuilder builder({append("log")});
  builder.node("a", [](const State&, Context&) -> Result<Command> {
    return Command{{"log", Array{"only"}, Mode::kOverwrite}, {"log", Array{"and this"}}};
  });
  builder.edge(kStart, "a");
  EXPECT_EQ(text(must(run(compiled(std::move(builder)), {{"log", Array{"old"}}})).values),
            R"({"log":["only","and this"]})");
}

TEST_F(Running, StreamsTellTheSameThingsInTheSameOrder) {
  GraphBuilder inner({append("log")});
  inner.node("deep", logs("deep")).edge(kStart, "deep");
  GraphBuilder outer({append("log")});
  outer.node("says", [](const State&, Context& context) -> Result<Command> {
    context.custom("half way");
    context.message("tok");
    return Command{{"log", Array{"says"}}};
  });
  outer.subgraph("worker", compiled(std::move(inner))).edge(kStart, "says").edge("says", "worker");
  std::vector<std::string> heard;
  RunOptions options = on("t");
  options.listening = {Stream::kValues | Stream::kUpdates | Stream::kCustom | Stream::kMessages, [&](const Event& e) {
                         heard.push_back(std::to_string(e.step) + " " + e.space + " " + e.node + " " + text(e.data));
                       }};
  must(run(compiled(std::move(outer)), {}, options));
  EXPECT_EQ(heard, (std::vector<std::string>{R"(-1   {"log":[]})", R"(0  says "half way")", R"(0  says "tok")",
                                             R"(0  says {"log":["says"]})", R"(0   {"log":["says"]})",
                                             R"(-1 worker  {"log":["says"]})", R"(0 worker deep {"log":["deep"]})",
                                             R"(0 worker  {"log":["says","deep"]})", R"(1  worker {"log":["deep"]})",
                                             R"(1   {"log":["says","deep"]})"}));
}

}  // namespace
}  // namespace docmind::graph
