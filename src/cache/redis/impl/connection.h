// One connection to a Redis: a command goes out, its answer comes back, within a time.
//
// Thread safety: none; one user at a time. After an error other than the server's own word (Reply::Kind::kError) the
// connection is of no use. A stop ends a wait within kSlice.
#pragma once
#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "cache/redis/impl/reply.h"

namespace docmind::cache {

// Longest time that an asio loop runs before deadline and stop are looked at again.
inline constexpr auto kSlice = std::chrono::milliseconds(50);

// Runs the loop until done(). kDeadlineExceeded, kCancelled.
template <typename Done>
Result<> run_until(boost::asio::io_context& io, const Deadline& deadline, const std::stop_token& stop, Done done) {
  while (!done()) {
    if (stop.stop_requested()) return Error{Code::kCancelled, "Stopped while waiting for Redis."};
    if (deadline.expired()) return Error{Code::kDeadlineExceeded, "Redis did not answer in time."};
    io.restart();
    io.run_one_for(std::min<Duration>(kSlice, deadline.left()));
  }
  return {};
}

class Connection {
 public:
  using Endpoint = boost::asio::ip::tcp::endpoint;

  explicit Connection(std::uint64_t max_reply_bytes) : reader_(max_reply_bytes) {}
  ~Connection();

  // To the first of them that takes it.
  Result<> open(const std::vector<Endpoint>& endpoints, Deadline deadline, const std::stop_token& stop);

  Result<Reply> call(const std::vector<std::string_view>& words, Deadline deadline, const std::stop_token& stop);

  // Whether any byte of the last call's answer had come.
  bool answered() const { return answered_; }
  bool broken() const { return broken_; }

 private:
  Result<Reply> exchange(const std::vector<std::string_view>& words, const Deadline& deadline,
                         const std::stop_token& stop);
  Result<> send(std::string_view bytes, const Deadline& deadline, const std::stop_token& stop);
  Result<> wait(boost::asio::ip::tcp::socket::wait_type what, const Deadline& deadline, const std::stop_token& stop);

  boost::asio::io_context io_;
  boost::asio::ip::tcp::socket socket_{io_};
  ReplyReader reader_;
  std::vector<char> buffer_ = std::vector<char>(16U << 10U);
  bool answered_ = false;
  bool broken_ = false;
};

}  // namespace docmind::cache
