#include <grp.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "store/database.h"
#include "sys/testing/temp_folder.h"

namespace docmind::store {
namespace {

constexpr std::uint32_t kMark = 0x444f434dU;

DatabaseOptions versions(const std::string& path, std::uint32_t upto) {
  const std::vector<Migration> all = {
      {.version = 1, .up = "CREATE TABLE a(x); INSERT INTO a VALUES(1)", .down = "DROP TABLE a"},
      {.version = 2, .up = "ALTER TABLE a ADD COLUMN y; UPDATE a SET y=2", .down = "ALTER TABLE a DROP COLUMN y"},
      {.version = 3, .up = "CREATE TABLE b(z)", .down = "DROP TABLE b", .min_reader = 2},
  };
  DatabaseOptions options;
  options.path = path;
  options.application_id = kMark;
  options.migrations.assign(all.begin(), all.begin() + upto);
  return options;
}

std::string schema_of(const std::string& path) {
  sqlite3* handle = nullptr;
  EXPECT_EQ(sqlite3_open(path.c_str(), &handle), SQLITE_OK);
  std::string out;
  const auto append = [](void* to, int, char** values, char**) {
    *static_cast<std::string*>(to) += std::string(values[0] != nullptr ? values[0] : "-") + "\n";
    return 0;
  };
  sqlite3_exec(handle, "SELECT sql FROM sqlite_schema ORDER BY name", append, &out, nullptr);
  sqlite3_exec(handle, "PRAGMA user_version", append, &out, nullptr);
  sqlite3_close(handle);
  return out;
}

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return (std::ostringstream() << file.rdbuf()).str();
}

class MigratorTest : public ::testing::Test {
 protected:
  sys::TempFolder folder_;
  std::string path_ = (folder_ / "m.db").string();
};

TEST_F(MigratorTest, UpDownUp) {
  ASSERT_TRUE(Database::open(versions(path_, 1)));
  const std::string first = schema_of(path_);
  {
    auto newest = Database::open(versions(path_, 3));
    ASSERT_TRUE(newest);
    EXPECT_EQ((*newest)->schema_version(), 3U);
  }
  const std::string third = schema_of(path_);
  EXPECT_NE(first, third);
  ASSERT_TRUE(Database::migrate(versions(path_, 3), 1));
  EXPECT_EQ(schema_of(path_), first);
  ASSERT_TRUE(Database::migrate(versions(path_, 3), 3));
  EXPECT_EQ(schema_of(path_), third);
  ASSERT_TRUE(Database::migrate(versions(path_, 3), 0));
  EXPECT_FALSE(Database::migrate(versions(path_, 3), 4));
}

TEST_F(MigratorTest, AStepThatFailsLeavesTheOldSchema) {
  ASSERT_TRUE(Database::open(versions(path_, 1)));
  const std::string before = schema_of(path_);
  DatabaseOptions broken = versions(path_, 2);
  broken.migrations[1].up = "ALTER TABLE a ADD COLUMN y; UPDATE a SET y=2; INSERT INTO nowhere VALUES(1)";
  auto opened = Database::open(broken);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("version 2"), std::string::npos);
  EXPECT_EQ(schema_of(path_), before);
  auto repaired = Database::open(versions(path_, 2));
  ASSERT_TRUE(repaired);
  EXPECT_EQ((*repaired)->schema_version(), 2U);
}

TEST_F(MigratorTest, ANewerFileIsRefusedUntouchedOrReadWhenItSaysSo) {
  ASSERT_TRUE(Database::open(versions(path_, 3)));
  const std::string before = bytes_of(path_);
  auto old = Database::open(versions(path_, 1));
  ASSERT_FALSE(old);
  EXPECT_EQ(old.error().code, Code::kConflict);
  EXPECT_FALSE(Database::migrate(versions(path_, 1), 1));
  EXPECT_EQ(bytes_of(path_), before);
  EXPECT_TRUE(bytes_of(path_ + "-wal").empty());
  auto near = Database::open(versions(path_, 2));  // Version 3 says: min_reader 2.
  ASSERT_TRUE(near) << near.error().message;
  EXPECT_EQ((*near)->schema_version(), 3U);
}

TEST_F(MigratorTest, OtherFilesAreRefusedUntouched) {
  std::ofstream(path_) << std::string(5000, 'x');
  auto opened = Database::open(versions(path_, 1));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::kDataLoss);
  EXPECT_NE(opened.error().message.find("not a database"), std::string::npos) << opened.error().message;
  EXPECT_NE(opened.error().hint.find("move it away"), std::string::npos) << opened.error().hint;
  EXPECT_EQ(bytes_of(path_), std::string(5000, 'x'));

  const std::string theirs = (folder_ / "theirs.db").string();
  DatabaseOptions other = versions(theirs, 1);
  other.application_id = 7;
  ASSERT_TRUE(Database::open(other));
  const std::string before = bytes_of(theirs);
  auto mistaken = Database::open(versions(theirs, 1));
  ASSERT_FALSE(mistaken);
  EXPECT_EQ(mistaken.error().code, Code::kConflict);
  EXPECT_EQ(bytes_of(theirs), before);
}

TEST_F(MigratorTest, AMissingFolderIsSaid) {
  auto opened = Database::open(versions((folder_ / "no/such/m.db").string(), 1));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::kInvalidArgument);
  EXPECT_FALSE(opened.error().hint.empty());
}

// Root may write everywhere, so the child becomes nobody first.
TEST_F(MigratorTest, AFolderWithoutWritePermissionIsSaid) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root to become somebody else";
  ASSERT_TRUE(Database::open(versions(path_, 1)));
  std::filesystem::permissions(folder_.path(), std::filesystem::perms(0555));
  std::filesystem::permissions(path_, std::filesystem::perms(0444));
  const pid_t child = fork();
  if (child == 0) {
    if (setgroups(0, nullptr) != 0 || setgid(65534) != 0 || setuid(65534) != 0) _exit(9);
    auto existing = Database::open(versions(path_, 1));
    if (existing || existing.error().code != Code::kInvalidArgument) _exit(1);
    auto fresh = Database::open(versions((folder_ / "new.db").string(), 1));
    if (fresh || fresh.error().code != Code::kInvalidArgument) _exit(2);
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_FALSE(std::filesystem::exists((folder_ / "new.db").string()));
}

}  // namespace
}  // namespace docmind::store
