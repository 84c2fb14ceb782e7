#include "cache/server/cache_server.h"

#include <fcntl.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <unordered_set>
#include <utility>
#include <vector>

#include "cache/server/impl/client.h"
#include "exec/pool.h"

namespace docmind::cache {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;

constexpr auto kTick = std::chrono::seconds(1);
constexpr auto kAcceptPause = std::chrono::milliseconds(100);
constexpr std::size_t kReadsAtOnce = 2;
constexpr std::size_t kChangesTogether = 2048;

Error listen_error(const ErrorCode& error, const std::string& where) {
  if (error == asio::error::address_in_use) {
    return {Code::kConflict, where + " is already in use", "Choose another port or stop the program that uses it."};
  }
  return {Code::kUnavailable, "cannot listen on " + where + ": " + error.message(), "Check the address."};
}

}  // namespace

Result<Listening> listen_for_cache(const std::string& host, std::uint16_t port) {
  ErrorCode error;
  const asio::ip::address address = asio::ip::make_address(host, error);
  if (error) return Error{Code::kInvalidArgument, host + " is not an IP address", "Use 127.0.0.1, or ::1."};
  const std::string where = host + ":" + std::to_string(port);
  asio::io_context io;
  tcp::acceptor acceptor(io);
  const tcp::endpoint wanted(address, port);
  acceptor.open(wanted.protocol(), error);
  if (error) return listen_error(error, where);
  (void)::fcntl(acceptor.native_handle(), F_SETFD, FD_CLOEXEC);
  acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(wanted, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return listen_error(error, where);
  const tcp::endpoint bound = acceptor.local_endpoint(error);
  if (error) return listen_error(error, where);
  const int fd = acceptor.release(error);
  if (error) return listen_error(error, where);
  return Listening{sys::Fd(fd), bound.port()};
}

class CacheServer::Loop final : public ClientOwner {
 public:
  Loop(CacheServerOptions options, EntryFile& entries, const Clock& clock, std::unique_ptr<exec::Pool> pool)
      : options_(std::move(options)),
        routes_{.max_value_bytes = options_.max_value_bytes,
                .max_batch_bytes = options_.max_batch_bytes,
                .normalise = options_.normalise},
        entries_(entries),
        clock_(clock),
        started_(clock.now()),
        now_(started_),
        pool_(std::move(pool)) {}

  Result<> listen(sys::Fd listening) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    const bool known = ::getsockname(listening.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0;
    ErrorCode error;
    acceptor_.assign(known && address.ss_family == AF_INET6 ? tcp::v6() : tcp::v4(), listening.get(), error);
    if (known && !error) acceptor_.non_blocking(true, error);
    if (error || !known) return Error{Code::kInvalidArgument, "this is no listening socket", "Start the server anew."};
    (void)listening.release();
    return {};
  }

  void run(std::stop_token stop) {
    const std::stop_callback end(stop, [this] { asio::post(io_, [this] { leave(); }); });
    accept();
    tick();
    io_.run();
    pool_.reset();
  }

  // ClientOwner
  const CacheServerOptions& options() const override { return options_; }
  const RouteOptions& routes() const override { return routes_; }
  EntryFile& entries() override { return entries_; }
  bool leaving() const override { return leaving_; }
  TimePoint now() const override { return now_; }
  bool hold(std::uint64_t bytes) override {
    if (bytes > options_.held_bytes - std::min(held_, options_.held_bytes)) return false;
    held_ += bytes;
    return true;
  }
  void release(std::uint64_t bytes) override { held_ -= bytes; }
  void closed(const std::shared_ptr<Client>& client) override {
    clients_.erase(client);
    if (leaving_ && clients_.empty()) io_.stop();
  }
  net::Response page(Page page) override;
  void submit(WaitingChanges changes) override;
  void submit(WaitingValues values) override;

 private:
  void accept();
  void on_accept(const ErrorCode& error, tcp::socket socket);
  void tick();
  void leave();
  void commit();
  void committed(std::vector<WaitingChanges> waiting, Result<EntryFile::Answers> answers);
  void read_values();

  const CacheServerOptions options_;
  const RouteOptions routes_;
  EntryFile& entries_;
  const Clock& clock_;
  const TimePoint started_;
  TimePoint now_;
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(io_);
  tcp::acceptor acceptor_{io_};
  asio::steady_timer timer_{io_};
  asio::steady_timer pause_{io_};
  std::unordered_set<std::shared_ptr<Client>> clients_;
  std::uint64_t held_ = 0;
  std::vector<WaitingChanges> changes_;
  std::vector<WaitingValues> values_;
  bool committing_ = false;
  bool commit_due_ = false;
  bool read_due_ = false;
  std::size_t reads_ = 0;
  bool leaving_ = false;
  CacheMetrics metrics_;
  std::unique_ptr<exec::Pool> pool_;  // Ends first: its tasks use the rest.
};

void CacheServer::Loop::accept() {
  acceptor_.async_accept([this](const ErrorCode& error, tcp::socket socket) { on_accept(error, std::move(socket)); });
}

void CacheServer::Loop::on_accept(const ErrorCode& error, tcp::socket socket) {
  if (leaving_ || error == asio::error::operation_aborted) return;
  if (error) {  // Out of descriptors, most often: what waits in the backlog is taken when some are free again.
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([this](const ErrorCode& cancelled) {
      if (!cancelled) accept();
    });
    return;
  }
  (void)::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
  if (clients_.size() >= options_.connections) {
    std::string text;
    append(
        text,
        net::error_response({Code::kUnavailable, "the server has as many connections as it may", "Try again later."}),
        {.keep_alive = false});
    ErrorCode ignored;
    socket.non_blocking(true, ignored);
    (void)socket.write_some(asio::buffer(text), ignored);
    socket.shutdown(tcp::socket::shutdown_send, ignored);
  } else {
    const auto client = std::make_shared<Client>(std::move(socket), *this);
    clients_.insert(client);
    client->start();
  }
  accept();
}

void CacheServer::Loop::tick() {
  now_ = clock_.now();
  for (const auto& client : std::vector(clients_.begin(), clients_.end())) client->check_time();
  timer_.expires_after(kTick);
  timer_.async_wait([this](const ErrorCode& cancelled) {
    if (!cancelled) tick();
  });
}

// No more connections; whoever waits for the file is answered first.
void CacheServer::Loop::leave() {
  leaving_ = true;
  ErrorCode ignored;
  acceptor_.close(ignored);
  if (!committing_ && reads_ == 0 && changes_.empty() && values_.empty()) return io_.stop();
}

net::Response CacheServer::Loop::page(Page page) {
  if (page == Page::kMoment) {
    const auto moment = entries_.moment();
    if (!moment) return net::error_response(moment.error());
    return net::json_response(200, "{\"moment\":" + std::to_string(*moment) + "}");
  }
  const auto stats = entries_.stats();
  if (!stats) return net::error_response(stats.error());
  if (page == Page::kHealth) return health(*stats);
  if (page == Page::kMetrics) {
    return {.status = 200,
            .headers = {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}},
            .body = metrics_.text(*stats)};
  }
  const double uptime = std::chrono::duration<double>(clock_.now() - started_).count();
  return net::json_response(200, stats_json(*stats, uptime, clients_.size()));
}

