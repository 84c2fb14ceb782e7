#include "vectors/pgvector/impl/connection.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <libpq-fe.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/utf8.h"
#include "exec/wait.h"
#include "sys/fd.h"

namespace docmind::vectors {
namespace {

constexpr std::size_t kMostConnections = 8;
constexpr std::size_t kMaxRows = 1'100'000;
constexpr std::uint64_t kMaxBytes = 256ULL << 20U;
constexpr std::size_t kMaxToldBytes = 300;

struct Clear {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Owned = std::unique_ptr<PGresult, Clear>;

// A server's words in one line.
std::string told(const char* words) {
  std::uint64_t replaced = 0;
  std::string line = to_utf8(std::string_view(words == nullptr ? "" : words).substr(0, kMaxToldBytes), replaced);
  std::ranges::replace_if(line, [](char c) { return c == '\n' || c == '\t'; }, ' ');
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

// PostgreSQL's documentation, appendix A.
Error error_of_state(std::string_view state, std::string message) {
  const auto any_of = [&](std::initializer_list<std::string_view> starts) {
    return std::ranges::any_of(starts, [&](std::string_view one) { return state.starts_with(one); });
  };
  if (state == "42P01") return {Code::kNotFound, std::move(message)};
  if (state == "3D000") return {Code::kNotFound, std::move(message), "Make that database, or look at vectors.url."};
  if (any_of({"28"})) return {Code::kUnauthorized, std::move(message), "Set vectors.api_key to the user's password."};
  if (state == "42501") return {Code::kUnauthorized, std::move(message), "Grant that to the user in vectors.url."};
  if (state == "57014") return {Code::kDeadlineExceeded, std::move(message)};
  if (any_of({"08", "57P", "53300", "40"})) return {Code::kUnavailable, std::move(message), "Try again."};
  if (any_of({"53", "54"})) return {Code::kResourceExhausted, std::move(message), "Give PostgreSQL more room."};
  if (any_of({"22"})) return {Code::kInvalidArgument, std::move(message)};
  if (state == "42704") return {Code::kConflict, std::move(message)};
  return {Code::kInternal, std::move(message)};
}

Error lost(std::string message) {
  return {Code::kUnavailable, std::move(message), "Start it, or look at vectors.url."};
}

// libpq says why a connection failed in words alone.
Error refused(std::string words) {
  const auto says = [&](std::string_view what) { return words.find(what) != std::string::npos; };
  if (says("password authentication failed") || says("no password supplied") || says("authentication failed")) {
    return error_of_state("28000", std::move(words));
  }
  if (says("database \"") && says("does not exist")) return error_of_state("3D000", std::move(words));
  return lost(std::move(words));
}

}  // namespace

// ---- one connection ----

Connection::~Connection() { PQfinish(its_); }

bool Connection::usable() const {
  return !broken_ && PQstatus(its_) == CONNECTION_OK && PQtransactionStatus(its_) != PQTRANS_ACTIVE;
}

Result<> Connection::wait(short events, Deadline deadline, const std::stop_token& stop) {
  const sys::Fd stopped(::eventfd(0, EFD_CLOEXEC));
  const std::stop_callback wake(stop, [fd = stopped.get()] { (void)!::eventfd_write(fd, 1); });
  while (true) {
    if (stop.stop_requested()) return Error{Code::kCancelled, "the question was stopped"};
    if (deadline.expired()) return Error{Code::kDeadlineExceeded, "it did not answer in time"};
    std::array<pollfd, 2> fds{{{PQsocket(its_), events, 0}, {stopped.get(), POLLIN, 0}}};
    constexpr std::int64_t kMostMs = 1000;  // A clock of a test goes on by itself, too.
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::min<Duration>(deadline.left(), std::chrono::milliseconds(kMostMs)));
    const int ready = ::poll(fds.data(), fds.size(), static_cast<int>(left.count()) + 1);
    if (ready < 0 && errno != EINTR) return sys::error_of(errno, "wait for PostgreSQL");
    if (ready > 0 && fds[0].revents != 0) return {};
  }
}

Result<> Connection::connect(Deadline deadline, const std::stop_token& stop) {
  if (PQstatus(its_) == CONNECTION_BAD) return refused(told(PQerrorMessage(its_)));
  short events = POLLOUT;
  while (true) {
    DM_TRY(wait(events, deadline, stop));
    switch (PQconnectPoll(its_)) {
      case PGRES_POLLING_OK:
        return {};
      case PGRES_POLLING_READING:
        events = POLLIN;
        break;
      case PGRES_POLLING_WRITING:
        events = POLLOUT;
        break;
      default:
        return refused(told(PQerrorMessage(its_)));
    }
  }
}

Result<std::unique_ptr<Connection>> Connection::open(const Place& place, const net::Addresses& addresses,
                                                     const std::string& password, Deadline deadline,
                                                     const std::stop_token& stop) {
  const std::string port = std::to_string(place.port);
  // libpq tries them in turn, and holds each against the name where certificates are checked.
  const std::vector<std::string> hosts(std::max<std::size_t>(1, addresses.size()), place.host);
  const std::string host = fmt::format("{}", fmt::join(hosts, ","));
  const std::string hostaddr = fmt::format("{}", fmt::join(addresses, ","));
  const std::array<const char*, 13> names{"host",    "hostaddr",        "port",
                                          "user",    "dbname",          "password",
                                          "sslmode", "sslrootcert",     "application_name",
                                          "options", "client_encoding", "gssencmode",
                                          nullptr};
  // A statement that nobody waits for any more ends by itself.
  const std::array<const char*, 13> values{host.c_str(),
                                           hostaddr.c_str(),
                                           port.c_str(),
                                           place.user.c_str(),
                                           place.database.c_str(),
                                           password.c_str(),
                                           place.sslmode.c_str(),
                                           place.sslrootcert.c_str(),
                                           "docmind",
                                           "-c statement_timeout=60000 -c client_min_messages=error",
                                           "UTF8",
                                           "disable",
                                           nullptr};
  PGconn* const its = PQconnectStartParams(names.data(), values.data(), 0);
  if (its == nullptr) return Error{Code::kResourceExhausted, "there is no memory for a connection"};
  std::unique_ptr<Connection> made(new Connection(its));
  PQsetNoticeProcessor(its, [](void*, const char*) {}, nullptr);
  DM_TRY(made->connect(deadline, stop));
  if (PQsetnonblocking(its, 1) != 0) return lost(told(PQerrorMessage(its)));
  return made;
}

Result<> Connection::take(const PGresult& result, std::vector<Row>& rows, std::uint64_t& bytes) const {
  for (int row = 0; row < PQntuples(&result); ++row) {
    Row& out = rows.emplace_back();
    for (int column = 0; column < PQnfields(&result); ++column) {
      if (PQgetisnull(&result, row, column) != 0) {
        out.emplace_back();
        continue;
      }
      const auto size = static_cast<std::size_t>(PQgetlength(&result, row, column));
      bytes += size;
      out.emplace_back(std::string(PQgetvalue(&result, row, column), size));
    }
  }
  if (rows.size() <= kMaxRows && bytes <= kMaxBytes) return {};
  return Error{Code::kResourceExhausted, "it answered with more than is taken"};
}

Result<std::vector<Row>> Connection::run(const Statement& statement, Deadline deadline, const std::stop_token& stop) {
  std::vector<const char*> values;
  for (const std::string& one : statement.parameters) values.push_back(one.c_str());
  broken_ = true;  // Until it has ended as it should.
  if (PQsendQueryParams(its_, statement.sql.c_str(), static_cast<int>(values.size()), nullptr, values.data(), nullptr,
                        nullptr, 0) == 0 ||
      PQsetSingleRowMode(its_) == 0) {
    return lost(told(PQerrorMessage(its_)));
  }
  for (int left = 1; (left = PQflush(its_)) != 0;) {
    if (left < 0) return lost(told(PQerrorMessage(its_)));
    DM_TRY(wait(POLLIN | POLLOUT, deadline, stop));
    if (PQconsumeInput(its_) == 0) return lost(told(PQerrorMessage(its_)));
  }
  std::vector<Row> rows;
  std::uint64_t bytes = 0;
  std::optional<Error> failed;
  while (true) {
    while (PQisBusy(its_) != 0) {
      DM_TRY(wait(POLLIN, deadline, stop));
      if (PQconsumeInput(its_) == 0) return lost(told(PQerrorMessage(its_)));
    }
    const Owned result(PQgetResult(its_));
    if (!result) break;
    const ExecStatusType status = PQresultStatus(result.get());
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_SINGLE_TUPLE) {
      DM_TRY(take(*result, rows, bytes));
      continue;
    }
    const char* state = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
    std::string words = told(PQresultErrorField(result.get(), PG_DIAG_MESSAGE_PRIMARY));
    if (words.empty()) words = told(PQresultErrorMessage(result.get()));
    if (!failed) failed = state == nullptr ? lost(std::move(words)) : error_of_state(state, std::move(words));
  }
  broken_ = false;
  if (failed) return *std::move(failed);
  return rows;
}

// ---- several ----

Result<std::unique_ptr<Connection>> Connections::connect(const Deadline& deadline, const std::stop_token& stop) {
  if (place_.host.starts_with('/')) return Connection::open(place_, {}, password_, deadline, stop);
  auto found = resolver_.addresses(deadline, stop);
  if (!found && found.error().code == Code::kUnavailable) return lost(std::move(found).error().message);
  return Connection::open(place_, DM_TRY(std::move(found)), password_, deadline, stop);
}

Result<Connections::Lent> Connections::lend(Deadline deadline, const std::stop_token& stop) {
  {
    MutexLock lock(mutex_);
    const auto free = [this]() DM_REQUIRES(mutex_) { return lent_ < kMostConnections; };
    const auto waited = exec::wait_until(changed_, lock, deadline, stop, free);
    if (waited != exec::Waited::kReady) return exec::error_of(waited, "PostgreSQL");
    ++lent_;
    if (!idle_.empty()) {
      Lent lent{std::move(idle_.back()), true};
      idle_.pop_back();
      return lent;
    }
  }
  auto made = connect(deadline, stop);
  if (made) return Lent{*std::move(made), false};
  give_back(nullptr);
  return std::move(made).error();
}

void Connections::give_back(std::unique_ptr<Connection> connection) {
  {
    const MutexLock lock(mutex_);
    --lent_;
    if (connection && connection->usable()) idle_.push_back(std::move(connection));
  }
  changed_.notify_one();
}

Result<std::vector<Row>> Connections::run(const std::vector<Statement>& statements, Deadline deadline,
                                          const std::stop_token& stop) {
  while (true) {
    if (stop.stop_requested()) return Error{Code::kCancelled, "the question was stopped"};
    if (deadline.expired()) return Error{Code::kDeadlineExceeded, "it did not answer in time"};
    Lent lent = DM_TRY(lend(deadline, stop));
    Connection& its = *lent.connection;
    Result<std::vector<Row>> rows = std::vector<Row>();
    if (statements.size() > 1) rows = its.run({"BEGIN", {}}, deadline, stop);
    for (std::size_t i = 0; rows && i < statements.size(); ++i) rows = its.run(statements[i], deadline, stop);
    if (statements.size() > 1 && its.usable()) {
      const auto ended = its.run({rows ? "COMMIT" : "ROLLBACK", {}}, deadline, stop);
      if (rows && !ended) rows = ended.error();
    }
    const bool lost = !rows && rows.error().code == Code::kUnavailable;
    if (lost) lent.connection.reset();
    give_back(std::move(lent.connection));
    if (!lost || !lent.used_before) return rows;
  }
}

}  // namespace docmind::vectors
