// A SQLite file that another program wrote, to be read alone: anybody may have made it.
//
// It is opened as one that nobody writes (immutable), so nothing is made beside it; a log that was not worked in is
// refused, as its words would be missed. Its schema is not trusted, what is asked are tables alone, values have a
// bound, and all stops with the deadline. For one thread.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/deadline.h"
#include "base/result.h"
#include "store/database.h"

namespace docmind::store {

inline constexpr std::uint64_t kLargestForeignValue = 64ULL << 20U;  // Bytes; reading a larger one is an error.

// The column in a query, with nothing (NULL) for values that are larger.
std::string bounded(std::string_view column);

class ForeignDatabase final : public Source {
 public:
  // Errors: kNotFound, kUnauthorized, kConflict (its program has not closed it), kDataLoss (no database).
  static Result<std::unique_ptr<ForeignDatabase>> open(const std::filesystem::path& file, Deadline deadline,
                                                       std::stop_token stop);
  ~ForeignDatabase();
  ForeignDatabase(const ForeignDatabase&) = delete;
  ForeignDatabase& operator=(const ForeignDatabase&) = delete;

  Result<Statement> query(std::string_view sql, std::initializer_list<Value> values = {}) override;

  // An ordinary table, no view and nothing that a module computes, with that column.
  Result<bool> has(std::string_view table, std::string_view column);

 private:
  ForeignDatabase();
  DatabaseOptions options_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace docmind::store
