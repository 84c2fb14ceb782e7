#include "graph/sqlite/sqlite_saver.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "graph/engine.h"
#include "graph/testing/saver_conformance.h"
#include "store/testing/temp_folder.h"

namespace docmind::graph {
namespace {

using sqlite::SqliteSaver;

// A saver and the folder it writes to.
std::shared_ptr<Saver> saver_in_a_folder() {
  struct Both {
    store::testing::TempFolder folder;
    std::unique_ptr<SqliteSaver> saver;
  };
  auto both = std::make_shared<Both>();
  auto opened = SqliteSaver::open({.path = (both->folder / "会话.db").string()});
  if (!opened) {
    ADD_FAILURE() << opened.error().message;
    return nullptr;
  }
  both->saver = *std::move(opened);
  return {both, both->saver.get()};
}

}  // namespace

namespace testing {
INSTANTIATE_TEST_SUITE_P(Sqlite, SaverConformance, ::testing::Values(SaverMaker(saver_in_a_folder)));
}

namespace {

// Dies at its n-th boundary: each call has one before it and one after it.
class DyingSaver final : public Saver {
 public:
  DyingSaver(Saver& saver, int die_at) : saver_(saver), left_(die_at) {}
  Result<> put(const NewCheckpoint& c, Waiting w) override {
    return around([&] { return saver_.put(c, w); });
  }
  Result<> put_writes(const Place& p, std::string_view c, const std::vector<PendingWrite>& v, Waiting w) override {
    return around([&] { return saver_.put_writes(p, c, v, w); });
  }
  Result<std::optional<SavedCheckpoint>> get(const Place& p, std::string_view id, Waiting w) override {
    return saver_.get(p, id, w);
  }
  Result<std::vector<SavedCheckpoint>> list(const ListFilter& f, Waiting w) override { return saver_.list(f, w); }
  Result<std::vector<std::string>> threads(std::string_view a, std::size_t n, Waiting w) override {
    return saver_.threads(a, n, w);
  }
  Result<> delete_thread(std::string_view t, Waiting w) override { return saver_.delete_thread(t, w); }
  Result<> delete_runs(const std::vector<std::string>& r, Waiting w) override { return saver_.delete_runs(r, w); }
  Result<> copy_thread(std::string_view a, std::string_view b, Waiting w) override {
    return saver_.copy_thread(a, b, w);
  }
  Result<> prune(const std::vector<std::string>& t, Prune p, Waiting w) override { return saver_.prune(t, p, w); }

  void boundary() {
    if (left_-- == 0) kill(getpid(), SIGKILL);
  }

