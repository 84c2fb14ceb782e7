// A process that is killed at every boundary of a run: nothing is lost, nothing is done twice, and the thread comes to
// the same end. LangGraph has three durabilities (sync, async, exit); ours has one on purpose, a superstep is stored
// before the next begins. What differs is what the disk is asked for: both kinds of store::Durability hold against a
// kill.
#include "graph/sqlite/testing/thread_of_effects.h"
#include "store/testing/fault_vfs.h"

namespace docmind::graph::sqlite {
namespace {

using store::testing::FaultVfs;
using testing::status_of_child;
using testing::ThreadOfEffects;

// Passes everything on; each call that writes has a boundary before it and one after it.
class BoundedSaver final : public Saver {
 public:
  BoundedSaver(Saver& saver, std::function<void()> boundary) : saver_(saver), boundary_(std::move(boundary)) {}
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

 private:
  template <typename Call>
  Result<> around(const Call& call) {
    boundary_();
    Result<> done = call();
    boundary_();
    return done;
  }
  Saver& saver_;
  const std::function<void()> boundary_;
};

// One life of the process: goes on until the thread is done, or dies.
int live(ThreadOfEffects& thread, Saver& saver) {
  for (int turn = 0; turn < 4; ++turn) {
    if (thread.go_on(saver)) return 0;
  }
  return 12;
}

int live_until_boundary(const std::filesystem::path& folder, int die_at) {
  int left = die_at;
  const auto boundary = [&left] {
    if (left-- == 0) kill(getpid(), SIGKILL);
  };
  FaultVfs faults;
  faults.syncs_for_real = false;
  ThreadOfEffects thread(folder, boundary);
  auto opened = SqliteSaver::open({.path = thread.database(), .vfs = FaultVfs::kName});
  if (!opened) return 10;
  BoundedSaver saver(**opened, boundary);
  return live(thread, saver);
}

TEST(SqliteSaverCrash, E2_KilledAtEveryCallAndEffectNothingIsLostOrDoubled) {
  int boundaries = 0;
  for (bool died = true; died; ++boundaries) {
    store::testing::TempFolder folder;
    const int first = status_of_child([&] { return live_until_boundary(folder.path(), boundaries); });
    died = WIFSIGNALED(first);
    const int second = died ? status_of_child([&] { return live_until_boundary(folder.path(), -1); }) : first;
    ASSERT_EQ(second, 0) << "boundary " << boundaries;
    ThreadOfEffects(folder.path()).expect_whole("boundary " + std::to_string(boundaries));
  }
  EXPECT_GT(boundaries, 16);
}

struct Death {
  const char* name;
  store::Durability durability;
  bool half_way;
};

class SqliteSaverCrashAtEveryWrite : public ::testing::TestWithParam<Death> {
 protected:
  static int live_until_write(const std::filesystem::path& folder, int die_at) {
    FaultVfs faults;
    faults.syncs_for_real = false;
    faults.dies_half_way = GetParam().half_way;
    faults.changes_before_death = die_at;
    ThreadOfEffects thread(folder);
    auto opened =
        SqliteSaver::open({.path = thread.database(), .durability = GetParam().durability, .vfs = FaultVfs::kName});
    if (!opened) return 10;
    const int end = live(thread, **opened);
    opened->reset();  // It may die while the log is emptied as well.
    return end;
  }
};

// Every write, sync, truncation and removal that SQLite makes for the run, and for closing the file.
TEST_P(SqliteSaverCrashAtEveryWrite, E2_NothingIsLostOrDoubled) {
  store::testing::TempFolder made;
  ASSERT_TRUE(SqliteSaver::open({.path = (made / "s.db").string()}));  // Its tables are there from the start.
  int writes = 0;
  for (bool died = true; died; ++writes) {
    store::testing::TempFolder folder;
    std::filesystem::copy_file(made / "s.db", folder / "s.db");
    const int first = status_of_child([&] { return live_until_write(folder.path(), writes); });
    died = WIFSIGNALED(first);
    const int second =
        died ? status_of_child([&] { return live_until_write(folder.path(), FaultVfs::kNever); }) : first;
    ASSERT_EQ(second, 0) << "write " << writes;
    ThreadOfEffects(folder.path()).expect_whole("write " + std::to_string(writes));
    if (HasFailure()) return;
  }
  EXPECT_GT(writes, 50);
}

INSTANTIATE_TEST_SUITE_P(, SqliteSaverCrashAtEveryWrite,
                         ::testing::Values(Death{"Full", store::Durability::kFull, false},
                                           Death{"Normal", store::Durability::kNormal, false},
                                           Death{"HalfWay", store::Durability::kFull, true}),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace docmind::graph::sqlite
