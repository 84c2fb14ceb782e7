// What tests of the engine share: seams that stand still, and short ways to say things. Tests define their own nodes.
#pragma once
#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "graph/engine.h"
#include "graph/memory_saver.h"

namespace docmind::graph::testing {

class EngineTest : public ::testing::Test {
 protected:
  static std::shared_ptr<const Graph> compiled(GraphBuilder builder) {
    auto graph = std::move(builder).compile();
    EXPECT_TRUE(graph) << graph.error().message;
    return graph ? *graph : nullptr;
  }
  static RunOptions on(std::string thread) {
    RunOptions options;
    options.thread = std::move(thread);
    return options;
  }
  // The run's result, which must be a success.
  RunResult must(Result<RunResult> result) {
    if (result) return *std::move(result);
    ADD_FAILURE() << result.error().message;
    return {};
  }
  std::vector<SavedCheckpoint> history(const std::string& thread, const std::string& space = "") {
    ListFilter filter;
    filter.thread = thread;
    filter.space = space;
    return *saver_.list(filter, {});
  }
  Snapshot at(const Graph& graph, const std::string& thread, const std::string& checkpoint = "") {
    auto found = engine_.state(graph, thread, checkpoint, {});
    if (found && *found) return **std::move(found);
    ADD_FAILURE() << "no state";
    return {};
  }

  ManualClock clock_;
  SeededRng rng_{1};
  MemorySaver saver_;
  std::vector<Duration> pauses_;
  Engine engine_{Seams{.clock = clock_,
                       .rng = rng_,
                       .saver = &saver_,
                       .pause = [this](Duration how_long, const Deadline&, std::stop_token) -> Result<> {
                         pauses_.push_back(how_long);
                         clock_.advance(how_long);
                         return {};
                       }}};
};

// A node that appends its name to "log".
inline Node logs(std::string name) {
  return [name = std::move(name)](const State&, Context&) -> Result<Command> {
    return Command{{"log", Array{Value(name)}}};
  };
}

inline std::string text(const Value& value) { return to_text(value); }

}  // namespace docmind::graph::testing
