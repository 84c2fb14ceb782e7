#include "store/impl/connection.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include "store/foreign.h"
#include "store/impl/okapi.h"
#include "store/impl/sqlite_error.h"
#include "store/impl/tokenizer.h"

namespace docmind::store {
namespace {

constexpr std::size_t kIdleStatements = 128;
constexpr int kPagesBetweenChecks = 1024;  // 4 MiB.
constexpr int kStepsBetweenChecks = 2000;  // Virtual-machine steps: well under a millisecond.

// https://sqlite.org/uri.html
std::string read_only_uri(const std::string& file) {
  std::string out = "file:";
  for (const char c : file) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
                       c == '.' || c == '-' || c == '_';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out + "?mode=ro&immutable=1";
}

}  // namespace

Result<> check_time(const Deadline& deadline, const std::stop_token& stop) {
  if (stop.stop_requested()) return Error{Code::kCancelled, "Stopped before it was done.", ""};
  if (deadline.expired()) return Error{Code::kDeadlineExceeded, "The library took longer than allowed.", ""};
  return {};
}

Result<std::unique_ptr<Connection>> Connection::open(const DatabaseOptions& options, Role role) {
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  flags |= role == Role::kForeign ? SQLITE_OPEN_READONLY | SQLITE_OPEN_URI : SQLITE_OPEN_READWRITE;
  if (role == Role::kWriter) flags |= SQLITE_OPEN_CREATE;
  sqlite3* handle = nullptr;
  const char* vfs = options.vfs.empty() ? nullptr : options.vfs.c_str();
  const std::string path = role == Role::kForeign ? read_only_uri(options.path) : options.path;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, vfs);
  std::unique_ptr<Connection> connection(new Connection(options, role, handle));
  if (code != SQLITE_OK) return connection->failure(code);
  DM_TRY(connection->configure());
  return connection;
}

Result<> Connection::configure() {
  sqlite3_busy_timeout(handle_, static_cast<int>(options_.busy_ms));
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  keep_log();  // A file that turns out not to be ours is left as it was.
  if (role_ != Role::kForeign && sqlite3_db_readonly(handle_, "main") == 1) return failure(SQLITE_READONLY);
  DM_TRY(
      script("PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY; PRAGMA mmap_size=0; PRAGMA cell_size_check=ON;"
             "PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-16384"));
  if (role_ == Role::kForeign) sqlite3_limit(handle_, SQLITE_LIMIT_LENGTH, static_cast<int>(kLargestForeignValue));
  if (role_ != Role::kWriter) DM_TRY(script("PRAGMA query_only=ON"));
  if (!options_.tokenizer_name.empty()) {
    DM_TRY(register_tokenizer(handle_, options_.tokenizer_name, options_.tokenizer));
    DM_TRY(register_okapi(handle_));
  }
  return {};
}

