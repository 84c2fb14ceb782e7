#include "store/copy.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <filesystem>
#include <memory>

#include "store/impl/connection.h"
#include "store/impl/migrator.h"

namespace docmind::store {
namespace {

Result<std::unique_ptr<Connection>> open_to_read(const DatabaseOptions& options, const Deadline& deadline,
                                                 const std::stop_token& stop) {
  DM_TRY(check_sqlite_version(sqlite3_libversion_number()));
  DM_TRY(check_time(deadline, stop));
  std::error_code ignored;
  if (!std::filesystem::exists(options.path, ignored)) {
    return Error{Code::kNotFound, fmt::format("There is no {}.", options.path)};
  }
  auto connection = DM_TRY(Connection::open(options, Connection::Role::kReader));
  connection->watch(deadline, stop);
  DM_TRY(connection->script("BEGIN"));
  DM_TRY(identify(*connection, options));  // The first read: from here on it sees one moment.
  return connection;
}

std::string sql_name(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

Result<Contents> contents_of(Connection& connection) {
  Contents out;
  out.schema = static_cast<std::uint32_t>(DM_TRY(connection.number("PRAGMA user_version")));
  std::vector<std::string> tables;
  {
    Statement rows = DM_TRY(connection.query("SELECT name FROM sqlite_schema WHERE type='table' AND rootpage>0", {}));
    while (DM_TRY(rows.step())) tables.emplace_back(rows.text(0));
  }
  for (const std::string& table : tables) {
    const std::int64_t count = DM_TRY(connection.number("SELECT count(*) FROM " + sql_name(table)));
    out.rows.emplace(table, static_cast<std::uint64_t>(count));
  }
  return out;
}

Result<> check_sound(Connection& connection, const std::string& path) {
  Statement rows = DM_TRY(connection.query("PRAGMA integrity_check(1)", {}));
  while (DM_TRY(rows.step())) {
    if (rows.text(0) == "ok") continue;
    return Error{Code::kDataLoss, fmt::format("{} is damaged: {}", path, rows.text(0)), "Use another copy."};
  }
  return {};
}

}  // namespace

Result<Contents> copy_database(const DatabaseOptions& from, const std::string& to, Deadline deadline,
                               std::stop_token stop) {
  const auto source = DM_TRY(open_to_read(from, deadline, stop));
  Contents contents = DM_TRY(contents_of(*source));
  DatabaseOptions fresh;
  fresh.path = to;
  fresh.vfs = from.vfs;
  const auto target = DM_TRY(Connection::open(fresh, Connection::Role::kWriter));
  DM_TRY(source->copy_to(*target));
  DM_TRY(target->leave_log());
  return contents;
}

Result<Contents> examine_database(const DatabaseOptions& file, Deadline deadline, std::stop_token stop) {
  const auto connection = DM_TRY(open_to_read(file, deadline, stop));
  DM_TRY(check_sound(*connection, file.path));
  return contents_of(*connection);
}

Result<std::vector<std::string>> query_column(const DatabaseOptions& file, std::string_view sql, Deadline deadline,
                                              std::stop_token stop) {
  const auto connection = DM_TRY(open_to_read(file, deadline, stop));
  std::vector<std::string> out;
  Statement rows = DM_TRY(connection->query(sql, {}));
  while (DM_TRY(rows.step())) out.emplace_back(rows.text(0));
  return out;
}

}  // namespace docmind::store
