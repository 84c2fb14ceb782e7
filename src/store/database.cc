#include "store/database.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <condition_variable>
#include <mutex>
#include <utility>

#include "store/impl/connection.h"
#include "store/impl/migrator.h"
#include "store/impl/writer.h"

namespace docmind::store {
namespace {

constexpr auto kLook = std::chrono::milliseconds(10);  // See Writer: a Deadline's clock may wake nobody.

}  // namespace

std::string sqlite_version() { return sqlite3_libversion(); }

Result<> check_sqlite_version(int version) {
  if (version >= kOldestSqlite) return {};
  return Error{Code::kUnavailable,
               fmt::format("SQLite {}.{}.{} can lose acknowledged writes; 3.51.3 or newer is needed.",
                           version / 1000000, version / 1000 % 1000, version % 1000),
               "Build DocMind with the SQLite it ships with."};
}

Result<Statement> Transaction::query(std::string_view sql, std::initializer_list<Value> values) {
  DM_TRY(check_time(deadline_, stop_));
  return connection_.query(sql, values);
}

Result<std::int64_t> Transaction::run(std::string_view sql, std::initializer_list<Value> values) {
  DM_TRY(check_time(deadline_, stop_));
  return connection_.run(sql, values);
}

std::int64_t Transaction::last_row_id() const { return connection_.last_row_id(); }

void Transaction::on_commit(std::function<void()> fn) { committed_.push_back(std::move(fn)); }

void Transaction::scrub_log() { scrub_ = true; }

struct Database::State {
  explicit State(DatabaseOptions given) : options(std::move(given)) {}

  DatabaseOptions options;
  std::uint32_t version = 0;
  std::mutex mutex;
  std::condition_variable_any freed;
  std::vector<std::unique_ptr<Connection>> idle;
  std::size_t lent = 0;
  std::unique_ptr<Writer> writer;  // Ends last: as the last connection it cleans up the log's files.

  ~State() { idle.clear(); }

  Result<std::unique_ptr<Connection>> take(const Deadline& deadline, const std::stop_token& stop);
  void give_back(std::unique_ptr<Connection> connection);
};

// A free connection or a new one; waits when all are lent. The writer never waits: those who have them may be waiting
// for their own writes.
Result<std::unique_ptr<Connection>> Database::State::take(const Deadline& deadline, const std::stop_token& stop) {
  std::unique_lock lock(mutex);
  while (idle.empty() && lent >= options.readers && !writer->is_this_thread()) {
    DM_TRY(check_time(deadline, stop));
    freed.wait_for(lock, kLook);
  }
  ++lent;
  if (!idle.empty()) {
    auto connection = std::move(idle.back());
    idle.pop_back();
    return connection;
  }
  lock.unlock();
  auto connection = Connection::open(options, Connection::Role::kReader);
  if (!connection) give_back(nullptr);
  return connection;
}

void Database::State::give_back(std::unique_ptr<Connection> connection) {
  {
    std::lock_guard lock(mutex);
    --lent;
    if (connection != nullptr) idle.push_back(std::move(connection));
  }
  freed.notify_one();
  writer->reader_left();
}

struct Reader::Lease {
  Database::State& state;
  std::unique_ptr<Connection> connection;

  ~Lease() {
    connection->unwatch();
    const bool ended = !connection->in_transaction() || connection->script("COMMIT");
    // A connection that cannot end its snapshot would hold the log for ever.
    state.give_back(ended ? std::move(connection) : nullptr);
  }
};

Reader::Reader(std::unique_ptr<Lease> lease) : lease_(std::move(lease)) {}
Reader::Reader(Reader&&) noexcept = default;
Reader::~Reader() = default;

Result<Statement> Reader::query(std::string_view sql, std::initializer_list<Value> values) {
  return lease_->connection->query(sql, values);
}

Result<std::unique_ptr<Database>> Database::open(DatabaseOptions options) {
  DM_TRY(check_sqlite_version(sqlite3_libversion_number()));
  auto state = std::make_unique<State>(std::move(options));
  auto connection = DM_TRY(Connection::open(state->options, Connection::Role::kWriter));
  state->version = DM_TRY(docmind::store::migrate(*connection, state->options, std::nullopt));
  state->writer = std::make_unique<Writer>(state->options, std::move(connection));
  return std::unique_ptr<Database>(new Database(std::move(state)));
}

Result<> Database::migrate(DatabaseOptions options, std::uint32_t version) {
  DM_TRY(check_sqlite_version(sqlite3_libversion_number()));
  auto connection = DM_TRY(Connection::open(options, Connection::Role::kWriter));
  DM_TRY(docmind::store::migrate(*connection, options, version));
  return {};
}

Database::Database(std::unique_ptr<State> state) : state_(std::move(state)) {}

Database::~Database() {
  std::lock_guard lock(state_->mutex);
  DM_CHECK(state_->lent == 0);  // A Reader outlived its Database.
}

Result<Reader> Database::read(Deadline deadline, std::stop_token stop) {
  DM_TRY(check_time(deadline, stop));
  auto connection = DM_TRY(state_->take(deadline, stop));
  connection->watch(deadline, stop);
  Reader reader(std::unique_ptr<Reader::Lease>(new Reader::Lease{*state_, std::move(connection)}));
  DM_TRY(reader.lease_->connection->script("BEGIN"));
  // The snapshot begins with the first read, not with BEGIN.
  DM_TRY(reader.lease_->connection->number("SELECT rowid FROM sqlite_schema LIMIT 1"));
  return reader;
}

Result<> Database::write_erased(std::function<Result<>(Transaction&)> fn, Deadline deadline, std::stop_token stop,
                                Commit commit) {
  return state_->writer->submit(std::move(fn), deadline, std::move(stop), commit);
}

Result<std::vector<std::string>> Database::check(Depth depth, Deadline deadline, std::stop_token stop) {
  auto reader = DM_TRY(read(deadline, std::move(stop)));
  auto rows = DM_TRY(reader.query(depth == Depth::kQuick ? "PRAGMA quick_check(100)" : "PRAGMA integrity_check(100)"));
  std::vector<std::string> problems;
  while (DM_TRY(rows.step())) {
    if (rows.text(0) != "ok") problems.emplace_back(rows.text(0));
  }
  return problems;
}

Result<> Database::health() const {
  if (auto failure = state_->writer->failure()) return *failure;
  return {};
}

std::uint32_t Database::schema_version() const { return state_->version; }

std::uint64_t Database::commits() const { return state_->writer->commits(); }

}  // namespace docmind::store
