// A thread whose nodes have side effects, one life of a process that works on it, and what has become of it: for tests
// in which the process or the disk dies. A side effect is a line in a file: who did it, and its idempotency key.
#pragma once
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <string>

#include "base/rng.h"
#include "graph/engine.h"
#include "graph/sqlite/sqlite_saver.h"
#include "store/testing/temp_folder.h"

namespace docmind::graph::sqlite::testing {

// In a folder: s.db, and the files of the effects.
class ThreadOfEffects {
 public:
  explicit ThreadOfEffects(
      std::filesystem::path folder, std::function<void()> boundary = [] {})
      : folder_(std::move(folder)), boundary_(std::move(boundary)), graph_(make()) {}

  std::string database() const { return (folder_ / "s.db").string(); }
  std::shared_ptr<const Graph> graph() const { return graph_; }

  // From its beginning, or on from where it stands.
  Result<RunResult> go_on(Saver& saver) {
    const ManualClock clock;
    SeededRng rng(static_cast<std::uint64_t>(getpid()) * 1000 + lives_++);  // Each life draws ids of its own.
    const Engine engine(Seams{.clock = clock, .rng = rng, .saver = &saver});
    const auto there = engine.state(*graph_, "t", "", {});
    if (!there) return there.error();
    RunOptions options;
    options.thread = "t";
    return engine.run(graph_, *there ? Input::proceed() : Input::values({{"log", Array{"in"}}}), options);
  }

  // That nothing was lost or done twice, now that it has come to its end.
  void expect_whole(const std::string& when) const {
    const auto saver = SqliteSaver::open({.path = database()});
    ASSERT_TRUE(saver) << saver.error().message;
    const auto last = *(*saver)->get({"t", ""}, "", {});
    ASSERT_TRUE(last) << when;
    std::string log;
    for (const Piece& piece : last->channels.at("log")) {
      for (const Value& item : piece.value.as_array()) log += to_text(item);
    }
    EXPECT_EQ(log, R"("in""a""fails""inside""then""z")") << when;
    // One key for each effect: whoever carries them out ignores a repetition.
    std::set<std::string> distinct;
    std::ifstream effects(folder_ / "effects");
    for (std::string line; std::getline(effects, line);) distinct.insert(line);
    EXPECT_EQ(distinct.size(), 4U) << when;
    ListFilter all;
    all.thread = "t";
    EXPECT_EQ((*saver)->list(all, {})->size(), 4U) << when;  // The input and three supersteps, each once.
    EXPECT_TRUE((*saver)->check({})->empty()) << when;
  }

 private:
  Node acts(const char* name) const {
    return [this, name](const State&, Context& context) -> Result<Command> {
      boundary_();
      std::ofstream(folder_ / "effects", std::ios::app) << name << ' ' << context.idempotency_key("mail") << '\n'
                                                        << std::flush;
      boundary_();
      return Command{{"log", Array{name}}};
    };
  }
  // Four effects, two of them in a subgraph, and a node that fails the first time.
  std::shared_ptr<const Graph> make() const {
    GraphBuilder inner({append("log")});
    inner.node("inside", acts("inside")).node("then", acts("then")).edge(kStart, "inside").edge("inside", "then");
    GraphBuilder outer({append("log")});
    outer.node("a", acts("a")).subgraph("worker", *std::move(inner).compile()).node("z", acts("z"));
    outer.node("fails", [this](const State&, Context&) -> Result<Command> {
      const std::filesystem::path mark = folder_ / "failed";
      if (std::filesystem::exists(mark)) return Command{{"log", Array{"fails"}}};
      std::ofstream(mark) << "x";
      return Error{Code::kUnavailable, "the first time"};
    });
    outer.edge(kStart, "a").edge(kStart, "fails").edge("a", "worker").edge("worker", "z");
    return *std::move(outer).compile();
  }

  const std::filesystem::path folder_;
  const std::function<void()> boundary_;
  const std::shared_ptr<const Graph> graph_;
  std::uint64_t lives_ = 0;
};

// How a child ended that ran this: waitpid()'s status. What it returns is its exit code.
inline int status_of_child(const std::function<int()>& life) {
  const pid_t child = fork();
  if (child == 0) _exit(life());
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status;
}

}  // namespace docmind::graph::sqlite::testing
