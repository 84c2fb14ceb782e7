// Two processes on one file: their turns come one after the other, and of two that take the same step one is told.
#include <array>
#include <thread>
#include <vector>

#include "graph/sqlite/testing/thread_of_effects.h"

namespace docmind::graph::sqlite {
namespace {

constexpr int kTurns = 15;

// Each word of somebody is answered in a superstep of its own.
std::shared_ptr<const Graph> talk() {
  GraphBuilder builder({append("log")});
  builder.node("answer", [](const State& state, Context&) -> Result<Command> {
    return Command{{"log", Array{Value("re:" + std::string(state.list("log").back().as_string()))}}};
  });
  builder.edge(kStart, "answer");
  return *std::move(builder).compile();
}

RunOptions on_t() {
  RunOptions options;
  options.thread = "t";
  return options;
}

bool another_has_it(const Error& error) { return error.code == Code::kConflict || error.code == Code::kUnavailable; }

std::unique_ptr<SqliteSaver> opened(const std::string& path) {
  while (true) {
    auto saver = SqliteSaver::open({.path = path, .durability = store::Durability::kNormal});
    if (saver) return *std::move(saver);
    if (!another_has_it(saver.error())) return nullptr;
  }
}

// Says a word in the thread and has it answered, whatever another process does meanwhile.
bool say(const Engine& engine, const std::shared_ptr<const Graph>& graph, const std::string& word) {
  bool said = false;  // The word is stored, its answer may not be.
  while (true) {
    const auto done = engine.run(graph, said ? Input::proceed() : Input::values({{"log", Array{Value(word)}}}), on_t());
    if (done) return true;
    if (!another_has_it(done.error())) return false;
    const auto there = engine.state(*graph, "t", "", {});
    if (there && *there && (*there)->values.contains("log")) {
      for (const Value& one : (*there)->values.at("log").as_array()) said = said || one == Value(word);
    }
    std::this_thread::yield();
  }
}

int say_all(const std::string& path, const std::string& who, std::uint64_t seed) {
  const auto saver = opened(path);
  if (saver == nullptr) return 10;
  const ManualClock clock;
  SeededRng rng(seed);
  const Engine engine(Seams{.clock = clock, .rng = rng, .saver = saver.get()});
  const auto graph = talk();
  for (int turn = 0; turn < kTurns; ++turn) {
    if (!say(engine, graph, who + std::to_string(turn))) return 11;
  }
  return 0;
}

TEST(TwoProcesses, E6_TurnsOfBothComeOneAfterTheOther) {
  store::testing::TempFolder folder;
  const std::string path = (folder / "s.db").string();
  ASSERT_TRUE(SqliteSaver::open({.path = path}));
  std::vector<pid_t> children;
  for (const char* who : {"x", "y"}) {
    const pid_t child = fork();
    if (child == 0) _exit(say_all(path, who, static_cast<std::uint64_t>(who[0])));
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  const auto saver = opened(path);
  const ManualClock clock;
  SeededRng rng(1);
  const auto last = *Engine(Seams{.clock = clock, .rng = rng, .saver = saver.get()}).state(*talk(), "t", "", {});
  ASSERT_TRUE(last);
  const Array& log = last->values.at("log").as_array();
  ASSERT_EQ(log.size(), 4U * kTurns);
  std::map<char, int> next;
  for (std::size_t i = 0; i < log.size(); i += 2) {
    const std::string word(log[i].as_string());
    EXPECT_EQ(log[i + 1], Value("re:" + word));
    EXPECT_EQ(word.substr(1), std::to_string(next[word[0]]++));  // Each one's in its own order.
  }
  const auto history = *saver->list({}, {});
  ASSERT_EQ(history.size(), 4U * kTurns);
  for (std::size_t i = 0; i + 1 < history.size(); ++i) {  // One line, no branches.
    EXPECT_EQ(history[i].checkpoint.parent, history[i + 1].checkpoint.id);
  }
  EXPECT_TRUE(saver->check({})->empty());
}

// Tells through `ready` that its node is at work, and waits until something comes through `release`.
int proceed_together(const std::string& path, const std::string& effects, int ready, int release, std::uint64_t seed) {
  const auto saver = opened(path);
  if (saver == nullptr) return 10;
  GraphBuilder builder({append("log")});
  builder.node("act", [&](const State&, Context& context) -> Result<Command> {
    std::ofstream(effects, std::ios::app) << context.idempotency_key("mail") << '\n' << std::flush;
    char one = 'x';
    if (write(ready, &one, 1) != 1 || read(release, &one, 1) != 1) return Error{Code::kInternal, "no pipe"};
    return Command{{"log", Array{"act"}}};
  });
  builder.node("then", [](const State&, Context&) -> Result<Command> { return Command{{"log", Array{"then"}}}; });
  builder.edge(kStart, "act").edge("act", "then");
  const ManualClock clock;
  SeededRng rng(seed);
  const Engine engine(Seams{.clock = clock, .rng = rng, .saver = saver.get()});
  const auto graph = *std::move(builder).compile();
  if (seed == 0) {  // The one that makes the thread, and stops before the step.
    RunOptions options = on_t();
    options.pause_before = {"act"};
    return engine.run(graph, Input::values({}), options) ? 0 : 12;
  }
  const auto done = engine.run(graph, Input::proceed(), on_t());
  if (done) return 0;
  return done.error().code == Code::kConflict ? 3 : 13;
}

TEST(TwoProcesses, E6_OfTwoThatTakeTheSameStepOneIsTold) {
  store::testing::TempFolder folder;
  const std::string path = (folder / "s.db").string();
  const std::string effects = (folder / "effects").string();
  ASSERT_EQ(proceed_together(path, effects, -1, -1, 0), 0);
  std::array<int, 2> ready{};
  std::array<int, 2> release{};
  ASSERT_EQ(pipe(ready.data()) + pipe(release.data()), 0);
  std::vector<pid_t> children;
  for (const std::uint64_t seed : {1U, 2U}) {
    const pid_t child = fork();
    if (child == 0) _exit(proceed_together(path, effects, ready[1], release[0], seed));
    children.push_back(child);
  }
  close(ready[1]);  // A child that dies early ends the wait.
  char buffer = 0;
  EXPECT_EQ(read(ready[0], &buffer, 1) + read(ready[0], &buffer, 1), 2);  // Both have read the same checkpoint.
  EXPECT_EQ(write(release[1], "go", 2), 2);
  std::multiset<int> ends;
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ends.insert(WIFEXITED(status) ? WEXITSTATUS(status) : -1);
  }
  for (const int end : {ready[0], release[0], release[1]}) close(end);
  EXPECT_EQ(ends, (std::multiset<int>{0, 3}));
  std::multiset<std::string> keys;
  std::ifstream lines(effects);
  for (std::string line; std::getline(lines, line);) keys.insert(line);
  ASSERT_EQ(keys.size(), 2U);
  EXPECT_EQ(keys.count(*keys.begin()), 2U);  // The same step, the same effect.
  const auto saver = opened(path);
  const auto history = *saver->list({}, {});
  ASSERT_EQ(history.size(), 3U);
  EXPECT_EQ(history[0].checkpoint.step, 1);
  EXPECT_EQ(history[0].checkpoint.parent, history[1].checkpoint.id);
}

}  // namespace
}  // namespace docmind::graph::sqlite