// Posted, not at once: what other connections bring in this turn shares the commit.
void CacheServer::Loop::submit(WaitingChanges changes) {
  changes_.push_back(std::move(changes));
  if (committing_ || std::exchange(commit_due_, true)) return;
  asio::post(io_, [this] { commit(); });
}

void CacheServer::Loop::commit() {
  commit_due_ = false;
  if (committing_ || changes_.empty()) return;
  std::size_t count = 0;
  std::size_t taken = 0;
  while (taken < changes_.size() && (taken == 0 || count < kChangesTogether)) count += changes_[taken++].changes.size();
  std::vector<WaitingChanges> waiting(std::make_move_iterator(changes_.begin()),
                                      std::make_move_iterator(changes_.begin() + static_cast<std::ptrdiff_t>(taken)));
  changes_.erase(changes_.begin(), changes_.begin() + static_cast<std::ptrdiff_t>(taken));
  committing_ = true;
  auto shared = std::make_shared<std::vector<WaitingChanges>>(std::move(waiting));
  const Result<> begun = pool_->try_submit([this, shared] {
    std::vector<Change> all;
    for (WaitingChanges& one : *shared) std::ranges::move(one.changes, std::back_inserter(all));
    auto answers = std::make_shared<Result<EntryFile::Answers>>(entries_.change(std::move(all), Deadline::never(), {}));
    asio::post(io_, [this, shared, answers] { committed(std::move(*shared), std::move(*answers)); });
  });
  if (!begun) committed(std::move(*shared), begun.error());
}

