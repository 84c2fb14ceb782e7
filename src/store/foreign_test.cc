#include "store/foreign.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "store/database.h"
#include "sys/testing/temp_folder.h"

namespace docmind::store {
namespace {

namespace fs = std::filesystem;

class ForeignTest : public ::testing::Test {
 protected:
  fs::path make(const std::string& name, const std::string& sql) const {
    DatabaseOptions options;
    options.path = (folder_ / name).string();
    options.migrations = {{.version = 1, .up = sql, .down = ""}};
    EXPECT_TRUE(Database::open(std::move(options)));
    return folder_ / name;
  }
  static Result<std::unique_ptr<ForeignDatabase>> open(const fs::path& file) {
    return ForeignDatabase::open(file, Deadline::never(), {});
  }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()));
  }

  sys::TempFolder folder_;
};

TEST_F(ForeignTest, IsReadAndNothingIsMadeBesideIt) {
  const fs::path file = make("会话 100%?#.db", "CREATE TABLE t(a TEXT); INSERT INTO t VALUES('船')");
  const std::size_t before = files();
  const auto time = fs::last_write_time(file);
  {
    const auto database = open(file);
    ASSERT_TRUE(database) << database.error().message;
    auto rows = (*database)->query("SELECT a FROM t");
    ASSERT_TRUE(rows && *rows->step());
    EXPECT_EQ(rows->text(0), "船");
    EXPECT_FALSE((*database)->query("DELETE FROM t")->step());
    EXPECT_EQ(files(), before);
  }
  EXPECT_EQ(fs::last_write_time(file), time);
}

TEST_F(ForeignTest, OnlyOrdinaryTablesCount) {
  const auto database = open(make("a.db", "CREATE TABLE t(a); CREATE VIEW v AS SELECT a FROM t;"));
  ASSERT_TRUE(database);
  EXPECT_TRUE(*(*database)->has("t", "a"));
  EXPECT_FALSE(*(*database)->has("t", "b"));
  EXPECT_FALSE(*(*database)->has("v", "a"));
  EXPECT_FALSE(*(*database)->has("none", "a"));
}

TEST_F(ForeignTest, AValueThatIsTooLargeTakesNoOtherAlong) {
  const auto database = open(make("a.db",
                                  "CREATE TABLE t(a TEXT); INSERT INTO t VALUES('one'), "
                                  "(CAST(zeroblob(68000000) AS TEXT)), ('two')"));
  ASSERT_TRUE(database);
  auto rows = (*database)->query("SELECT " + bounded("a") + " FROM t");
  ASSERT_TRUE(rows);
  for (const char* text : {"one", "", "two"}) {
    const auto more = rows->step();
    ASSERT_TRUE(more && *more) << (more ? "" : more.error().message);
    EXPECT_EQ(rows->text(0), text);
  }
  auto whole = (*database)->query("SELECT a FROM t WHERE a>'two' OR a<'one'");
  EXPECT_FALSE(whole && whole->step());
}

TEST_F(ForeignTest, ErrorsNameTheFileAndDoNotSpeakOfOurs) {
  const fs::path file = folder_.write("text.db", std::string(500, 'x'));
  const auto none = open(file);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().message, file.string() + " is not a database file, or it is encrypted.");
  EXPECT_EQ(none.error().hint, "It is another program's file: try another copy of it.");
}

TEST_F(ForeignTest, WhatIsNoneOrOpenOrTakesTooLongIsAnError) {
  EXPECT_EQ(open(folder_ / "none.db").error().code, Code::kNotFound);
  EXPECT_EQ(open(folder_.write("text.db", std::string(500, 'x'))).error().code, Code::kDataLoss);
  const fs::path file = make("a.db", "CREATE TABLE t(a); INSERT INTO t VALUES(1)");
  folder_.write("a.db-wal", "words that are not in the file yet");
  EXPECT_EQ(open(file).error().code, Code::kConflict);
  fs::remove(folder_ / "a.db-wal");
  std::stop_source stop;
  const auto database = ForeignDatabase::open(file, Deadline::never(), stop.get_token());
  ASSERT_TRUE(database);
  auto rows = (*database)->query("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT max(i) FROM n");
  ASSERT_TRUE(rows);
  stop.request_stop();
  EXPECT_EQ(rows->step().error().code, Code::kCancelled);
}

// SQLite tells the name that its schema has, whoever wrote that.
TEST_F(ForeignTest, WhatItSaysIsPrintable) {
  const fs::path file = make("a.db", "CREATE TABLE aaaaa(a)");
  std::string bytes;
  {
    std::ifstream in(file, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), {});
  }
  for (std::size_t at = 0; (at = bytes.find("aaaaa", at)) != std::string::npos;) bytes.replace(at, 5, "a\x1b[2\xff");
  const auto database = open(folder_.write("b.db", bytes));
  ASSERT_FALSE(database);
  EXPECT_EQ(database.error().code, Code::kDataLoss);
  EXPECT_NE(database.error().message.find("malformed database schema (a\uFFFD[2\uFFFD)"), std::string::npos)
      << database.error().message;
}

}  // namespace
}  // namespace docmind::store
