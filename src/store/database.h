// One SQLite file: one writer thread with group commit, and readers on connections of their own.
//
// Thread safety: Database from any thread; a Reader or Transaction belongs to the thread that uses it.
// Invariants: a write that was answered with success has been committed and (Durability::kFull) synced. Only the writer
// thread writes and checkpoints. After a disk error (EIO, failed fsync) the writer stops for good: the kernel may have
// dropped the pages, so trying again would lie (see reliability notes in docs/formats/library.md).
// SQLite before 3.51.3 is refused: its WAL can lose acknowledged commits (https://sqlite.org/wal.html#walresetbug).
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "store/statement.h"

namespace docmind::store {

// Oldest SQLite that is let near our files; see the header's first paragraph.
inline constexpr int kOldestSqlite = 3051003;
Result<> check_sqlite_version(int version);
std::string sqlite_version();  // Of the library in this program: "3.53.4".

enum class Durability : std::uint8_t {
  kFull,    // Survives power loss: what cannot be computed again.
  kNormal,  // Survives a crash of the program, may lose the newest commits on power loss: caches.
};

// A step of the schema. Scripts hold any number of SQL statements; each runs in one transaction with its version.
struct Migration {
  std::uint32_t version = 0;  // 1, 2, 3, ... without gaps.
  std::string up;
  std::string down;              // Undoes up.
  std::uint32_t min_reader = 1;  // Oldest schema version whose program can still work on a file of this one.
};

// Cuts text into terms for a full-text table. Calls emit for each term in order with its byte range in text;
// colocated: at the position of the one before (a part or synonym). query: the text comes from a MATCH expression.
using EmitTerm = std::function<void(std::string_view term, std::uint32_t start, std::uint32_t end, bool colocated)>;
using Tokenizer = std::function<void(std::string_view text, bool query, const EmitTerm& emit)>;

struct DatabaseOptions {
  std::string path;
  Durability durability = Durability::kFull;
  std::uint32_t application_id = 0;      // Marks the file as ours; a file with another mark is refused.
  std::vector<Migration> migrations;     // In order.
  std::string tokenizer_name;            // Its name in CREATE VIRTUAL TABLE; empty: none. Brings impl/okapi.h, too.
  Tokenizer tokenizer;                   // Called from several threads at once.
  std::size_t readers = 8;               // Connections at most; a reader beyond waits.
  std::size_t queue = 256;               // Writes waiting at most; one beyond is refused (kResourceExhausted).
  std::size_t group = 64;                // Writes in one commit at most.
  std::uint32_t busy_ms = 5000;          // Wait for another process's lock.
  std::uint64_t wal_bytes = 16U << 20U;  // Checkpoint when the log has grown to this.
  std::string vfs;                       // SQLite's file system by name; empty: the default. For fault tests.
  std::function<void(std::uint64_t commits)> after_commit;  // On the writer thread, before callers are answered.
};

// A snapshot: sees the database as it was when the Reader was made, whatever is committed meanwhile. Keep it short:
// the log cannot be emptied while it lives. Stops with kDeadlineExceeded or kCancelled when its time is over.
class Reader final : public Source {
 public:
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) = delete;
  ~Reader();

  Result<Statement> query(std::string_view sql, std::initializer_list<Value> values = {}) override;

 private:
  friend class Database;
  struct Lease;
  explicit Reader(std::unique_ptr<Lease> lease);
  std::unique_ptr<Lease> lease_;
};

// What a write closure works on. Undone as a whole when the closure returns an Error. Its statements fail with
// kDeadlineExceeded or kCancelled when the write's time is over.
class Transaction final : public Source {
 public:
  Result<Statement> query(std::string_view sql, std::initializer_list<Value> values = {}) override;

  // Runs a statement that returns no rows; the number of rows it changed.
  Result<std::int64_t> run(std::string_view sql, std::initializer_list<Value> values = {});

  std::int64_t last_row_id() const;

  // Calls fn on the writer thread once the commit has succeeded, in commit order, before the caller is answered.
  // fn must be short, may read, must not write.
  void on_commit(std::function<void()> fn);

  // Deleted content must not stay in the log: empty it after this commit, as soon as no reader needs it.
  void scrub_log();

 private:
  friend class Writer;
  Transaction(Connection& connection, Deadline deadline, std::stop_token stop)
      : connection_(connection), deadline_(deadline), stop_(std::move(stop)) {}

  Connection& connection_;
  Deadline deadline_;
  std::stop_token stop_;
  std::vector<std::function<void()>> committed_;
  bool scrub_ = false;
};

// Whether a write may share its commit with others that wait. Small ones should; one that changes thousands of rows is
// many times faster alone, because undoing it by itself then needs no journal in memory beside the log.
enum class Commit : std::uint8_t { kShared, kAlone };

class Database {
 public:
  // Creates the file if it is not there, and migrates it up. Errors: kConflict (another program's file, or a newer
  // program's: nothing is written), kDataLoss (not a database), kInvalidArgument (folder missing or not writable).
  static Result<std::unique_ptr<Database>> open(DatabaseOptions options);

  // Migrates the closed file up or down to `version`.
  static Result<> migrate(DatabaseOptions options, std::uint32_t version);

  ~Database();  // Writes what is queued, empties the log.

  // A snapshot on a pooled connection. Waits for a free one.
  Result<Reader> read(Deadline deadline, std::stop_token stop);

  // Runs fn on the writer thread inside a transaction and answers once it is committed. Writes that wait at the same
  // time share a commit; each is undone alone when its fn fails. A write whose time ends while it waits is withdrawn.
  // Errors: fn's own; kResourceExhausted (disk full, queue full; later writes may work), kDataLoss (disk error: no
  // write works until a restart), kDeadlineExceeded, kCancelled.
  template <typename Fn>
  std::invoke_result_t<Fn, Transaction&> write(Fn&& fn, Deadline deadline, std::stop_token stop,
                                               Commit commit = Commit::kShared) {
    using Answer = std::invoke_result_t<Fn, Transaction&>;
    std::optional<Answer> answer;
    Result<> done = write_erased(
        [&](Transaction& transaction) -> Result<> {
          answer.emplace(fn(transaction));
          if (!*answer) return answer->error();
          return {};
        },
        deadline, std::move(stop), commit);
    if (!done) return std::move(done).error();
    DM_CHECK(answer.has_value());  // What is committed was run.
    return *std::move(answer);
  }

  // Every problem SQLite finds in the file, none when it is sound. Quick leaves out comparing indexes with tables.
  enum class Depth : std::uint8_t { kQuick, kFull };
  Result<std::vector<std::string>> check(Depth depth, Deadline deadline, std::stop_token stop);

  // The Error every write would get, once the disk has failed.
  Result<> health() const;

  std::uint32_t schema_version() const;
  std::uint64_t commits() const;  // So far, by this object.

 private:
  friend class Reader;
  struct State;
  explicit Database(std::unique_ptr<State> state);
  Result<> write_erased(std::function<Result<>(Transaction&)> fn, Deadline deadline, std::stop_token stop,
                        Commit commit);
  std::unique_ptr<State> state_;
};

}  // namespace docmind::store