Result<> Connection::make_writable() {
  DM_TRY(script("PRAGMA journal_mode=WAL"));
  auto mode = DM_TRY(query("PRAGMA journal_mode", {}));
  if (!DM_TRY(mode.step()) || mode.text(0) != "wal") {
    return Error{Code::kInvalidArgument, fmt::format("The folder of {} cannot hold a write-ahead log.", options_.path),
                 "Choose a folder on a local disk with --data DIR."};
  }
  const bool full = options_.durability == Durability::kFull;
  DM_TRY(script(full ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL"));
  DM_TRY(script("PRAGMA secure_delete=ON"));
  page_bytes_ = static_cast<std::uint64_t>(DM_TRY(number("PRAGMA page_size")));
  sqlite3_wal_hook(handle_, on_log, this);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
  return {};
}

Connection::~Connection() {
  for (auto& [sql, statement] : idle_) sqlite3_finalize(statement);
  const int code = sqlite3_close(handle_);
  DM_CHECK(code == SQLITE_OK);  // A Statement outlived its connection.
}

int Connection::on_log(void* self, sqlite3* /*handle*/, const char* /*name*/, int pages) {
  static_cast<Connection*>(self)->log_pages_ = static_cast<std::uint64_t>(pages);
  return SQLITE_OK;
}

int Connection::on_progress(void* self) {
  auto* connection = static_cast<Connection*>(self);
  return check_time(connection->deadline_, connection->stop_) ? 0 : 1;
}

void Connection::watch(Deadline deadline, std::stop_token stop) {
  deadline_ = deadline;
  stop_ = std::move(stop);
  sqlite3_progress_handler(handle_, kStepsBetweenChecks, on_progress, this);
}

void Connection::unwatch() {
  sqlite3_progress_handler(handle_, 0, nullptr, nullptr);
  deadline_ = Deadline::never();
  stop_ = {};
}

Error Connection::failure(int code) {
  if (is_disk_failure(code)) disk_failed_ = true;
  if ((code & 0xff) == SQLITE_INTERRUPT) {
    Result<> time = check_time(deadline_, stop_);
    return time ? Error{Code::kCancelled, "Stopped before it was done.", ""} : time.error();
  }
  const char* detail = handle_ != nullptr ? sqlite3_errmsg(handle_) : sqlite3_errstr(code);
  Error error = sqlite_error(code, detail, options_.path);
  if (role_ == Role::kForeign && !error.hint.empty())
    error.hint = "It is another program's file: try another copy of it.";
  return error;
}

Result<sqlite3_stmt*> Connection::prepare(std::string_view sql) {
  if (auto found = idle_.find(sql); found != idle_.end()) {
    sqlite3_stmt* statement = found->second;
    idle_.erase(found);
    return statement;
  }
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                      &statement, nullptr);
  if (code != SQLITE_OK) return failure(code);
  return statement;
}

void Connection::give_back(sqlite3_stmt* statement) {
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  if (idle_.size() < kIdleStatements) {
    idle_.emplace(sqlite3_sql(statement), statement);
  } else {
    sqlite3_finalize(statement);
  }
}

Result<Statement> Connection::query(std::string_view sql, std::initializer_list<Value> values) {
  Statement statement(*this, DM_TRY(prepare(sql)));
  int parameter = 0;
  for (const Value& value : values) DM_TRY(statement.bind(++parameter, value));
  return statement;
}

Result<std::int64_t> Connection::run(std::string_view sql, std::initializer_list<Value> values) {
  auto statement = DM_TRY(query(sql, values));
  while (DM_TRY(statement.step())) {
  }
  return static_cast<std::int64_t>(sqlite3_changes64(handle_));
}

Result<std::int64_t> Connection::number(std::string_view sql) {
  auto statement = DM_TRY(query(sql, {}));
  return DM_TRY(statement.step()) ? statement.integer(0) : std::int64_t{0};
}

Result<> Connection::script(const std::string& sql) {
  const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failure(code);
  return {};
}

void Connection::keep_log() { sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr); }

bool Connection::in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }

std::int64_t Connection::last_row_id() const { return sqlite3_last_insert_rowid(handle_); }

Result<bool> Connection::checkpoint(Checkpoint kind) {
  const bool truncate = kind == Checkpoint::kTruncate;
  if (truncate) sqlite3_busy_timeout(handle_, 0);  // Never make the writer wait for a reader.
  const int code = sqlite3_wal_checkpoint_v2(
      handle_, "main", truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (truncate) sqlite3_busy_timeout(handle_, static_cast<int>(options_.busy_ms));
  if ((code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED) return false;
  if (code != SQLITE_OK) return failure(code);
  if (truncate) log_pages_ = 0;
  return true;
}

Result<> Connection::copy_to(Connection& to) {
  sqlite3_backup* copying = sqlite3_backup_init(to.handle_, "main", handle_, "main");
  if (copying == nullptr) return to.failure(sqlite3_extended_errcode(to.handle_));
  Result<> time;
  int code = SQLITE_OK;
  while (code == SQLITE_OK && time) {
    code = sqlite3_backup_step(copying, kPagesBetweenChecks);
    time = check_time(deadline_, stop_);
  }
  const int ended = sqlite3_backup_finish(copying);
  if (!time && code != SQLITE_DONE) return time;
  if (ended != SQLITE_OK) return to.failure(ended);
  return {};
}

Result<> Connection::leave_log() {
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
  return script("PRAGMA journal_mode=DELETE");
}

}  // namespace docmind::store
