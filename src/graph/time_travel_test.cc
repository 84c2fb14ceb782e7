// Going back in a thread: replays and forks of a graph without subgraphs. See graph/testing/time_travel.h.
#include "graph/testing/time_travel.h"

namespace docmind::graph {
namespace {

using testing::text;

class TimeTravel : public testing::TimeTravelTest {
 protected:
  // A thread that has come to its end.
  std::shared_ptr<const Graph> done(const Names& names) {
    auto graph = chain(names);
    start(graph);
    return graph;
  }
  // One that asked between a and b, was answered "1st", and has come to its end.
  std::shared_ptr<const Graph> asked() {
    auto graph = chain({"a", "ask", "b"});
    EXPECT_EQ(question(start(graph)), "ask?0");
    EXPECT_EQ(log(resume(graph, "1st")), R"(["a","ask:1st","b"])");
    return graph;
  }
};

// ---- basics ----

TEST_F(TimeTravel, replay_reruns_nodes_after_checkpoint) {
  const auto graph = done({"a", "b"});
  EXPECT_EQ(log(replay(graph, last_before(*graph, "b"))), R"(["a","b"])");
  EXPECT_EQ(called_, (Names{"b"}));
}

TEST_F(TimeTravel, replay_from_final_checkpoint_is_noop) {
  const auto graph = done({"a"});
  const Names before = ids();
  EXPECT_EQ(log(replay(graph, at(*graph, "t").checkpoint.id)), R"(["a"])");
  EXPECT_TRUE(called_.empty());
  EXPECT_EQ(ids(), before);
}

TEST_F(TimeTravel, replay_does_not_repeat_side_effects_before_it) {
  const auto graph = done({"a", "b"});
  replay(graph, last_before(*graph, "b"));
  EXPECT_EQ(keys_["a"].size(), 1U);
  ASSERT_EQ(keys_["b"].size(), 2U);
  EXPECT_NE(keys_["b"][0], keys_["b"][1]);  // Done on purpose, so whoever carries it out does it once more.
}

TEST_F(TimeTravel, replay_from_the_input_reruns_everything) {
  const auto graph = chain({"a", "b"});
  start(graph, {{"log", Array{"in"}}});
  EXPECT_EQ(log(replay(graph, ids().back())), R"(["in","a","b"])");
  EXPECT_EQ(called_, (Names{"a", "b"}));
}

TEST_F(TimeTravel, replay_of_a_replay) {
  const auto graph = done({"a", "b", "c"});
  replay(graph, first_before(*graph, "b"));
  const std::string copy = all_before(*graph, {"b"}).front();
  EXPECT_NE(copy, first_before(*graph, "b"));
  EXPECT_EQ(log(replay(graph, copy)), R"(["a","b","c"])");
  EXPECT_EQ(called_, (Names{"b", "c"}));
  EXPECT_EQ(all_before(*graph, {"b"}).size(), 3U);
}

TEST_F(TimeTravel, fork_reruns_with_modified_state) {
  const auto graph = done({"a", "b"});
  EXPECT_EQ(log(fork(graph, last_before(*graph, "b"), "x")), R"(["a","x","b"])");
  EXPECT_EQ(called_, (Names{"b"}));
}

TEST_F(TimeTravel, multiple_forks_from_same_checkpoint) {
  const auto graph = done({"a", "b"});
  const std::string before_b = last_before(*graph, "b");
  const RunResult first = fork(graph, before_b, "fork1");
  const RunResult second = fork(graph, before_b, "fork2");
  EXPECT_EQ(log(first), R"(["a","fork1","b"])");
  EXPECT_EQ(log(second), R"(["a","fork2","b"])");
  EXPECT_EQ(text(at(*graph, "t", first.checkpoint).values.at("log")), log(first));
}

TEST_F(TimeTravel, fork_as_node_follows_its_edges) {
  const auto graph = asked();
  edit(*graph, first_before(*graph, "ask"), {{"log", Array{"by hand"}}}, "ask");
  EXPECT_EQ(at(*graph, "t").next, (Names{"b"}));
  called_.clear();
  EXPECT_EQ(log(proceed(graph)), R"(["a","by hand","b"])");
  EXPECT_EQ(called_, (Names{"b"}));
}

TEST_F(TimeTravel, fork_as_a_node_that_is_not_there) {
  const auto graph = done({"a"});
  const auto made = engine_.edit(*graph, {.thread = "t", .as_node = "nobody"}, {});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Code::kInvalidArgument);
}

TEST_F(TimeTravel, fork_as_the_last_node_ends_the_thread) {
  const auto graph = done({"a", "b"});
  edit(*graph, last_before(*graph, "b"), {{"log", Array{"by hand"}}}, "b");
  EXPECT_TRUE(at(*graph, "t").next.empty());
  called_.clear();
  EXPECT_EQ(log(proceed(graph)), R"(["a","by hand"])");
  EXPECT_TRUE(called_.empty());
}

TEST_F(TimeTravel, fork_of_a_finished_thread_revives_it) {
  const auto graph = done({"a", "b"});
  edit(*graph, "", {{"log", Array{"again"}}}, "a");
  EXPECT_EQ(log(proceed(graph)), R"(["a","b","again","b"])");
}

TEST_F(TimeTravel, input_after_an_old_checkpoint_is_a_branch) {
  const auto graph = done({"a"});
  const std::string first = ids().front();
  start(graph, {{"log", Array{"2nd turn"}}});
  const Names before = ids();
  RunOptions options = on("t");
  options.checkpoint = first;
  const RunResult result = must(engine_.run(graph, Input::values({{"log", Array{"other"}}}), options));
  EXPECT_EQ(log(result), R"(["a","other","a"])");
  EXPECT_TRUE(kept(before));
  EXPECT_EQ(log(start(graph, {{"log", Array{"3rd"}}})), R"(["a","other","a","3rd","a"])");
}

TEST_F(TimeTravel, unknown_checkpoints_are_not_found) {
  const auto graph = done({"a"});
  RunOptions options = on("t");
  options.checkpoint = "nothing";
  EXPECT_EQ(engine_.run(graph, Input::proceed(), options).error().code, Code::kNotFound);
  EXPECT_EQ(engine_.run(graph, Input::values({}), options).error().code, Code::kNotFound);
  EXPECT_EQ(engine_.edit(*graph, {.thread = "t", .checkpoint = "nothing"}, {}).error().code, Code::kNotFound);
  EXPECT_EQ(engine_.run(graph, Input::proceed(), on("other")).error().code, Code::kNotFound);
  EXPECT_FALSE(*engine_.state(*graph, "other", "", {}));
}

TEST_F(TimeTravel, a_changed_graph_says_so) {
  const auto graph = done({"a"});
  const auto other = chain({"else"});
  RunOptions options = on("t");
  options.checkpoint = ids().back();
  EXPECT_EQ(engine_.run(other, Input::proceed(), options).error().code, Code::kConflict);
}

// ---- interrupts ----

TEST_F(TimeTravel, replay_from_before_interrupt_refires) {
  const auto graph = asked();
  const RunResult again = replay(graph, first_before(*graph, "ask"));
  EXPECT_EQ(question(again), "ask?0");
  EXPECT_EQ(log(again), R"(["a"])");
  EXPECT_EQ(called_, (Names{"ask"}));
}

TEST_F(TimeTravel, replay_from_before_interrupt_then_resume) {
  const auto graph = asked();
  const Names before = ids();
  replay(graph, first_before(*graph, "ask"));
  EXPECT_EQ(log(resume(graph, "2nd")), R"(["a","ask:2nd","b"])");
  EXPECT_TRUE(kept(before));
  // LangGraph has one more at the beginning: its input is a step of its own.
  EXPECT_EQ(shape(*graph), (Names{R"(loop 2 ["a","ask:2nd","b"])", R"(loop 1 b ["a","ask:2nd"])", R"(fork 0 ask ["a"])",
                                  R"(loop 2 ["a","ask:1st","b"])", R"(loop 1 b ["a","ask:1st"])", R"(loop 0 ask ["a"])",
                                  R"(input -1 a [])"}));
}

TEST_F(TimeTravel, replay_interrupt_stable_across_replays) {
  const auto graph = chain({"a", "ask", "b"});
  const std::string id = start(graph).interrupts.at(0).id;
  resume(graph, "1st");
  const std::string before_ask = first_before(*graph, "ask");
  for (int i = 0; i < 3; ++i) {
    const RunResult again = replay(graph, before_ask);
    EXPECT_EQ(question(again), "ask?0");
    EXPECT_EQ(again.interrupts.at(0).id, id);
    EXPECT_EQ(log(again), R"(["a"])");
  }
  EXPECT_EQ(replay(graph, at(*graph, "t").checkpoint.id).interrupts.at(0).id, id);  // Of a copy, too.
}

TEST_F(TimeTravel, fork_from_before_interrupt_refires) {
  const auto graph = asked();
  EXPECT_EQ(question(fork(graph, first_before(*graph, "ask"), "forked")), "ask?0");
  EXPECT_EQ(log(resume(graph, "2nd")), R"(["a","forked","ask:2nd","b"])");
}

// The checkpoint where it fired is the one before the node: an interrupt adds none.
TEST_F(TimeTravel, fork_from_interrupt_checkpoint_refires) {
  const auto graph = chain({"a", "ask", "b"});
  start(graph);
  const std::string waits = at(*graph, "t").checkpoint.id;
  const std::string made = edit(*graph, waits, {{"log", Array{"forked"}}});
  EXPECT_TRUE(at(*graph, "t", made).interrupts.empty());  // Nobody has asked yet.
  EXPECT_EQ(engine_.run(graph, Input::resume("early"), on("t")).error().code, Code::kConflict);
  EXPECT_EQ(question(proceed(graph)), "ask?0");
  EXPECT_EQ(log(resume(graph, "different")), R"(["a","forked","ask:different","b"])");
}

TEST_F(TimeTravel, sequential_interrupts_fork_from_middle) {
  const auto graph = chain({"a", "ask1", "ask2", "b"});
  EXPECT_EQ(question(start(graph)), "ask1?0");
  EXPECT_EQ(question(resume(graph, "one")), "ask2?0");
  EXPECT_EQ(log(resume(graph, "two")), R"(["a","ask1:one","ask2:two","b"])");
  const std::string before_first = first_before(*graph, "ask1");
  EXPECT_EQ(question(fork(graph, first_before(*graph, "ask2"), "mid")), "ask2?0");
  EXPECT_EQ(log(resume(graph, "new")), R"(["a","ask1:one","mid","ask2:new","b"])");
  EXPECT_EQ(question(replay(graph, before_first)), "ask1?0");
  EXPECT_EQ(called_, (Names{"ask1"}));
}

TEST_F(TimeTravel, multiple_interrupts_in_one_node) {
  GraphBuilder builder({append("log")});
  builder.node("ask", asks("ask", 2)).node("after", steps("after")).edge(kStart, "ask").edge("ask", "after");
  const auto graph = compiled(std::move(builder));
  EXPECT_EQ(question(start(graph)), "ask?0");
  EXPECT_EQ(question(resume(graph, "1")), "ask?1");
  EXPECT_EQ(log(resume(graph, "2")), R"(["ask:1:2","after"])");
  EXPECT_EQ(question(replay(graph, first_before(*graph, "ask"))), "ask?0");
  EXPECT_EQ(question(resume(graph, "3")), "ask?1");
  EXPECT_EQ(log(resume(graph, "4")), R"(["ask:3:4","after"])");
}

TEST_F(TimeTravel, an_answer_may_name_the_checkpoint_it_is_for) {
  const auto graph = chain({"a", "ask", "b"});
  start(graph);
  RunOptions options = on("t");
  options.checkpoint = ids().back();
  EXPECT_EQ(engine_.run(graph, Input::resume("old"), options).error().code, Code::kInvalidArgument);
  options.checkpoint = at(*graph, "t").checkpoint.id;
  EXPECT_EQ(log(must(engine_.run(graph, Input::resume("yes"), options))), R"(["a","ask:yes","b"])");
  EXPECT_EQ(called_, (Names{"a", "ask", "ask", "b"}));
}

TEST_F(TimeTravel, parallel_interrupts_refire_together_in_a_replay) {
  GraphBuilder builder({append("log")});
  builder.node("ask1", asks("ask1")).node("ask2", asks("ask2")).node("plain", steps("plain"));
  builder.edge(kStart, "ask1").edge(kStart, "ask2").edge(kStart, "plain");
  const auto graph = compiled(std::move(builder));
  const RunResult first = start(graph);
  ASSERT_EQ(first.interrupts.size(), 2U);
  must(engine_.run(graph, Input::resume_by_id({{first.interrupts[0].id, "x"}}), on("t")));
  const RunResult again = replay(graph, at(*graph, "t").checkpoint.id);  // In the middle of it: from its beginning.
  ASSERT_EQ(again.interrupts.size(), 2U);
  EXPECT_EQ(again.interrupts[0].id, first.interrupts[0].id);
  EXPECT_EQ(called_, (Names{"ask1", "ask2", "plain"}));
  const Object answers{{again.interrupts[0].id, "p"}, {again.interrupts[1].id, "q"}};
  EXPECT_EQ(log(must(engine_.run(graph, Input::resume_by_id(answers), on("t")))), R"(["ask1:p","ask2:q","plain"])");
}

TEST_F(TimeTravel, fork_as_one_of_two_parallel_nodes_leaves_the_other_due) {
  GraphBuilder builder({append("log")});
  builder.node("ask1", asks("ask1")).node("ask2", asks("ask2")).node("after1", steps("after1"));
  builder.edge(kStart, "ask1").edge(kStart, "ask2").edge("ask1", "after1");
  const auto graph = compiled(std::move(builder));
  start(graph);
  edit(*graph, "", {{"log", Array{"by hand"}}}, "ask1");
  EXPECT_EQ(at(*graph, "t").next, (Names{"after1", "ask2"}));
  EXPECT_EQ(question(proceed(graph)), "ask2?0");
  EXPECT_EQ(log(resume(graph, "yes")), R"(["by hand","after1","ask2:yes"])");
}

// ---- what a checkpoint holds of the step after it ----

TEST_F(TimeTravel, replay_of_sends_brings_the_same_inputs) {
  GraphBuilder builder({append("log")});
  builder.node("echo", [this](const State& state, Context&) -> Result<Command> {
    called_.emplace_back(state.text("word"));
    return Command{{"log", Array{state["word"]}}};
  });
  builder.route(kStart, [](const State&) -> Result<Route> {
    return Route{.sends = {{"echo", {{"word", "x"}}}, {"echo", {{"word", "y"}}}}};
  });
  const auto graph = compiled(std::move(builder));
  start(graph);
  EXPECT_EQ(log(replay(graph, ids().back())), R"(["x","y"])");
  EXPECT_EQ(called_, (Names{"x", "y"}));
  EXPECT_EQ(log(fork(graph, ids().back(), "before")), R"(["before","x","y"])");
}

TEST_F(TimeTravel, replay_goes_on_with_a_join_that_is_half_there) {
  GraphBuilder builder({append("log")});
  builder.node("short", steps("short")).node("long1", steps("long1")).node("long2", steps("long2"));
  builder.node("joined", steps("joined")).edge(kStart, "short").edge(kStart, "long1").edge("long1", "long2");
  builder.join({"short", "long2"}, "joined");
  const auto graph = compiled(std::move(builder));
  start(graph);
  EXPECT_EQ(log(replay(graph, last_before(*graph, "long2"))), R"(["long1","short","long2","joined"])");
  EXPECT_EQ(called_, (Names{"long2", "joined"}));
  EXPECT_EQ(log(fork(graph, first_before(*graph, "long2"), "x")), R"(["long1","short","x","long2","joined"])");
}

TEST_F(TimeTravel, replay_of_a_pause_goes_on) {
  const auto graph = chain({"a", "b"});
  RunOptions options = on("t");
  options.pause_before = {"b"};
  EXPECT_EQ(must(engine_.run(graph, Input::values({}), options)).next, (Names{"b"}));
  EXPECT_EQ(log(replay(graph, at(*graph, "t").checkpoint.id)), R"(["a","b"])");
}

TEST_F(TimeTravel, replay_of_a_failed_step_repeats_all_of_it) {
  bool broken = true;
  GraphBuilder builder({append("log")});
  builder.node("a", steps("a")).node("b", [&](const State&, Context&) -> Result<Command> {
    if (broken) return Error{Code::kUnavailable, "away"};
    return Command{{"log", Array{"b"}}};
  });
  builder.edge(kStart, "a").edge(kStart, "b");
  const auto graph = compiled(std::move(builder));
  EXPECT_FALSE(engine_.run(graph, Input::values({}), on("t")));
  EXPECT_EQ(at(*graph, "t").errors.size(), 1U);
  broken = false;
  // proceed() alone would keep what "a" has done; going back on purpose does not.
  EXPECT_EQ(log(replay(graph, at(*graph, "t").checkpoint.id)), R"(["a","b"])");
  EXPECT_EQ(called_, (Names{"a"}));
  for (const std::string& id : ids()) EXPECT_TRUE(at(*graph, "t", id).errors.empty());
}

// ---- copies, and updates that change nothing ----

// LangGraph's update_state(None, as_node="__copy__"): ours is the replay itself, which goes on from a copy.
TEST_F(TimeTravel, copy_fork_retriggers_interrupt) {
  const auto graph = asked();
  EXPECT_EQ(question(replay(graph, first_before(*graph, "ask"))), "ask?0");
  EXPECT_EQ(at(*graph, "t").checkpoint.source, Source::kFork);
  EXPECT_EQ(log(resume(graph, "new")), R"(["a","ask:new","b"])");
}

TEST_F(TimeTravel, copy_fork_creates_sibling_checkpoint) {
  const auto graph = done({"a", "b"});
  const std::string before_b = last_before(*graph, "b");
  replay(graph, before_b);
  const Checkpoint copy = at(*graph, "t", all_before(*graph, {"b"}).front()).checkpoint;
  EXPECT_EQ(copy.source, Source::kFork);
  EXPECT_EQ(copy.parent, before_b);
  EXPECT_EQ(copy.step, at(*graph, "t", before_b).checkpoint.step);
  const Checkpoint update = at(*graph, "t", edit(*graph, before_b, {{"log", Array{"x"}}})).checkpoint;
  EXPECT_EQ(update.source, Source::kUpdate);
  EXPECT_EQ(update.parent, before_b);
}

TEST_F(TimeTravel, update_state_with_none_values) {
  const auto graph = asked();
  const std::string made = edit(*graph, first_before(*graph, "ask"), {});
  EXPECT_EQ(at(*graph, "t", made).checkpoint.source, Source::kUpdate);
  EXPECT_EQ(text(at(*graph, "t", made).values), R"({"log":["a"]})");
  EXPECT_EQ(question(proceed(graph)), "ask?0");
}

// ---- history ----

TEST_F(TimeTravel, replay_creates_branch_preserving_old_checkpoints) {
  const auto graph = done({"a", "b", "c"});
  const Names before = ids();
  const std::string before_b = last_before(*graph, "b");
  replay(graph, before_b);
  EXPECT_TRUE(kept(before));
  EXPECT_EQ(shape(*graph),
            (Names{R"(loop 2 ["a","b","c"])", R"(loop 1 c ["a","b"])", R"(fork 0 b ["a"])", R"(loop 2 ["a","b","c"])",
                   R"(loop 1 c ["a","b"])", R"(loop 0 b ["a"])", R"(input -1 a [])"}));
  EXPECT_EQ(history("t")[2].checkpoint.parent, before_b);
  EXPECT_EQ(std::ranges::count(before, at(*graph, "t").checkpoint.id), 0);  // It stands at the new branch.
}

TEST_F(TimeTravel, fork_creates_branch_preserving_old_checkpoints) {
  const auto graph = done({"a", "b", "c"});
  const Names before = ids();
  const std::string before_b = last_before(*graph, "b");
  EXPECT_EQ(log(fork(graph, before_b, "x")), R"(["a","x","b","c"])");
  EXPECT_TRUE(kept(before));
  EXPECT_EQ(shape(*graph),
            (Names{R"(loop 3 ["a","x","b","c"])", R"(loop 2 c ["a","x","b"])", R"(update 1 b ["a","x"])",
                   R"(loop 2 ["a","b","c"])", R"(loop 1 c ["a","b"])", R"(loop 0 b ["a"])", R"(input -1 a [])"}));
  EXPECT_EQ(history("t")[2].checkpoint.parent, before_b);
}

TEST_F(TimeTravel, history_is_newest_first_and_each_turn_goes_on_from_the_last) {
  const auto graph = done({"a"});
  start(graph, {{"log", Array{"hi"}}});
  EXPECT_EQ(shape(*graph),
            (Names{R"(loop 2 ["a","hi","a"])", R"(input 1 a ["a","hi"])", R"(loop 0 ["a"])", R"(input -1 a [])"}));
  const auto all = history("t");
  for (std::size_t i = 0; i + 1 < all.size(); ++i) EXPECT_EQ(all[i].checkpoint.parent, all[i + 1].checkpoint.id);
  EXPECT_TRUE(all.back().checkpoint.parent.empty());
}

TEST_F(TimeTravel, deleting_a_branch_goes_back_to_the_one_before_it) {
  const auto graph = done({"a", "b"});
  const std::string end = at(*graph, "t").checkpoint.id;
  fork(graph, last_before(*graph, "b"), "x");
  const auto branch = history("t");
  ASSERT_TRUE(saver_.delete_runs({branch[0].checkpoint.run, branch[1].checkpoint.run}, {}));
  EXPECT_EQ(at(*graph, "t").checkpoint.id, end);
  EXPECT_EQ(log(start(graph, {{"log", Array{"next"}}})), R"(["a","b","next","a","b"])");
}

TEST_F(TimeTravel, deleting_the_thread_takes_its_branches) {
  const auto graph = done({"a", "b"});
  const std::string before_b = last_before(*graph, "b");
  fork(graph, before_b, "x");
  ASSERT_TRUE(saver_.delete_thread("t", {}));
  EXPECT_TRUE(ids().empty());
  RunOptions options = on("t");
  options.checkpoint = before_b;
  EXPECT_EQ(engine_.run(graph, Input::proceed(), options).error().code, Code::kNotFound);
  start(graph);
  EXPECT_EQ(history("t").back().checkpoint.step, -1);
}

TEST_F(TimeTravel, what_was_pruned_cannot_be_gone_back_to) {
  const auto graph = asked();
  const std::string before_ask = first_before(*graph, "ask");
  EXPECT_EQ(question(fork(graph, before_ask, "forked")), "ask?0");
  ASSERT_TRUE(saver_.prune({"t"}, Prune::kKeepLatest, {}));
  RunOptions options = on("t");
  options.checkpoint = before_ask;
  EXPECT_EQ(engine_.run(graph, Input::proceed(), options).error().code, Code::kNotFound);
  EXPECT_EQ(log(resume(graph, "2nd")), R"(["a","forked","ask:2nd","b"])");  // The latest is whole.
}

// ---- copies of threads ----

TEST_F(TimeTravel, a_copied_thread_travels_alone) {
  const auto graph = done({"a", "b"});
  const Names before = ids();
  const std::string before_b = last_before(*graph, "b");
  ASSERT_TRUE(saver_.copy_thread("t", "copy", {}));
  RunOptions options = on("copy");
  options.checkpoint = before_b;
  must(engine_.run(graph, Input::proceed(), options));
  EXPECT_EQ(ids(), before);
  EXPECT_EQ(history("copy").size(), before.size() + 2);
}

TEST_F(TimeTravel, a_copied_thread_keeps_its_questions_and_what_others_have_done) {
  GraphBuilder builder({append("log")});
  builder.node("ask", asks("ask")).node("plain", steps("plain")).edge(kStart, "ask").edge(kStart, "plain");
  const auto graph = compiled(std::move(builder));
  start(graph);
  ASSERT_TRUE(saver_.copy_thread("t", "copy", {}));
  EXPECT_EQ(log(must(engine_.run(graph, Input::resume("for the copy"), on("copy")))),
            R"(["ask:for the copy","plain"])");
  EXPECT_EQ(log(resume(graph, "for the first")), R"(["ask:for the first","plain"])");
  EXPECT_EQ(keys_["plain"].size(), 1U);
  ASSERT_EQ(keys_["ask"].size(), 3U);
  EXPECT_NE(keys_["ask"][1], keys_["ask"][2]);  // Two conversations, two effects.
  EXPECT_EQ(keys_["ask"][0], keys_["ask"][2]);
}

// ---- two runs of one thread at once ----

TEST_F(TimeTravel, of_two_runs_at_once_the_one_that_saves_first_goes_on) {
  const Engine other(Seams{.clock = clock_, .rng = rng_, .saver = &saver_});
  std::shared_ptr<const Graph> graph;
  bool nested = false;
  GraphBuilder builder({append("log")});
  builder.node("a", [&](const State&, Context& context) -> Result<Command> {
    keys_["a"].push_back(context.idempotency_key("mail"));
    if (!nested) {
      nested = true;
      EXPECT_EQ(log(must(other.run(graph, Input::proceed(), on("t")))), R"(["a","b"])");
    }
    return Command{{"log", Array{"a"}}};
  });
  builder.node("b", steps("b")).edge(kStart, "a").edge("a", "b");
  graph = compiled(std::move(builder));
  const Result<RunResult> late = engine_.run(graph, Input::values({}), on("t"));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Code::kConflict);
  EXPECT_NE(late.error().message.find("gone on"), std::string::npos) << late.error().message;
  EXPECT_EQ(shape(*graph), (Names{R"(loop 1 ["a","b"])", R"(loop 0 b ["a"])", R"(input -1 a [])"}));
  EXPECT_EQ(called_, (Names{"b"}));
  ASSERT_EQ(keys_["a"].size(), 2U);
  EXPECT_EQ(keys_["a"][0], keys_["a"][1]);  // The same step of the same thread: one effect.
}

TEST_F(TimeTravel, an_edit_does_not_hide_what_a_run_does_meanwhile) {
  std::shared_ptr<const Graph> graph;
  GraphBuilder builder({append("log")});
  builder.node("a", [&](const State&, Context&) -> Result<Command> {
    edit(*graph, "", {{"log", Array{"edited"}}});
    return Command{{"log", Array{"a"}}};
  });
  builder.edge(kStart, "a");
  graph = compiled(std::move(builder));
  EXPECT_EQ(engine_.run(graph, Input::values({}), on("t")).error().code, Code::kConflict);
  EXPECT_EQ(text(at(*graph, "t").values), R"({"log":["edited"]})");
  EXPECT_EQ(at(*graph, "t").next, (Names{"a"}));
}

}  // namespace
}  // namespace docmind::graph
