// The server's own part: accepting, counting, and going down in order. What happens on a connection is in
// impl/connection.cc.
#include "net/server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <filesystem>
#include <future>
#include <new>
#include <optional>
#include <system_error>
#include <thread>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/thread_annotations.h"
#include "exec/pool.h"
#include "exec/wait.h"
#include "net/impl/connection.h"
#include "sys/rng.h"

namespace docmind::net {
namespace {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;
using Acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol>;
using Endpoint = asio::generic::stream_protocol::endpoint;

constexpr std::size_t kMaxUnixPath = 107;  // sun_path less its NUL.
constexpr auto kAcceptPause = std::chrono::milliseconds(100);
constexpr std::size_t kQuickWaiting = 64;

Error listen_error(const ErrorCode& error, const std::string& where) {
  if (error == asio::error::address_in_use) {
    return {Code::kConflict, where + " is already in use", "Choose another port or stop the program that uses it."};
  }
  if (error == asio::error::access_denied) {
    return {Code::kUnauthorized, "not allowed to listen on " + where,
            where.starts_with('/') ? "Choose another folder." : "Choose a port above 1023."};
  }
  return {Code::kUnavailable, "cannot listen on " + where + ": " + error.message(), "Check the address."};
}

// Children of this process must not inherit a client's connection.
void close_on_exec(int fd) { (void)::fcntl(fd, F_SETFD, FD_CLOEXEC); }

}  // namespace

struct Server::State final : ConnectionOwner {
  State(ServerOptions o, Handler h) : options_(std::move(o)), handler_(std::move(h)) {}

  // One socket that is being listened on.
  struct Listener {
    Listener(asio::io_context& io, std::optional<HostRules> r, std::string p)
        : acceptor(io), pause(io), rules(std::move(r)), path(std::move(p)) {}
    Acceptor acceptor;
    asio::steady_timer pause;
    const std::optional<HostRules> rules;
    const std::string path;  // Of a Unix socket, to be removed at the end.
    bool accepting = false;
  };

  Result<Endpoint> listen(Endpoint endpoint, std::optional<HostRules> rules, const std::string& where);
  void begin(std::unique_ptr<Listener> listener);
  void accept(Listener& listener);
  void on_accept(Listener& listener, const ErrorCode& error, Socket socket);
  void turn_away(Socket socket);
  void stop(std::optional<Deadline> drain);  // Nothing: without waiting.
  void join();
  void run_io();
  void start_afresh();

  // Runs on the io thread and waits for it.
  void on_io(const std::function<void()>& action) {
    std::promise<void> done;
    asio::post(io_, [&] {
      action();
      done.set_value();
    });
    done.get_future().wait();
  }

  const ServerOptions& options() const override { return options_; }
  const Handler& handler() const override { return handler_; }
  bool draining() const override { return draining_; }
  std::string new_request_id() override { return fmt::format("{:016x}-{:x}", start_, ++named_); }
  TraceContext new_trace() override { return {.high = rng_.next(), .low = rng_.next()}; }
  Result<> run(Lane lane, std::function<void()> task) override {
    return pool(lane).try_submit(std::move(task), exec::Lane::kInteractive);
  }
  exec::Pool& pool(Lane lane) {
    if (lane == Lane::kQuick) return *quick_;
    return lane == Lane::kLong ? *long_ : *normal_;
  }
  bool hold_body(std::uint64_t bytes) override {
    if (bytes > options_.bodies_in_all - std::min(bodies_, options_.bodies_in_all)) return false;
    bodies_ += bytes;
    return true;
  }
  void release_body(std::uint64_t bytes) override { bodies_ -= bytes; }
  void request_started() override {
    ++requests_;
    const MutexLock lock(mutex_);
    ++running_;
  }
  void request_ended() override {
    const MutexLock lock(mutex_);
    --running_;
    ended_.notify_all();
  }
  void request_refused() override { ++refused_; }
  void closed(const std::shared_ptr<Connection>& connection) override {
    connections_.erase(connection);
    open_ = connections_.size();
  }

  const ServerOptions options_;
  const Handler handler_;
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(io_);
  std::unique_ptr<exec::Pool> normal_;
  std::unique_ptr<exec::Pool> quick_;
  std::unique_ptr<exec::Pool> long_;
  std::thread io_thread_;

  // On the io thread alone.
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::unordered_set<std::shared_ptr<Connection>> connections_;  // Shared with the operations in flight.
  std::uint64_t bodies_ = 0;
  bool draining_ = false;
  sys::RealRng rng_;
  const std::uint64_t start_ = rng_.next();  // With it a name is nobody else's, not of an earlier start either.
  std::uint64_t named_ = 0;

