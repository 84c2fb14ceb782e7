// Going back in a thread whose graph has subgraphs. See graph/testing/time_travel.h.
//
// Where ours differs from LangGraph on purpose: a subgraph's own checkpoints end with the step of its parent, and only
// checkpoints of the graph itself can be gone back to. So a replay or a fork of the parent runs the subgraph from its
// start (LangGraph's default, checkpointer=None), and what a subgraph shall remember from call to call (LangGraph's
// checkpointer=True) lies in a channel that it shares with its parent: there a replay finds what was true then.
#include "graph/testing/time_travel.h"

namespace docmind::graph {
namespace {

using testing::text;

class TimeTravelWithSubgraphs : public testing::TimeTravelTest {
 protected:
  // router, then a subgraph of step_a, ask, step_b, then post.
  std::shared_ptr<const Graph> with_a_question() {
    return chain({"router", "sub", "post"}, {{"sub", chain({"step_a", "ask", "step_b"})}});
  }
  // executor: step_a, ask1, ask2. All of it has been answered.
  std::shared_ptr<const Graph> with_two_questions() {
    auto graph = chain({"executor"}, {{"executor", chain({"step_a", "ask1", "ask2"})}});
    answer_both(graph);
    return graph;
  }
  // The same two levels down.
  std::shared_ptr<const Graph> three_levels() {
    const auto inner = chain({"step_a", "ask1", "ask2"});
    auto graph = chain({"outer"}, {{"outer", chain({"inner"}, {{"inner", inner}})}});
    answer_both(graph);
    return graph;
  }
  void answer_both(const std::shared_ptr<const Graph>& graph) {
    EXPECT_EQ(question(start(graph)), "ask1?0");
    EXPECT_EQ(question(resume(graph, "x")), "ask2?0");
    EXPECT_EQ(log(resume(graph, "y")), kBoth);
    called_.clear();
  }
  // Namespaces of running subgraphs.
  Names spaces() {
    Names out;
    ListFilter all;
    all.thread = "t";
    for (const SavedCheckpoint& one : *saver_.list(all, {})) {
      if (!one.place.space.empty() && std::ranges::count(out, one.place.space) == 0) out.push_back(one.place.space);
    }
    return out;
  }

  // A subgraph of one node that adds `word` to the channel `trail`.
  std::shared_ptr<const Graph> remembers(const std::string& trail, const std::string& word) {
    GraphBuilder builder({append(trail)});
    builder.node("sub_step", [this, trail, word](const State& state, Context&) -> Result<Command> {
      seen_.push_back(word + text(state[trail]));
      return Command{{trail, Array{Value(word)}}};
    });
    builder.edge(kStart, "sub_step");
    return compiled(std::move(builder));
  }
  // parent, then a subgraph that remembers.
  std::shared_ptr<const Graph> with_a_memory() {
    GraphBuilder builder({append("log"), append("trail")});
    builder.node("parent", steps("parent")).subgraph("sub", remembers("trail", "s"));
    builder.edge(kStart, "parent").edge("parent", "sub");
    return compiled(std::move(builder));
  }
  // Its subgraph remembers, and so does the one inside that.
  std::shared_ptr<const Graph> with_memories_on_three_levels() {
    GraphBuilder middle({append("trail"), append("mid_trail")});
    middle.subgraph("mid_step", remembers("mid_trail", "m")).subgraph("inner", remembers("trail", "i"));
    middle.edge(kStart, "mid_step").edge("mid_step", "inner");
    GraphBuilder builder({append("log"), append("trail"), append("mid_trail")});
    builder.node("parent", steps("parent")).subgraph("mid", compiled(std::move(middle)));
    builder.edge(kStart, "parent").edge("parent", "mid");
    return compiled(std::move(builder));
  }
  // Runs a turn; what the remembering subgraphs saw in it.
  Names turn(const std::shared_ptr<const Graph>& graph, Object input = {}) {
    seen_.clear();
    start(graph, std::move(input));
    return remembered();
  }
  Names replayed(const std::shared_ptr<const Graph>& graph, const std::string& checkpoint) {
    seen_.clear();
    replay(graph, checkpoint);
    return remembered();
  }
  Names remembered() {
    Names out;
    for (const std::string& one : seen_) {
      if (!one.starts_with("parent") && !one.starts_with("node")) out.push_back(one);
    }
    return out;
  }

