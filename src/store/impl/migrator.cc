#include "store/impl/migrator.h"

#include <fmt/format.h>

#include <algorithm>

namespace docmind::store {
namespace {

Error newer_program(const DatabaseOptions& options) {
  return {Code::kConflict, fmt::format("{} was written by a newer version of this program.", options.path),
          "Update this program, or restore the backup made before the update."};
}

std::uint32_t newest(const DatabaseOptions& options) {
  return options.migrations.empty() ? 0 : options.migrations.back().version;
}

Result<> record(Connection& connection, const Migration& step) {
  DM_TRY(connection.run("INSERT INTO schema_migrations(version, min_reader) VALUES(?, ?)",
                        {step.version, step.min_reader}));
  return connection.script(fmt::format("PRAGMA user_version={}", step.version));
}

Result<> forget(Connection& connection, const Migration& step) {
  DM_TRY(connection.run("DELETE FROM schema_migrations WHERE version=?", {step.version}));
  return connection.script(fmt::format("PRAGMA user_version={}", step.version - 1));
}

// One step in one transaction: the old schema or the new one, never between.
enum class Direction : std::uint8_t { kUp, kDown };

Result<> apply(Connection& connection, const Migration& step, Direction direction) {
  const bool up = direction == Direction::kUp;
  DM_TRY(connection.script("BEGIN IMMEDIATE"));
  Result<> done = connection.script(up ? step.up : step.down);
  if (done) done = up ? record(connection, step) : forget(connection, step);
  if (done) done = connection.script("COMMIT");
  if (!done && connection.in_transaction()) {
    Result<> undone = connection.script("ROLLBACK");
    if (!undone) return undone;
  }
  return std::move(done).with(
      fmt::format("{} to schema version {}", up ? "going up" : "going down", up ? step.version : step.version - 1));
}

Result<> prepare_file(Connection& connection, const DatabaseOptions& options) {
  DM_TRY(connection.make_writable());
  if (DM_TRY(connection.number("SELECT count(*) FROM sqlite_schema WHERE name='schema_migrations'")) > 0) return {};
  return connection.script(
      fmt::format("BEGIN IMMEDIATE; PRAGMA application_id={};"
                  "CREATE TABLE IF NOT EXISTS schema_migrations(version INTEGER PRIMARY KEY, min_reader INTEGER NOT "
                  "NULL) STRICT; COMMIT",
                  static_cast<std::int32_t>(options.application_id)));
}

}  // namespace

Result<std::uint32_t> identify(Connection& connection, const DatabaseOptions& options) {
  const std::int64_t tables = DM_TRY(connection.number("SELECT count(*) FROM sqlite_schema"));
  const std::int64_t mark = DM_TRY(connection.number("PRAGMA application_id"));
  const auto version = static_cast<std::uint32_t>(DM_TRY(connection.number("PRAGMA user_version")));
  if (static_cast<std::uint32_t>(mark) != options.application_id && (tables > 0 || mark != 0)) {
    return Error{Code::kConflict, fmt::format("{} is the database of another program.", options.path),
                 "Choose another data directory with --data DIR."};
  }
  if (version > newest(options)) {
    const std::int64_t readable =
        DM_TRY(connection.number("SELECT min_reader FROM schema_migrations ORDER BY version DESC LIMIT 1"));
    if (readable > newest(options)) return newer_program(options);
  }
  return version;
}

Result<std::uint32_t> migrate(Connection& connection, const DatabaseOptions& options,
                              std::optional<std::uint32_t> target) {
  std::uint32_t version = DM_TRY(identify(connection, options));
  const std::uint32_t wanted = target.value_or(std::max(version, newest(options)));
  if (target && version > newest(options)) return newer_program(options);
  if (target && wanted > newest(options)) {
    return Error{Code::kInvalidArgument, fmt::format("There is no schema version {}.", wanted), ""};
  }
  DM_TRY(prepare_file(connection, options));
  for (; version < wanted; ++version) DM_TRY(apply(connection, options.migrations[version], Direction::kUp));
  for (; version > wanted; --version) DM_TRY(apply(connection, options.migrations[version - 1], Direction::kDown));
  return version;
}

}  // namespace docmind::store
