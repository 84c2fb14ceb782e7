// One SQLite connection with its statement cache. Used by one thread at a time.
#pragma once
#include <initializer_list>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/deadline.h"
#include "base/result.h"
#include "store/database.h"
#include "store/statement.h"

struct sqlite3;
struct sqlite3_stmt;

namespace docmind::store {

class Connection {
 public:
  // kForeign: another program's file, opened as one that nobody writes meanwhile; nothing of ours is made beside it.
  enum class Role : std::uint8_t { kReader, kWriter, kForeign };

  // `options` must outlive the connection. Nothing is written by opening.
  static Result<std::unique_ptr<Connection>> open(const DatabaseOptions& options, Role role);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  // The settings that may write to the file: to be called once it is known to be ours.
  Result<> make_writable();

  Result<Statement> query(std::string_view sql, std::initializer_list<Value> values);
  Result<std::int64_t> run(std::string_view sql, std::initializer_list<Value> values);
  Result<> script(const std::string& sql);            // Several statements whose rows are ignored.
  Result<std::int64_t> number(std::string_view sql);  // The one value of a query.

  // Until unwatch(), statements stop when this time is over.
  void watch(Deadline deadline, std::stop_token stop);
  void unwatch();

  bool in_transaction() const;
  bool disk_failed() const { return disk_failed_; }  // Seen at any time since open.
  std::int64_t last_row_id() const;

  // Moves what is in the log into the file. kPassive takes what readers allow, kTruncate also empties the log and
  // answers false when a reader still needs it.
  enum class Checkpoint : std::uint8_t { kPassive, kTruncate };
  Result<bool> checkpoint(Checkpoint kind);
  void keep_log();  // Closing shall not touch file or log: the next start recovers from them.
  std::uint64_t log_bytes() const { return log_pages_ * page_bytes_; }

  // The whole database as this connection's snapshot sees it (it must have one) into that of `to`, which is empty.
  Result<> copy_to(Connection& to);
  Result<> leave_log();  // The file is whole without one from here on.

  // For Statement.
  Error failure(int code);
  void give_back(sqlite3_stmt* statement);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  Connection(const DatabaseOptions& options, Role role, sqlite3* handle)
      : options_(options), role_(role), handle_(handle) {}
  Result<> configure();
  Result<sqlite3_stmt*> prepare(std::string_view sql);
  static int on_progress(void* self);
  static int on_log(void* self, sqlite3*, const char*, int pages);

  const DatabaseOptions& options_;
  const Role role_;
  sqlite3* handle_;
  std::unordered_multimap<std::string, sqlite3_stmt*, Hash, std::equal_to<>> idle_;
  Deadline deadline_;
  std::stop_token stop_;
  bool disk_failed_ = false;
  std::uint64_t log_pages_ = 0;
  std::uint64_t page_bytes_ = 4096;
};

// kCancelled or kDeadlineExceeded when the time is over.
Result<> check_time(const Deadline& deadline, const std::stop_token& stop);

}  // namespace docmind::store