  static constexpr const char* kBoth = R"(["step_a","ask1:x","ask2:y"])";
};

// ---- without interrupts ----

TEST_F(TimeTravelWithSubgraphs, subgraph_replay_from_before) {
  const auto graph = chain({"parent", "sub", "post"}, {{"sub", chain({"step_a", "step_b"})}});
  start(graph);
  EXPECT_EQ(log(replay(graph, last_before(*graph, "sub"))), R"(["parent","step_a","step_b","post"])");
  EXPECT_EQ(called_, (Names{"step_a", "step_b", "post"}));
}

TEST_F(TimeTravelWithSubgraphs, subgraph_fork_from_before) {
  const auto graph = chain({"parent", "sub", "post"}, {{"sub", chain({"step_a", "step_b"})}});
  start(graph);
  EXPECT_EQ(log(fork(graph, last_before(*graph, "sub"), "forked")), R"(["parent","forked","step_a","step_b","post"])");
  EXPECT_EQ(called_, (Names{"step_a", "step_b", "post"}));
}

TEST_F(TimeTravelWithSubgraphs, replay_creates_branch_in_subgraph) {
  const auto graph = chain({"a", "sub", "c"}, {{"sub", chain({"s1", "s2"})}});
  start(graph);
  const Names before = ids();
  replay(graph, last_before(*graph, "sub"));
  EXPECT_TRUE(kept(before));
  EXPECT_EQ(shape(*graph), (Names{R"(loop 2 ["a","s1","s2","c"])", R"(loop 1 c ["a","s1","s2"])", R"(fork 0 sub ["a"])",
                                  R"(loop 2 ["a","s1","s2","c"])", R"(loop 1 c ["a","s1","s2"])", R"(loop 0 sub ["a"])",
                                  R"(input -1 a [])"}));
  EXPECT_TRUE(spaces().empty());
}

TEST_F(TimeTravelWithSubgraphs, fork_creates_branch_in_subgraph) {
  const auto graph = chain({"a", "sub", "c"}, {{"sub", chain({"s1", "s2"})}});
  start(graph);
  const Names before = ids();
  EXPECT_EQ(log(fork(graph, last_before(*graph, "sub"), "x")), R"(["a","x","s1","s2","c"])");
  EXPECT_TRUE(kept(before));
  EXPECT_EQ(ids().size(), before.size() + 3);
}

// ---- a question inside ----

TEST_F(TimeTravelWithSubgraphs, subgraph_interrupt_replay_from_parent) {
  const auto graph = with_a_question();
  start(graph);
  EXPECT_EQ(log(resume(graph, "1st")), R"(["router","step_a","ask:1st","step_b","post"])");
  EXPECT_EQ(question(replay(graph, first_before(*graph, "sub"))), "ask?0");
  EXPECT_EQ(called_, (Names{"step_a", "ask"}));
}

// The same checkpoint: an interrupt adds none. Here the question is still open.
TEST_F(TimeTravelWithSubgraphs, subgraph_interrupt_replay_from_interrupt_checkpoint) {
  const auto graph = with_a_question();
  const std::string id = start(graph).interrupts.at(0).id;
  const RunResult again = replay(graph, at(*graph, "t").checkpoint.id);
  EXPECT_EQ(question(again), "ask?0");
  EXPECT_EQ(again.interrupts.at(0).id, id);
  EXPECT_EQ(called_, (Names{"step_a", "ask"}));
  EXPECT_EQ(spaces().size(), 1U);  // Of the new one; the old one's are gone.
}

TEST_F(TimeTravelWithSubgraphs, subgraph_interrupt_replay_from_parent_then_resume) {
  const auto graph = with_a_question();
  start(graph);
  resume(graph, "1st");
  const Names before = ids();
  replay(graph, first_before(*graph, "sub"));
  called_.clear();
  EXPECT_EQ(log(resume(graph, "2nd")), R"(["router","step_a","ask:2nd","step_b","post"])");
  EXPECT_EQ(called_, (Names{"ask", "step_b", "post"}));
  EXPECT_TRUE(kept(before));
  EXPECT_EQ(shape(*graph).at(2), R"(fork 0 sub ["router"])");
}

TEST_F(TimeTravelWithSubgraphs, subgraph_interrupt_resume_with_explicit_head_checkpoint_id) {
  const auto graph = chain({"sub"}, {{"sub", chain({"step_a", "ask", "step_b"})}});
  start(graph);
  RunOptions options = on("t");
  options.checkpoint = at(*graph, "t").checkpoint.id;
  called_.clear();
  EXPECT_EQ(log(must(engine_.run(graph, Input::resume("yes"), options))), R"(["step_a","ask:yes","step_b"])");
  EXPECT_EQ(called_, (Names{"ask", "step_b"}));
}

// LangGraph forks the subgraph's own checkpoint, and step_a does not run again; ours forks its parent's, and it does.
TEST_F(TimeTravelWithSubgraphs, subgraph_interrupt_full_flow) {
  const auto graph = with_a_question();
  start(graph);
  EXPECT_EQ(question(fork(graph, "", "forked")), "ask?0");
  EXPECT_EQ(called_, (Names{"step_a", "ask"}));
  called_.clear();
  EXPECT_EQ(log(resume(graph, "new")), R"(["router","forked","step_a","ask:new","step_b","post"])");
  EXPECT_EQ(called_, (Names{"ask", "step_b", "post"}));
}

TEST_F(TimeTravelWithSubgraphs, subgraph_interrupt_full_flow_no_sub_checkpointer) {
  const auto graph = with_a_question();
  start(graph);
  resume(graph, "original");
  EXPECT_EQ(question(fork(graph, first_before(*graph, "sub"), "forked")), "ask?0");
  EXPECT_EQ(log(resume(graph, "new")), R"(["router","forked","step_a","ask:new","step_b","post"])");
  EXPECT_TRUE(spaces().empty());
}

// LangGraph goes on from it; ours has no way to name it, and says that it is not the thread's.
TEST_F(TimeTravelWithSubgraphs, subgraph_replay_from_subgraph_checkpoint) {
  const auto graph = with_a_question();
  start(graph);
  ASSERT_EQ(spaces().size(), 1U);
  RunOptions options = on("t");
  options.checkpoint = history("t", spaces()[0])[0].checkpoint.id;
  EXPECT_EQ(engine_.run(graph, Input::proceed(), options).error().code, Code::kNotFound);
  EXPECT_EQ(engine_.edit(*graph, {.thread = "t", .checkpoint = options.checkpoint}, {}).error().code, Code::kNotFound);
  EXPECT_EQ(log(resume(graph, "yes")), R"(["router","step_a","ask:yes","step_b","post"])");  // Nothing is disturbed.
}

TEST_F(TimeTravelWithSubgraphs, subgraph_time_travel_to_first_interrupt) {
  const auto graph = with_two_questions();
  EXPECT_EQ(question(replay(graph, first_before(*graph, "executor"))), "ask1?0");
  EXPECT_EQ(called_, (Names{"step_a", "ask1"}));
}

// LangGraph can go back to the second question alone; ours asks the first again on the way to it.
TEST_F(TimeTravelWithSubgraphs, subgraph_time_travel_to_second_interrupt) {
  const auto graph = with_two_questions();
  replay(graph, first_before(*graph, "executor"));
  called_.clear();
  EXPECT_EQ(question(resume(graph, "x")), "ask2?0");
  EXPECT_EQ(called_, (Names{"ask1", "ask2"}));
}

TEST_F(TimeTravelWithSubgraphs, subgraph_time_travel_resume_from_first_interrupt) {
  const auto graph = with_two_questions();
  replay(graph, first_before(*graph, "executor"));
  EXPECT_EQ(question(resume(graph, "new1")), "ask2?0");
  EXPECT_EQ(log(resume(graph, "new2")), R"(["step_a","ask1:new1","ask2:new2"])");
}

// As before: where a second answer alone shall change, the two questions are nodes of the graph itself
// (TimeTravel.sequential_interrupts_fork_from_middle).
TEST_F(TimeTravelWithSubgraphs, subgraph_time_travel_resume_from_second_interrupt) {
  const auto graph = with_two_questions();
  replay(graph, first_before(*graph, "executor"));
  resume(graph, "x");
  called_.clear();
  EXPECT_EQ(log(resume(graph, "new2")), R"(["step_a","ask1:x","ask2:new2"])");
  EXPECT_EQ(called_, (Names{"ask2"}));  // What was answered since is not asked again.
}

TEST_F(TimeTravelWithSubgraphs, subgraph_time_travel_checkpoint_pattern) {
  const auto graph = chain({"executor"}, {{"executor", chain({"ask"})}});
  start(graph);
  resume(graph, "1st");
  const std::string before = first_before(*graph, "executor");
  replay(graph, before);
  EXPECT_EQ(at(*graph, "t").checkpoint.source, Source::kFork);
  EXPECT_EQ(at(*graph, "t").checkpoint.parent, before);
  resume(graph, "2nd");
  EXPECT_EQ(shape(*graph), (Names{R"(loop 0 ["ask:2nd"])", R"(fork -1 executor [])", R"(loop 0 ["ask:1st"])",
                                  R"(input -1 executor [])"}));
}

TEST_F(TimeTravelWithSubgraphs, subgraph_time_travel_after_completion) {
  const auto graph = with_two_questions();
  EXPECT_EQ(log(replay(graph, at(*graph, "t").checkpoint.id)), kBoth);
  EXPECT_TRUE(called_.empty());
}

// ---- three levels deep (LangGraph: 3_levels_deep_...) ----

TEST_F(TimeTravelWithSubgraphs, three_levels_deep_time_travel_to_first_interrupt) {
  const auto graph = three_levels();
  const RunResult again = replay(graph, first_before(*graph, "outer"));
  EXPECT_EQ(question(again), "ask1?0");
  EXPECT_EQ(again.interrupts.at(0).space, "outer/inner");
  EXPECT_EQ(called_, (Names{"step_a", "ask1"}));
}

TEST_F(TimeTravelWithSubgraphs, three_levels_deep_time_travel_to_second_interrupt) {
  const auto graph = three_levels();
  replay(graph, first_before(*graph, "outer"));
  called_.clear();
  EXPECT_EQ(question(resume(graph, "x")), "ask2?0");
  EXPECT_EQ(called_, (Names{"ask1", "ask2"}));
  EXPECT_EQ(log(resume(graph, "y")), kBoth);
  EXPECT_TRUE(spaces().empty());
}

// Neither the middle's checkpoints nor the innermost's can be named.
TEST_F(TimeTravelWithSubgraphs, three_levels_deep_time_travel_to_middle_subgraph) {
  const auto graph = three_levels();
  replay(graph, first_before(*graph, "outer"));
  ASSERT_EQ(spaces().size(), 2U);
  for (const std::string& space : spaces()) {
    RunOptions options = on("t");
    options.checkpoint = history("t", space).back().checkpoint.id;
    EXPECT_EQ(engine_.run(graph, Input::proceed(), options).error().code, Code::kNotFound);
  }
}

TEST_F(TimeTravelWithSubgraphs, three_levels_deep_middle_has_interrupts) {
  const auto middle = chain({"ask_first", "inner"}, {{"inner", chain({"step_a", "ask"})}});
  const auto graph = chain({"outer"}, {{"outer", middle}});
  EXPECT_EQ(question(start(graph)), "ask_first?0");
  EXPECT_EQ(question(resume(graph, "x")), "ask?0");
  EXPECT_EQ(log(resume(graph, "y")), R"(["ask_first:x","step_a","ask:y"])");
  const std::string before = first_before(*graph, "outer");
  EXPECT_EQ(question(replay(graph, before)), "ask_first?0");
  EXPECT_EQ(called_, (Names{"ask_first"}));
  EXPECT_EQ(question(fork(graph, before, "forked")), "ask_first?0");
  EXPECT_EQ(question(resume(graph, "p")), "ask?0");
  EXPECT_EQ(log(resume(graph, "q")), R"(["forked","ask_first:p","step_a","ask:q"])");
}

// ---- what can be seen ----

TEST_F(TimeTravelWithSubgraphs, get_state_with_subgraphs_returns_subgraph_state) {
  const auto graph = with_a_question();
  start(graph);
  ASSERT_EQ(spaces().size(), 1U);
  EXPECT_TRUE(spaces()[0].starts_with("sub:")) << spaces()[0];
  const auto inside = *saver_.get({"t", spaces()[0]}, "", {});
  ASSERT_TRUE(inside);
  EXPECT_EQ(inside->checkpoint.step, 0);
  EXPECT_EQ(text(inside->checkpoint.frontier.at("due")), R"([{"node":"ask"}])");
  EXPECT_EQ(at(*graph, "t").interrupts.at(0).space, "sub");  // And the parent's state has the question.
}

TEST_F(TimeTravelWithSubgraphs, checkpoint_ns_accessible_in_subgraph) {
  GraphBuilder inner({append("log")});
  std::string thread;
  inner.node("inner", [&](const State&, Context& context) -> Result<Command> {
    thread = context.thread();
    context.custom("here");
    return Command{};
  });
  inner.edge(kStart, "inner");
  const auto graph = chain({"outer"}, {{"outer", compiled(std::move(inner))}});
  RunOptions options = on("t");
  std::string space;
  options.listening = {Stream::kCustom, [&](const Event& event) { space = event.space; }};
  must(engine_.run(graph, Input::values({}), options));
  EXPECT_EQ(thread, "t");
  EXPECT_EQ(space, "outer");  // Whoever listens is told where; a node need not know.
}

// ---- what a subgraph remembers ----

TEST_F(TimeTravelWithSubgraphs, stateful_subgraph_retains_state_on_parent_replay) {
  const auto graph = with_a_memory();
  EXPECT_EQ(turn(graph), (Names{"s[]"}));
  EXPECT_EQ(turn(graph), (Names{R"(s["s"])"}));
  EXPECT_EQ(replayed(graph, last_before(*graph, "sub")), (Names{R"(s["s"])"}));  // Not what the second turn added.
}

TEST_F(TimeTravelWithSubgraphs, stateful_subgraph_retains_state_on_parent_fork) {
  const auto graph = with_a_memory();
  turn(graph), turn(graph);
  seen_.clear();
  fork(graph, last_before(*graph, "sub"), "forked");
  EXPECT_EQ(remembered(), (Names{R"(s["s"])"}));
}

TEST_F(TimeTravelWithSubgraphs, stateful_subgraph_loads_state_across_ticks) {
  GraphBuilder builder({append("log"), append("trail")});
  builder.node("node_a", steps("node_a")).node("node_b", steps("node_b")).subgraph("sub", remembers("trail", "s"));
  builder.edge(kStart, "node_a").edge("node_a", "node_b").edge("node_b", "sub");
  const auto graph = compiled(std::move(builder));
  turn(graph), turn(graph);
  EXPECT_EQ(replayed(graph, last_before(*graph, "node_a")), (Names{R"(s["s"])"}));
}

TEST_F(TimeTravelWithSubgraphs, stateful_subgraph_loads_latest_after_replay) {
  const auto graph = with_a_memory();
  turn(graph), turn(graph);
  replayed(graph, last_before(*graph, "parent"));
  EXPECT_EQ(turn(graph), (Names{R"(s["s","s"])"}));
}

TEST_F(TimeTravelWithSubgraphs, stateless_subgraph_starts_fresh_on_parent_replay) {
  GraphBuilder builder({append("log")});  // Not the subgraph's channel.
  builder.node("parent", steps("parent")).subgraph("sub", remembers("trail", "s"));
  builder.edge(kStart, "parent").edge("parent", "sub");
  const auto graph = compiled(std::move(builder));
  EXPECT_EQ(turn(graph), (Names{"s[]"}));
  EXPECT_EQ(turn(graph), (Names{"s[]"}));
  EXPECT_EQ(replayed(graph, last_before(*graph, "sub")), (Names{"s[]"}));
}

TEST_F(TimeTravelWithSubgraphs, subgraph_replay_loads_accumulated_state_then_resume) {
  GraphBuilder inner({append("log"), append("trail")});
  inner.node("ask", asks("ask")).subgraph("keep", remembers("trail", "s")).edge(kStart, "ask").edge("ask", "keep");
  GraphBuilder builder({append("log"), append("trail")});
  builder.node("parent", steps("parent")).subgraph("sub", compiled(std::move(inner)));
  builder.edge(kStart, "parent").edge("parent", "sub");
  const auto graph = compiled(std::move(builder));
  start(graph), resume(graph, "1");
  start(graph), resume(graph, "2");
  seen_.clear();
  EXPECT_EQ(question(replay(graph, last_before(*graph, "sub"))), "ask?0");
  EXPECT_EQ(log(resume(graph, "3")), R"(["parent","ask:1","parent","ask:3"])");
  EXPECT_EQ(seen_, (Names{R"(ask["s"])", R"(ask["s"])", R"(s["s"])"}));
}

TEST_F(TimeTravelWithSubgraphs, three_level_nested_subgraph_loads_state_on_replay) {
  const auto graph = with_memories_on_three_levels();
  EXPECT_EQ(turn(graph), (Names{"m[]", "i[]"}));
  EXPECT_EQ(turn(graph), (Names{R"(m["m"])", R"(i["i"])"}));
  EXPECT_EQ(replayed(graph, last_before(*graph, "mid")), (Names{R"(m["m"])", R"(i["i"])"}));
}

TEST_F(TimeTravelWithSubgraphs, three_level_nested_subgraph_loads_state_on_fork) {
  const auto graph = with_memories_on_three_levels();
  turn(graph), turn(graph);
  seen_.clear();
  fork(graph, last_before(*graph, "mid"), "forked");
  EXPECT_EQ(remembered(), (Names{R"(m["m"])", R"(i["i"])"}));
}

TEST_F(TimeTravelWithSubgraphs, replay_from_first_invocation_checkpoint) {
  const auto graph = with_a_memory();
  turn(graph), turn(graph);
  EXPECT_EQ(replayed(graph, first_before(*graph, "sub")), (Names{"s[]"}));
}

TEST_F(TimeTravelWithSubgraphs, parallel_subgraph_nodes_load_correct_state_on_replay) {
  GraphBuilder builder({append("log"), append("a_trail"), append("b_trail")});
  builder.node("parent", steps("parent"));
  builder.subgraph("sub_a", remembers("a_trail", "a")).subgraph("sub_b", remembers("b_trail", "b"));
  builder.edge(kStart, "parent").edge("parent", "sub_a").edge("parent", "sub_b");
  const auto graph = compiled(std::move(builder));
  EXPECT_EQ(turn(graph), (Names{"a[]", "b[]"}));
  EXPECT_EQ(turn(graph), (Names{R"(a["a"])", R"(b["b"])"}));
  EXPECT_EQ(replayed(graph, last_before(*graph, "parent")), (Names{R"(a["a"])", R"(b["b"])"}));
  EXPECT_EQ(turn(graph), (Names{R"(a["a","a"])", R"(b["b","b"])"}));
}

TEST_F(TimeTravelWithSubgraphs, subgraph_called_in_loop_loads_state_on_replay) {
  GraphBuilder builder({last("counter", Type::kInteger), append("trail")});
  builder.node("inc", [](const State& state, Context&) -> Result<Command> {
    return Command{{"counter", state.integer("counter") + 1}};
  });
  builder.subgraph("sub", remembers("trail", "s")).edge(kStart, "inc").edge("inc", "sub");
  builder.route("sub", [](const State& state) -> Result<Route> {
    return Route{.next = {std::string(state.integer("counter") < 2 ? std::string_view("inc") : kEnd)}};
  });
  const auto graph = compiled(std::move(builder));
  EXPECT_EQ(turn(graph, {{"counter", 0}}), (Names{"s[]", R"(s["s"])"}));
  EXPECT_EQ(turn(graph, {{"counter", 0}}), (Names{R"(s["s","s"])", R"(s["s","s","s"])"}));
  const Names loops = all_before(*graph, {"inc"});  // The second turn's middle and start, then the first's.
  ASSERT_EQ(loops.size(), 4U);
  EXPECT_EQ(replayed(graph, loops[1]), (Names{R"(s["s","s"])", R"(s["s","s","s"])"}));
  EXPECT_EQ(replayed(graph, loops[0]), (Names{R"(s["s","s","s"])"}));
}

}  // namespace
}  // namespace docmind::graph
