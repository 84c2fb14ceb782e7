#include "store/foreign.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>

#include "store/impl/connection.h"
#include "sys/fd.h"
#include "sys/files.h"

namespace docmind::store {
namespace {

namespace fs = std::filesystem;

// What its program wrote and did not put into the file yet.
bool has_open_log(const fs::path& file) {
  for (const char* log : {"-wal", "-journal"}) {
    fs::path beside = file;
    beside += log;
    std::error_code failed;
    const auto bytes = fs::file_size(beside, failed);
    if (!failed && bytes > 0) return true;
  }
  return false;
}

}  // namespace

std::string bounded(std::string_view column) {
  return fmt::format("CASE WHEN octet_length({0})<={1} THEN {0} END", column, kLargestForeignValue);
}

ForeignDatabase::ForeignDatabase() = default;
ForeignDatabase::~ForeignDatabase() = default;

Result<std::unique_ptr<ForeignDatabase>> ForeignDatabase::open(const fs::path& file, Deadline deadline,
                                                               std::stop_token stop) {
  DM_TRY(check_sqlite_version(sqlite3_libversion_number()));
  std::error_code failed;
  const fs::path whole = fs::absolute(file, failed);
  if (!fs::is_regular_file(whole, failed))
    return Error{Code::kNotFound, "There is no " + whole.filename().string() + "."};
  if (const sys::Fd readable(::open(whole.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)); !readable)
    return sys::error_of(errno, "read " + sys::printable(whole));
  if (has_open_log(whole)) {
    return Error{Code::kConflict, whole.filename().string() + " is in use: its program has not put all into it yet.",
                 "Stop that program first."};
  }
  std::unique_ptr<ForeignDatabase> out(new ForeignDatabase());
  out->options_.path = whole.string();
  out->connection_ = DM_TRY(Connection::open(out->options_, Connection::Role::kForeign));
  out->connection_->watch(deadline, std::move(stop));
  DM_TRY(out->connection_->number("SELECT count(*) FROM sqlite_schema"));
  return out;
}

Result<Statement> ForeignDatabase::query(std::string_view sql, std::initializer_list<Value> values) {
  return connection_->query(sql, values);
}

Result<bool> ForeignDatabase::has(std::string_view table, std::string_view column) {
  Statement rows =
      DM_TRY(query("SELECT 1 FROM sqlite_schema s JOIN pragma_table_info(s.name) c WHERE s.type='table' AND "
                   "s.rootpage>0 AND s.name=?1 AND c.name=?2",
                   {table, column}));
  return rows.step();
}

}  // namespace docmind::store
