// What the tests of time travel share: small graphs whose nodes note that they ran, and short ways to go back in a
// thread. The cases are named after langgraph's libs/langgraph/tests/test_time_travel.py; where ours differ on purpose
// (docs/adr/0008-own-graph.md) the test says so.
#pragma once
#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "graph/testing/bench_of_graphs.h"

namespace docmind::graph::testing {

class TimeTravelTest : public EngineTest {
 protected:
  using Names = std::vector<std::string>;
  using Graphs = std::map<std::string, std::shared_ptr<const Graph>>;

  // Appends its name.
  Node steps(std::string name) {
    return [this, name = std::move(name)](const State& state, Context& context) -> Result<Command> {
      note(name, state, context);
      return Command{{"log", Array{Value(name)}}};
    };
  }
  // Appends its name and the answers it was given.
  Node asks(std::string name, int questions = 1) {
    return [this, name = std::move(name), questions](const State& state, Context& context) -> Result<Command> {
      note(name, state, context);
      std::string said = name;
      for (int i = 0; i < questions; ++i) {
        const Value answer = DM_TRY(context.interrupt(Value(name + "?" + std::to_string(i))));
        said += ":" + std::string(answer.as_string());
      }
      return Command{{"log", Array{Value(said)}}};
    };
  }
  // One after the other; those whose names begin with "ask" do, those in `inner` are subgraphs.
  std::shared_ptr<const Graph> chain(const Names& names, const Graphs& inner = {}) {
    GraphBuilder builder({append("log")});
    std::string_view before = kStart;
    for (const std::string& name : names) {
      if (inner.contains(name)) {
        builder.subgraph(name, inner.at(name));
      } else {
        builder.node(name, name.starts_with("ask") ? asks(name) : steps(name));
      }
      builder.edge(before, name);
      before = name;
    }
    return compiled(std::move(builder));
  }

  RunResult start(const std::shared_ptr<const Graph>& graph, Object input = {}) {
    return must(engine_.run(graph, Input::values(std::move(input)), on("t")));
  }
  RunResult resume(const std::shared_ptr<const Graph>& graph, std::string_view answer) {
    return must(engine_.run(graph, Input::resume(Value(answer)), on("t")));
  }
  RunResult proceed(const std::shared_ptr<const Graph>& graph) {
    return must(engine_.run(graph, Input::proceed(), on("t")));
  }
  // LangGraph's invoke(None, checkpoint).
  RunResult replay(const std::shared_ptr<const Graph>& graph, const std::string& checkpoint) {
    RunOptions options = on("t");
    options.checkpoint = checkpoint;
    called_.clear();
    return must(engine_.run(graph, Input::proceed(), options));
  }
  // LangGraph's update_state(checkpoint, word) and invoke(None).
  RunResult fork(const std::shared_ptr<const Graph>& graph, const std::string& checkpoint, const std::string& word) {
    edit(*graph, checkpoint, {{"log", Array{Value(word)}}});
    called_.clear();
    return proceed(graph);
  }
  std::string edit(const Graph& graph, const std::string& checkpoint, Update update, const std::string& as_node = "") {
    const auto made = engine_.edit(
        graph, {.thread = "t", .checkpoint = checkpoint, .update = std::move(update), .as_node = as_node}, {});
    EXPECT_TRUE(made) << made.error().message;
    return made ? *made : "";
  }

  // Of the thread's history, the newest first: those at which exactly these nodes are due.
  Names all_before(const Graph& graph, const Names& due) {
    Names out;
    for (const SavedCheckpoint& one : history("t")) {
      if (at(graph, "t", one.checkpoint.id).next == due) out.push_back(one.checkpoint.id);
    }
    EXPECT_FALSE(out.empty());
    return out;
  }
  std::string first_before(const Graph& graph, const std::string& due) { return all_before(graph, {due}).back(); }
  std::string last_before(const Graph& graph, const std::string& due) { return all_before(graph, {due}).front(); }

  // "source step next values" of every checkpoint, the newest first.
  Names shape(const Graph& graph) {
    Names out;
    for (const SavedCheckpoint& one : history("t")) {
      const Snapshot snapshot = at(graph, "t", one.checkpoint.id);
      std::string line = std::string(name(one.checkpoint.source)) + " " + std::to_string(one.checkpoint.step) + " ";
      for (const std::string& next : snapshot.next) line += next + " ";
      out.push_back(line + text(snapshot.values.at("log")));
    }
    return out;
  }
  Names ids() {
    Names out;
    for (const SavedCheckpoint& one : history("t")) out.push_back(one.checkpoint.id);
    return out;
  }
  // Whether all of these are still in the history.
  bool kept(const Names& before) {
    const Names now = ids();
    return std::ranges::all_of(before, [&](const std::string& id) { return std::ranges::count(now, id) == 1; });
  }
  static std::string log(const RunResult& result) { return text(result.values.at("log")); }
  static std::string question(const RunResult& result) {
    return result.interrupts.size() == 1 ? std::string(result.interrupts[0].question.as_string()) : "not one question";
  }

  Names called_;                       // Nodes, in their order.
  Names seen_;                         // What "trail" was for each of them.
  std::map<std::string, Names> keys_;  // Of each node's side effect.

 private:
  void note(const std::string& name, const State& state, Context& context) {
    called_.push_back(name);
    seen_.push_back(name + text(state["trail"]));
    keys_[name].push_back(context.idempotency_key("mail"));
  }
};

}  // namespace docmind::graph::testing