 private:
  template <typename Call>
  Result<> around(const Call& call) {
    boundary();
    Result<> done = call();
    boundary();
    return done;
  }
  Saver& saver_;
  int left_;
};

class StillClock final : public Clock {
 public:
  TimePoint now() const override { return {}; }
  WallTime wall() const override { return WallTime{}; }
};

// Three effects, one of them in a subgraph, and a node that fails the first time.
std::shared_ptr<const Graph> with_effects(const std::string& effects, DyingSaver& saver) {
  const auto acts = [&saver, effects](const char* name) -> Node {
    return [&saver, effects, name](const State&, Context& context) -> Result<Command> {
      saver.boundary();
      std::ofstream(effects, std::ios::app) << name << ' ' << context.idempotency_key("mail") << '\n' << std::flush;
      saver.boundary();
      return Command{{"log", Array{name}}};
    };
  };
  GraphBuilder inner({append("log")});
  inner.node("inside", acts("inside")).node("then", acts("then")).edge(kStart, "inside").edge("inside", "then");
  GraphBuilder outer({append("log")});
  outer.node("a", acts("a")).subgraph("worker", *std::move(inner).compile()).node("z", acts("z"));
  outer.node("fails", [effects](const State&, Context&) -> Result<Command> {
    const std::string mark = effects + ".failed";
    if (std::filesystem::exists(mark)) return Command{{"log", Array{"fails"}}};
    std::ofstream(mark) << "x";
    return Error{Code::kUnavailable, "the first time"};
  });
  outer.edge(kStart, "a").edge(kStart, "fails").edge("a", "worker").edge("worker", "z");
  return *std::move(outer).compile();
}

// One life of the process: goes on until the thread is done, or dies. Exit 0: done.
[[noreturn]] void live(const std::filesystem::path& folder, int die_at) {
  auto opened = SqliteSaver::open({.path = (folder / "s.db").string()});
  if (!opened) _exit(10);
  DyingSaver saver(**opened, die_at);
  StillClock clock;
  SeededRng rng(static_cast<std::uint64_t>(getpid()));
  const Engine engine(Seams{.clock = clock, .rng = rng, .saver = &saver});
  const auto graph = with_effects((folder / "effects").string(), saver);
  RunOptions options;
  options.thread = "t";
  for (int turn = 0; turn < 4; ++turn) {
    const auto there = engine.state(*graph, "t", "", {});
    if (!there) _exit(11);
    const Input input = *there ? Input::proceed() : Input::values({{"log", Array{"in"}}});
    if (engine.run(graph, input, options)) _exit(0);
  }
  _exit(12);
}

int status_of_life(const std::filesystem::path& folder, int die_at) {
  const pid_t child = fork();
  if (child == 0) live(folder, die_at);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status;
}

TEST(SqliteSaverCrash, KilledAtEveryBoundaryNothingIsLostOrDoubled) {
  int boundaries = 0;
  for (bool died = true; died; ++boundaries) {
    store::testing::TempFolder folder;
    const std::filesystem::path path = folder / "";
    const int first = status_of_life(path, boundaries);
    died = WIFSIGNALED(first);
    if (died) {
      ASSERT_EQ(WEXITSTATUS(status_of_life(path, -1)), 0) << "boundary " << boundaries;
    } else {
      ASSERT_EQ(WEXITSTATUS(first), 0);
    }
    auto saver = *SqliteSaver::open({.path = (path / "s.db").string()});
    const auto last = *saver->get({"t", ""}, "", {});
    ASSERT_TRUE(last);
    std::string log;
    for (const Piece& piece : last->channels.at("log")) {
      for (const Value& item : piece.value.as_array()) log += to_text(item);
    }
    EXPECT_EQ(log, R"("in""a""fails""inside""then""z")") << "boundary " << boundaries;
    std::set<std::string> distinct;
    std::ifstream effects(path / "effects");
    for (std::string line; std::getline(effects, line);) distinct.insert(line);
    EXPECT_EQ(distinct.size(), 4U) << "boundary " << boundaries;  // One key each: whoever repeats one is ignored.
    EXPECT_TRUE(saver->check({})->empty());
  }
  EXPECT_GT(boundaries, 16);
}

TEST(SqliteSaver, AConversationTakesSpaceForWhatIsAdded) {
  store::testing::TempFolder folder;
  const std::string path = (folder / "s.db").string();
  const std::string message(1000, 'm');
  std::uint64_t seed = 0;  // Each life of the program draws ids of its own.
  const auto size_after = [&](int turns) {
    {
      auto saver = *SqliteSaver::open({.path = path, .durability = store::Durability::kNormal});
      StillClock clock;
      SeededRng rng(++seed);
      const Engine engine(Seams{.clock = clock, .rng = rng, .saver = saver.get()});
      GraphBuilder builder({messages()});
      builder.node("answer", [&](const State&, Context&) -> Result<Command> {
        return Command{{"messages", Array{Object{{"text", message}}}}};
      });
      builder.edge(kStart, "answer");
      const auto graph = *std::move(builder).compile();
      RunOptions options;
      options.thread = "t";
      for (int turn = 0; turn < turns; ++turn) {
        EXPECT_TRUE(engine.run(graph, Input::values({{"messages", Array{Object{{"text", message}}}}}), options));
      }
    }
    return std::filesystem::file_size(path);
  };
  size_after(150);
  const auto half = size_after(0);
  const auto all = size_after(150);
  EXPECT_LT(all, 3 * half);      // Linear, not quadratic.
  EXPECT_LT(all, 600'000U * 6);  // 600,000 bytes of messages, at most three times, with what belongs to them.
}

TEST(SqliteSaver, AFileOfAnotherProgramIsRefused) {
  store::testing::TempFolder folder;
  const std::string path = (folder / "s.db").string();
  std::ofstream(path) << "this is no database, but a long enough line of text that nobody should overwrite";
  EXPECT_FALSE(SqliteSaver::open({.path = path}));
}

}  // namespace
}  // namespace docmind::graph