  std::atomic<std::uint64_t> open_ = 0;
  std::atomic<std::uint64_t> requests_ = 0;
  std::atomic<std::uint64_t> refused_ = 0;
  Mutex mutex_;
  std::condition_variable_any ended_;
  std::uint64_t running_ DM_GUARDED_BY(mutex_) = 0;
  std::once_flag stopped_;
};

Result<Endpoint> Server::State::listen(Endpoint endpoint, std::optional<HostRules> rules, const std::string& where) {
  const bool is_unix = !rules.has_value();
  auto listener = std::make_unique<Listener>(io_, std::move(rules), is_unix ? where : "");
  Acceptor& acceptor = listener->acceptor;
  ErrorCode error;
  acceptor.open(endpoint.protocol(), error);
  if (error) return listen_error(error, where);
  close_on_exec(acceptor.native_handle());
  if (!is_unix) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (error) return listen_error(error, where);
  if (is_unix) {  // Between bind and listen nobody can connect yet.
    std::error_code failed;
    std::filesystem::permissions(where, std::filesystem::perms(0600), failed);
    if (failed)
      return Error{Code::kUnavailable, "cannot protect " + where + ": " + failed.message(), "Check the folder."};
  }
  acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return listen_error(error, where);
  const Endpoint bound = acceptor.local_endpoint(error);
  if (error) return listen_error(error, where);
  begin(std::move(listener));
  return bound;
}

void Server::State::begin(std::unique_ptr<Listener> listener) {
  on_io([&] {
    listeners_.push_back(std::move(listener));
    accept(*listeners_.back());
  });
}

void Server::State::accept(Listener& listener) {
  listener.accepting = true;
  listener.acceptor.async_accept(
      [this, &listener](const ErrorCode& error, Socket socket) { on_accept(listener, error, std::move(socket)); });
}

void Server::State::on_accept(Listener& listener, const ErrorCode& error, Socket socket) {
  listener.accepting = false;
  if (draining_ || error == asio::error::operation_aborted) return;
  if (error) {  // Out of descriptors, most often: what waits in the backlog is taken when some are free again.
    listener.pause.expires_after(kAcceptPause);
    listener.pause.async_wait([this, &listener](const ErrorCode& cancelled) {
      if (!cancelled) accept(listener);
    });
    return;
  }
  close_on_exec(socket.native_handle());
  if (connections_.size() >= options_.connections) {
    turn_away(std::move(socket));
  } else {
    if (listener.rules) {
      ErrorCode ignored;
      socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    }
    std::shared_ptr<Connection> connection = Connection::make(std::move(socket), listener.rules, *this);
    connections_.insert(connection);
    open_ = connections_.size();
    connection->start();
  }
  accept(listener);
}

// One try to say why, without waiting: a fresh socket's buffer has room.
void Server::State::turn_away(Socket socket) {
  ++refused_;
  const Response response =
      error_response({Code::kUnavailable, "the server has as many connections as it may", "Try again in a moment."});
  const std::string text = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 1\r\n" +
                           std::string("Connection: close\r\nContent-Length: ") + std::to_string(response.body.size()) +
                           "\r\n\r\n" + response.body;
  ErrorCode ignored;
  socket.non_blocking(true, ignored);
  (void)socket.write_some(asio::buffer(text), ignored);
  socket.shutdown(Socket::shutdown_send, ignored);
}

void Server::State::stop(std::optional<Deadline> drain) {
  on_io([this] {
    draining_ = true;
    for (const auto& listener : listeners_) {
      ErrorCode ignored;
      listener->acceptor.close(ignored);
      listener->pause.cancel();
      std::error_code failed;
      if (!listener->path.empty()) std::filesystem::remove(listener->path, failed);
    }
    for (const auto& connection : std::vector(connections_.begin(), connections_.end())) connection->close_if_idle();
  });
  if (drain) {
    MutexLock lock(mutex_);
    (void)exec::wait_until(ended_, lock, *drain, {}, [this]() DM_REQUIRES(mutex_) { return running_ == 0; });
  }
  on_io([this] {
    for (const auto& connection : std::vector(connections_.begin(), connections_.end())) connection->close();
  });
  normal_.reset();  // Joins: handlers have been told to stop.
  long_.reset();
  quick_.reset();
  join();
}

// Whatever ran out of memory has left its connection half done, and nobody knows which one it was.
void Server::State::run_io() {
  for (bool exhausted = false; true;) {
    try {
      if (std::exchange(exhausted, false)) start_afresh();
      io_.run();
      return;
    } catch (const std::bad_alloc&) {  // Of Asio or the standard library, from any operation's end.
      exhausted = true;
    }
  }
}

// Closes every connection, and goes on listening.
void Server::State::start_afresh() {
  for (const auto& connection : std::vector(connections_.begin(), connections_.end())) connection->close();
  if (draining_) return;
  for (const auto& listener : listeners_) {
    if (!listener->accepting) accept(*listener);
  }
}

void Server::State::join() {
  work_.reset();
  if (!io_thread_.joinable()) return;
  asio::post(io_, [this] { io_.stop(); });
  io_thread_.join();
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() {
  std::call_once(state_->stopped_, [this] { state_->stop(std::nullopt); });
}

Result<std::unique_ptr<Server>> Server::open(ServerOptions options, Handler handler) {
  auto state = std::make_unique<State>(std::move(options), std::move(handler));
  state->normal_ = DM_TRY(exec::Pool::open({state->options_.threads, state->options_.waiting}));
  state->quick_ = DM_TRY(exec::Pool::open({1, kQuickWaiting}));
  state->long_ = DM_TRY(exec::Pool::open({state->options_.long_requests, state->options_.waiting}));
  try {
    state->io_thread_ = std::thread([owner = state.get()] { owner->run_io(); });
  } catch (const std::system_error&) {
    return Error{Code::kResourceExhausted, "the machine refuses another thread", "Close other programs."};
  }
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

Result<> Server::listen_unix(const std::string& path) {
  if (path.size() > kMaxUnixPath) {
    return Error{Code::kInvalidArgument, "the socket path " + path + " is longer than 107 bytes",
                 "Use a shorter data directory or XDG_RUNTIME_DIR."};
  }
  const asio::local::stream_protocol::endpoint endpoint(path);
  std::error_code failed;
  if (std::filesystem::exists(std::filesystem::symlink_status(path, failed))) {
    if (!std::filesystem::is_socket(path, failed)) {
      return Error{Code::kConflict, path + " is there and no socket", "Move that file away."};
    }
    asio::local::stream_protocol::socket probe(state_->io_);
    ErrorCode refused;
    probe.connect(endpoint, refused);
    if (!refused) return Error{Code::kConflict, "somebody listens on " + path + " already", "Stop that server first."};
    std::filesystem::remove(path, failed);
  }
  (void)DM_TRY(state_->listen(Endpoint(endpoint), std::nullopt, path));
  return {};
}

Result<std::uint16_t> Server::listen_tcp(const TcpOptions& options) {
  ErrorCode error;
  const asio::ip::address address = asio::ip::make_address(options.host, error);
  if (error) {
    return Error{Code::kInvalidArgument, options.host + " is not an IP address", "Use 127.0.0.1, or ::1."};
  }
  const Endpoint wanted(asio::ip::tcp::endpoint(address, options.port));
  const std::string where = options.host + ":" + std::to_string(options.port);
  const Endpoint bound = DM_TRY(state_->listen(wanted, options.hosts, where));
  asio::ip::tcp::endpoint result;
  result.resize(bound.size());
  std::copy_n(reinterpret_cast<const std::byte*>(bound.data()), bound.size(),
              reinterpret_cast<std::byte*>(result.data()));
  return result.port();
}

Result<> Server::adopt_tcp(sys::Fd listening, HostRules hosts) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  const bool known = ::getsockname(listening.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0;
  auto listener = std::make_unique<State::Listener>(state_->io_, std::move(hosts), "");
  const asio::ip::tcp tcp = known && address.ss_family == AF_INET6 ? asio::ip::tcp::v6() : asio::ip::tcp::v4();
  ErrorCode error;
  listener->acceptor.assign(tcp, listening.get(), error);
  if (error) return listen_error(error, "the socket that was handed over");
  (void)listening.release();
  close_on_exec(listener->acceptor.native_handle());
  state_->begin(std::move(listener));
  return {};
}

void Server::stop(Deadline drain) {
  std::call_once(state_->stopped_, [&] { state_->stop(drain); });
}

Server::Counts Server::counts() const {
  const MutexLock lock(state_->mutex_);
  return {.connections = state_->open_,
          .requests = state_->requests_,
          .running = state_->running_,
          .refused = state_->refused_};
}

}  // namespace docmind::net
