// What the disk or a kill may do: nothing acknowledged is lost, nothing half done is kept.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>

#include "base/rng.h"
#include "store/database.h"
#include "store/testing/fault_vfs.h"
#include "sys/testing/temp_folder.h"

namespace docmind::store {
namespace {

DatabaseOptions options_at(const std::string& path) {
  DatabaseOptions options;
  options.path = path;
  options.migrations = {{.version = 1,
                         .up = "CREATE TABLE note(id INTEGER PRIMARY KEY, words TEXT NOT NULL) STRICT",
                         .down = "DROP TABLE note"}};
  return options;
}

Result<> add(Database& database, std::int64_t id) {
  return database.write(
      [id](Transaction& t) -> Result<> {
        // Two rows per write: finding one of them alone would mean half a transaction.
        const std::string words(500, 'w');
        DM_TRY(t.run("INSERT INTO note(id, words) VALUES(?, ?)", {2 * id, words}));
        DM_TRY(t.run("INSERT INTO note(id, words) VALUES(?, ?)", {2 * id + 1, words}));
        return {};
      },
      Deadline::never(), {});
}

std::vector<std::int64_t> ids(Database& database) {
  auto reader = *database.read(Deadline::never(), {});
  auto rows = *reader.query("SELECT id FROM note ORDER BY id");
  std::vector<std::int64_t> out;
  while (*rows.step()) out.push_back(rows.integer(0));
  return out;
}

TEST(Durability, AFailedSyncStopsTheWriterForGood) {
  sys::TempFolder folder;
  testing::FaultVfs faults;
  DatabaseOptions options = options_at((folder / "a.db").string());
  options.vfs = testing::FaultVfs::kName;
  {
    auto database = *Database::open(options);
    ASSERT_TRUE(add(*database, 0));
    faults.syncs_before_failure = 0;
    Result<> failed = add(*database, 1);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, Code::kDataLoss);
    EXPECT_FALSE(database->health());
    const int syncs = faults.failed_syncs;
    faults.syncs_before_failure = testing::FaultVfs::kNever;  // The disk claims to be well again: do not believe it.
    EXPECT_EQ(add(*database, 2).error().code, Code::kDataLoss);
    EXPECT_EQ(faults.failed_syncs, syncs);
    EXPECT_EQ(ids(*database), (std::vector<std::int64_t>{0, 1}));  // Reading goes on.
  }
  auto again = Database::open(options);
  ASSERT_TRUE(again) << again.error().message;
  const auto found = ids(**again);
  EXPECT_GE(found.size(), 2U);  // The unanswered write may be there, whole.
  EXPECT_EQ(found.size() % 2, 0U);
  EXPECT_TRUE(add(**again, 5));
}

TEST(Durability, AFullDiskRefusesAndRecovers) {
  sys::TempFolder folder;
  testing::FaultVfs faults;
  DatabaseOptions options = options_at((folder / "a.db").string());
  options.vfs = testing::FaultVfs::kName;
  auto database = *Database::open(options);
  ASSERT_TRUE(add(*database, 0));
  std::int64_t next = 1;
  int refusals = 0;
  for (int room = 0; room < 12; ++room) {  // Full at each of the writes a commit makes.
    faults.writes_before_full = room;
    Result<> refused = add(*database, next);
    faults.writes_before_full = testing::FaultVfs::kNever;
    if (refused) {
      ++next;
      continue;
    }
    ++refusals;
    EXPECT_EQ(refused.error().code, Code::kResourceExhausted) << refused.error().message;
    EXPECT_EQ(ids(*database).size(), static_cast<std::size_t>(2 * next));
    ASSERT_TRUE(add(*database, next));
    ++next;
  }
  EXPECT_GT(refusals, 0);
  EXPECT_TRUE(database->health());
  EXPECT_EQ(ids(*database).size(), static_cast<std::size_t>(2 * next));
  EXPECT_TRUE((*database->check(Database::Depth::kFull, Deadline::never(), {})).empty());
}

// The child acknowledges each write through a pipe after it was answered, and dies at the given commit.
[[noreturn]] void write_until_killed(const DatabaseOptions& given, int pipe, std::uint64_t die_at, bool before_answer) {
  DatabaseOptions options = given;
  options.wal_bytes = 32U << 10U;  // Checkpoints often, so that the kill meets them too.
  if (before_answer) {
    options.after_commit = [die_at](std::uint64_t commits) {
      if (commits == die_at) kill(getpid(), SIGKILL);
    };
  }
  auto database = Database::open(options);
  if (!database) _exit(1);
  const auto seen = ids(**database);
  for (std::int64_t id = static_cast<std::int64_t>(seen.size()) / 2;; ++id) {
    if (!add(**database, id)) _exit(2);
    if (write(pipe, &id, sizeof id) != sizeof id) _exit(3);
    if (!before_answer && (*database)->commits() == die_at) kill(getpid(), SIGKILL);
  }
}

TEST(Durability, NothingAcknowledgedIsLostByKill) {
  sys::TempFolder folder;
  const DatabaseOptions options = options_at((folder / "a.db").string());
  SeededRng rng(7);
  std::int64_t acknowledged = -1;
  for (int round = 0; round < 30; ++round) {
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe(ends.data()), 0);
    const std::uint64_t die_at = 1 + rng.next() % 20;
    const bool before_answer = rng.next() % 2 == 0;
    const pid_t child = fork();
    if (child == 0) write_until_killed(options, ends[1], die_at, before_answer);
    close(ends[1]);
    std::int64_t id = 0;
    while (read(ends[0], &id, sizeof id) == sizeof id) acknowledged = id;
    close(ends[0]);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "exit " << WEXITSTATUS(status);
    auto database = Database::open(options);
    ASSERT_TRUE(database) << database.error().message;
    const auto found = ids(**database);
    ASSERT_EQ(found.size() % 2, 0U);
    ASSERT_GE(static_cast<std::int64_t>(found.size()), 2 * (acknowledged + 1));
    for (std::size_t i = 0; i < found.size(); ++i) ASSERT_EQ(found[i], static_cast<std::int64_t>(i));
    ASSERT_TRUE((*(*database)->check(Database::Depth::kFull, Deadline::never(), {})).empty());
  }
}

}  // namespace
}  // namespace docmind::store
