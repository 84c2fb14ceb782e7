#include "store/copy.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "store/testing/fault_vfs.h"
#include "sys/testing/temp_folder.h"

namespace docmind::store {
namespace {

namespace fs = std::filesystem;

DatabaseOptions options_at(const fs::path& path, std::uint32_t versions = 1) {
  DatabaseOptions options;
  options.path = path.string();
  options.application_id = 0x444f434dU;
  const std::vector<Migration> all = {
      {.version = 1, .up = "CREATE TABLE \"a note\"(id INTEGER PRIMARY KEY, words TEXT) STRICT", .down = ""},
      {.version = 2, .up = "CREATE TABLE more(id INTEGER PRIMARY KEY) STRICT", .down = "", .min_reader = 2}};
  options.migrations.assign(all.begin(), all.begin() + versions);
  return options;
}

// Two rows a write: one alone would be half a transaction.
Result<> add(Database& database, std::int64_t id) {
  return database.write(
      [id](Transaction& t) -> Result<> {
        const std::string words(3000, 'w');
        for (const std::int64_t row : {2 * id, 2 * id + 1}) {
          DM_TRY(t.run("INSERT INTO \"a note\"(id, words) VALUES(?, ?)", {row, words}));
        }
        return {};
      },
      Deadline::never(), {});
}

TEST(CopyDatabase, HoldsWhatWasAcknowledgedAndWholeTransactionsWhileOthersWrite) {
  const sys::TempFolder folder;
  const auto database = *Database::open(options_at(folder / "a.db"));
  std::atomic<std::int64_t> acknowledged = 0;
  std::jthread writer([&](const std::stop_token& stop) {
    for (std::int64_t id = 0; !stop.stop_requested(); ++id) {
      if (!add(*database, id)) return;
      acknowledged = id + 1;
    }
  });
  for (int copy = 0; copy < 5; ++copy) {
    const std::int64_t before = acknowledged;
    const fs::path to = folder / std::to_string(copy);
    const auto copied = copy_database(options_at(folder / "a.db"), to.string(), Deadline::never(), {});
    ASSERT_TRUE(copied) << copied.error().message;
    const std::uint64_t rows = copied->rows.at("a note");
    EXPECT_GE(rows, static_cast<std::uint64_t>(2 * before));
    EXPECT_EQ(rows % 2, 0U);
    EXPECT_FALSE(fs::exists(to.string() + "-wal"));
    const auto examined = examine_database(options_at(to), Deadline::never(), {});
    ASSERT_TRUE(examined) << examined.error().message;
    EXPECT_EQ(*examined, *copied);
    EXPECT_TRUE(Database::open(options_at(to)));
  }
  writer.request_stop();
  writer.join();
  EXPECT_TRUE(database->health());
}

TEST(CopyDatabase, LeavesAnUnclosedFileAndItsLogAsTheyAre) {
  const sys::TempFolder folder;
  const sys::TempFolder killed;
  {
    const auto database = *Database::open(options_at(folder / "a.db"));
    ASSERT_TRUE(add(*database, 1));
    for (const char* name : {"a.db", "a.db-wal"}) fs::copy_file(folder / name, killed / name);
  }
  const auto log = fs::file_size(killed / "a.db-wal");
  ASSERT_GT(log, 0U);
  const auto copied = copy_database(options_at(killed / "a.db"), (folder / "b").string(), Deadline::never(), {});
  ASSERT_TRUE(copied) << copied.error().message;
  EXPECT_EQ(copied->rows.at("a note"), 2U);
  EXPECT_EQ(fs::file_size(killed / "a.db-wal"), log);
}

TEST(CopyDatabase, AFullDiskIsSaid) {
  const sys::TempFolder folder;
  testing::FaultVfs faults;
  {
    const auto database = *Database::open(options_at(folder / "a.db"));
    for (int id = 0; id < 50; ++id) ASSERT_TRUE(add(*database, id));
  }
  DatabaseOptions from = options_at(folder / "a.db");
  from.vfs = testing::FaultVfs::kName;
  faults.writes_before_full = 20;
  const auto copied = copy_database(from, (folder / "b").string(), Deadline::never(), {});
  ASSERT_FALSE(copied);
  EXPECT_EQ(copied.error().code, Code::kResourceExhausted) << copied.error().message;
}

TEST(CopyDatabase, StopsAndRefusesWhatIsNotOurs) {
  const sys::TempFolder folder;
  {
    ASSERT_TRUE(Database::open(options_at(folder / "a.db", 2)));
  }
  const std::string to = (folder / "b").string();
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(copy_database(options_at(folder / "a.db", 2), to, Deadline::never(), stop.get_token()).error().code,
            Code::kCancelled);
  const auto newer = copy_database(options_at(folder / "a.db"), to, Deadline::never(), {});
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().code, Code::kConflict);
  EXPECT_NE(newer.error().message.find("newer version"), std::string::npos);
  EXPECT_EQ(copy_database(options_at(folder / "none"), to, Deadline::never(), {}).error().code, Code::kNotFound);
}

TEST(ExamineDatabase, FindsADamagedPage) {
  const sys::TempFolder folder;
  {
    const auto database = *Database::open(options_at(folder / "a.db"));
    for (int id = 0; id < 20; ++id) ASSERT_TRUE(add(*database, id));
  }
  const fs::path copy = folder / "b";
  ASSERT_TRUE(copy_database(options_at(folder / "a.db"), copy.string(), Deadline::never(), {}));
  std::fstream file(copy, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(3 * 4096 + 3);  // The cell count of a page.
  file.put('\x7f');
  file.close();
  const auto examined = examine_database(options_at(copy), Deadline::never(), {});
  ASSERT_FALSE(examined);
  EXPECT_EQ(examined.error().code, Code::kDataLoss);
}

TEST(QueryColumn, GivesTheFirstColumn) {
  const sys::TempFolder folder;
  {
    const auto database = *Database::open(options_at(folder / "a.db"));
    ASSERT_TRUE(add(*database, 4));
  }
  const auto ids =
      query_column(options_at(folder / "a.db"), "SELECT id FROM \"a note\" ORDER BY id", Deadline::never(), {});
  ASSERT_TRUE(ids) << ids.error().message;
  EXPECT_EQ(*ids, (std::vector<std::string>{"8", "9"}));
}

}  // namespace
}  // namespace docmind::store
