// SQL run on a closed file by SQLite itself, past everything that the store holds to: for tests that change what it
// keeps.
#pragma once
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>

namespace docmind::store::testing {

inline void run_raw(const std::filesystem::path& path, const char* sql) {
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &handle), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(handle, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(handle);
  sqlite3_close(handle);
}

// The one number that a query answers; -1 when it answers none.
inline int number_raw(const std::filesystem::path& path, const char* sql) {
  sqlite3* handle = nullptr;
  sqlite3_stmt* statement = nullptr;
  int number = -1;
  EXPECT_EQ(sqlite3_open(path.c_str(), &handle), SQLITE_OK);
  EXPECT_EQ(sqlite3_prepare_v2(handle, sql, -1, &statement, nullptr), SQLITE_OK) << sqlite3_errmsg(handle);
  if (sqlite3_step(statement) == SQLITE_ROW) number = sqlite3_column_int(statement, 0);
  sqlite3_finalize(statement);
  sqlite3_close(handle);
  return number;
}

}  // namespace docmind::store::testing
