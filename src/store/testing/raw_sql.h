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

}  // namespace docmind::store::testing
