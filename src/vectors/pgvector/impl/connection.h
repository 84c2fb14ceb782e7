// One connection to PostgreSQL that waits with a deadline and a stop token, and a few of them for several threads.
//
// Statements are sent with their parameters beside them, never with values in their text. What comes back is bounded in
// rows and bytes. Thread safety: of a Connection none, of the Connections any.
#pragma once
#include <condition_variable>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "base/thread_annotations.h"
#include "net/resolver.h"
#include "vectors/pgvector/pgvector.h"

struct pg_conn;
struct pg_result;

namespace docmind::vectors {

using Row = std::vector<std::optional<std::string>>;  // Texts; NULL is none.

struct Statement {
  std::string sql{};
  std::vector<std::string> parameters{};  // $1 is the first.
};

class Connection {
 public:
  // `addresses`: of the place's host; none: libpq looks (a socket's folder). Errors: kUnavailable, kUnauthorized,
  // kNotFound (no such database), kDeadlineExceeded, kCancelled.
  static Result<std::unique_ptr<Connection>> open(const Place& place, const net::Addresses& addresses,
                                                  const std::string& password, Deadline deadline,
                                                  const std::stop_token& stop);
  ~Connection();

  // An error leaves a connection that is usable() when the server alone refused the statement.
  Result<std::vector<Row>> run(const Statement& statement, Deadline deadline, const std::stop_token& stop);
  bool usable() const;

 private:
  explicit Connection(pg_conn* its) : its_(its) {}
  Result<> wait(short events, Deadline deadline, const std::stop_token& stop);
  Result<> connect(Deadline deadline, const std::stop_token& stop);
  Result<> take(const pg_result& result, std::vector<Row>& rows, std::uint64_t& bytes) const;

  pg_conn* its_;
  bool broken_ = false;  // Left in the middle of something.
};

class Connections {
 public:
  Connections(Place place, std::string password)
      : place_(std::move(place)), password_(std::move(password)), resolver_(place_.host) {}

  // The statements in one transaction; the rows of the last one. A connection that has died since its last use is
  // replaced and the whole tried again: it has to be right twice.
  Result<std::vector<Row>> run(const std::vector<Statement>& statements, Deadline deadline,
                               const std::stop_token& stop);

 private:
  struct Lent {
    std::unique_ptr<Connection> connection{};
    bool used_before = false;
  };
  Result<std::unique_ptr<Connection>> connect(const Deadline& deadline, const std::stop_token& stop);
  Result<Lent> lend(Deadline deadline, const std::stop_token& stop);
  void give_back(std::unique_ptr<Connection> connection);

  const Place place_;
  const std::string password_;
  net::Resolver resolver_;  // libpq's own look-up knows no deadline.
  Mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<std::unique_ptr<Connection>> idle_ DM_GUARDED_BY(mutex_);
  std::size_t lent_ DM_GUARDED_BY(mutex_) = 0;
};

}  // namespace docmind::vectors