void CacheServer::Loop::committed(std::vector<WaitingChanges> waiting, Result<EntryFile::Answers> answers) {
  committing_ = false;
  std::size_t next = 0;
  for (WaitingChanges& one : waiting) {
    std::string replies;
    const bool together = one.kinds.empty();
    const std::size_t count = together ? one.changes.size() : one.kinds.size();
    if (!answers) {
      for (const ReplyForm& form : one.forms) append(replies, net::error_response(answers.error()), form);
    } else if (together) {
      EntryFile::Answers own(std::make_move_iterator(answers->begin() + static_cast<std::ptrdiff_t>(next)),
                             std::make_move_iterator(answers->begin() + static_cast<std::ptrdiff_t>(next + count)));
      append(replies, changed_together(own, one.purge), one.forms.front());
    } else {
      for (std::size_t i = 0; i < count; ++i) append_changed(replies, one.kinds[i], (*answers)[next + i], one.forms[i]);
    }
    next += count;
    one.client->answer(std::move(replies), one.forms.back().keep_alive);
  }
  if (!changes_.empty() && !std::exchange(commit_due_, true)) asio::post(io_, [this] { commit(); });
  if (leaving_) leave();
}

void CacheServer::Loop::submit(WaitingValues values) {
  values_.push_back(std::move(values));
  if (std::exchange(read_due_, true)) return;
  asio::post(io_, [this] { read_values(); });
}

void CacheServer::Loop::read_values() {
  read_due_ = false;
  if (values_.empty() || reads_ >= kReadsAtOnce) return;
  ++reads_;
  auto shared = std::make_shared<std::vector<WaitingValues>>(std::exchange(values_, {}));
  const auto read = [this, shared] {
    auto replies = std::make_shared<std::vector<std::string>>();
    for (const WaitingValues& one : *shared) {
      std::string& reply = replies->emplace_back();
      std::vector<std::optional<std::string>> values;
      std::optional<Error> failed;
      for (const std::string& key : one.keys) {
        auto value = entries_.get(key, Deadline::never(), {});
        if (!value) failed = value.error();
        values.push_back(value ? *std::move(value) : std::nullopt);
      }
      if (failed) {
        append(reply, net::error_response(*failed), one.form);
      } else if (one.together) {
        append(reply, values_together(one.keys, values), one.form);
      } else if (const auto& only = values.front()) {
        append_value(reply, *only, one.form);
      } else {
        append_miss(reply, one.form);
      }
    }
    asio::post(io_, [this, shared, replies] {
      --reads_;
      for (std::size_t i = 0; i < shared->size(); ++i) {
        (*shared)[i].client->answer(std::move((*replies)[i]), (*shared)[i].form.keep_alive);
      }
      if (!values_.empty() && !std::exchange(read_due_, true)) read_values();
      if (leaving_) leave();
    });
  };
  if (pool_->try_submit(read)) return;
  --reads_;
  for (const WaitingValues& one : *shared) {
    std::string reply;
    append(reply, net::error_response({Code::kUnavailable, "the server is busy", "Try again in a moment."}), one.form);
    one.client->answer(std::move(reply), one.form.keep_alive);
  }
}

CacheServer::CacheServer(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}
CacheServer::~CacheServer() = default;

Result<std::unique_ptr<CacheServer>> CacheServer::open(CacheServerOptions options, sys::Fd listening,
                                                       EntryFile& entries, const Clock& clock) {
  auto pool = DM_TRY(exec::Pool::open({.threads = 1 + kReadsAtOnce, .queue_bound = 64}));
  auto loop = std::make_unique<Loop>(std::move(options), entries, clock, std::move(pool));
  DM_TRY(loop->listen(std::move(listening)));
  return std::unique_ptr<CacheServer>(new CacheServer(std::move(loop)));
}

void CacheServer::run(std::stop_token stop) { loop_->run(std::move(stop)); }

}  // namespace docmind::cache
