#include "cache/redis/impl/connection.h"

#include <boost/asio/buffer.hpp>
#include <optional>

namespace docmind::cache {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;

Error lost(const ErrorCode& error) {
  return {Code::kUnavailable, "The connection to Redis was lost: " + error.message() + "."};
}

}  // namespace

Connection::~Connection() {
  ErrorCode ignored;
  socket_.close(ignored);
  io_.restart();
  io_.run();  // What was waiting refers to this.
}

Result<> Connection::open(const std::vector<Endpoint>& endpoints, Deadline deadline, const std::stop_token& stop) {
  ErrorCode error = asio::error::host_not_found;
  for (const Endpoint& endpoint : endpoints) {
    socket_.close(error);
    std::optional<ErrorCode> connected;
    socket_.async_connect(endpoint, [&connected](const ErrorCode& result) { connected = result; });
    const Result<> ran = run_until(io_, deadline, stop, [&] { return connected.has_value(); });
    if (!ran) {
      ErrorCode ignored;
      socket_.close(ignored);
      io_.restart();
      io_.run();  // `connected` must outlive the operation.
      return ran;
    }
    error = connected.value_or(asio::error::operation_aborted);
    if (error) continue;
    socket_.non_blocking(true, error);
    socket_.set_option(tcp::no_delay(true), error);
    return {};
  }
  return Error{Code::kUnavailable, "Nobody answers there: " + error.message() + ".",
               "Start the Redis, or see to the network."};
}

Result<> Connection::wait(tcp::socket::wait_type what, const Deadline& deadline, const std::stop_token& stop) {
  std::optional<ErrorCode> ready;
  socket_.async_wait(what, [&ready](const ErrorCode& result) { ready = result; });
  Result<> ran = run_until(io_, deadline, stop, [&] { return ready.has_value(); });
  if (!ran) {
    ErrorCode ignored;
    socket_.close(ignored);
    io_.restart();
    io_.run();  // `ready` must outlive the operation.
    return ran;
  }
  const ErrorCode error = ready.value_or(asio::error::operation_aborted);
  if (error) return lost(error);
  return {};
}

Result<> Connection::send(std::string_view bytes, const Deadline& deadline, const std::stop_token& stop) {
  while (!bytes.empty()) {
    ErrorCode error;
    const std::size_t sent = socket_.write_some(asio::buffer(bytes.data(), bytes.size()), error);
    bytes.remove_prefix(sent);
    if (error == asio::error::would_block) {
      DM_TRY(wait(tcp::socket::wait_write, deadline, stop));
    } else if (error) {
      return lost(error);
    }
  }
  return {};
}

Result<Reply> Connection::call(const std::vector<std::string_view>& words, Deadline deadline,
                               const std::stop_token& stop) {
  answered_ = false;
  Result<Reply> reply = exchange(words, deadline, stop);
  broken_ = broken_ || !reply;  // Its answer may still come, and would be taken for the next one's.
  return reply;
}

Result<Reply> Connection::exchange(const std::vector<std::string_view>& words, const Deadline& deadline,
                                   const std::stop_token& stop) {
  DM_TRY(send(command_of(words), deadline, stop));
  for (;;) {
    DM_TRY(wait(tcp::socket::wait_read, deadline, stop));
    ErrorCode error;
    const std::size_t got = socket_.read_some(asio::buffer(buffer_), error);
    if (error == asio::error::would_block) continue;
    if (error) return lost(error);
    answered_ = true;
    std::optional<Reply> reply = DM_TRY(reader_.feed({buffer_.data(), got}));
    if (reply) return *std::move(reply);
  }
}

}  // namespace docmind::cache
