#include "graph/sqlite/sqlite_saver.h"

#include <filesystem>
#include <fstream>

#include "graph/engine.h"
#include "graph/testing/saver_list_cases.h"
#include "graph/testing/saver_put_cases.h"
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
  auto opened =
      SqliteSaver::open({.path = (both->folder / "会话.db").string(), .durability = store::Durability::kNormal});
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

class StillClock final : public Clock {
 public:
  TimePoint now() const override { return {}; }
  WallTime wall() const override { return WallTime{}; }
};

TEST(SqliteSaver, E5_AConversationOfFiveHundredTurnsTakesSpaceForWhatIsAdded) {
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
  const auto half = size_after(250);
  const auto all = size_after(250);
  EXPECT_LT(all, 3 * half);        // Linear, not quadratic.
  EXPECT_LT(all, 1'000'000U * 6);  // A million bytes of messages, at most three times, with what belongs to them.
}

TEST(SqliteSaver, AFileOfAnotherProgramIsRefused) {
  store::testing::TempFolder folder;
  const std::string path = (folder / "s.db").string();
  std::ofstream(path) << "this is no database, but a long enough line of text that nobody should overwrite";
  EXPECT_FALSE(SqliteSaver::open({.path = path}));
}

}  // namespace
}  // namespace docmind::graph
