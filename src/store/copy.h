// A copy of a SQLite file at one moment, while others read and write it, and what a file holds.
//
// Thread safety: plain functions, on connections of their own; from any process that has this SQLite. The file that is
// read is never written, nor its log emptied. While a copy is made, its log cannot be emptied by its writer either.
#pragma once
#include <cstdint>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "store/database.h"

namespace docmind::store {

struct Contents {
  std::uint32_t schema = 0;                                // user_version
  std::map<std::string, std::uint64_t, std::less<>> rows;  // Of each table that has pages of its own.
  bool operator==(const Contents&) const = default;
};

// Into the new file `to`, whole without a log. What the copied moment holds: everything that was acknowledged before
// the call, whole transactions alone. Errors: kNotFound (there is no such file), kConflict (not ours, or too new),
// kDataLoss (damaged), kResourceExhausted (disk full); `to` may then be there in part.
Result<Contents> copy_database(const DatabaseOptions& from, const std::string& to, Deadline deadline,
                               std::stop_token stop);

// Of a file that is sound by SQLite's full check; kDataLoss when it is not, else as above. It may not be opened by
// anybody else, and must be writable, though nothing is written.
Result<Contents> examine_database(const DatabaseOptions& file, Deadline deadline, std::stop_token stop);

// The first column of a query's rows, as text.
Result<std::vector<std::string>> query_column(const DatabaseOptions& file, std::string_view sql, Deadline deadline,
                                              std::stop_token stop);

}  // namespace docmind::store
