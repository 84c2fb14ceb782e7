// A server for tests that answers every connection with the same bytes, however wrong, and closes it (or keeps it open
// until the test ends). Shared by the tests of whoever talks HTTP to something that may be broken or hostile.
#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace docmind::net::testing {

class CannedServer {
 public:
  enum class Then : std::uint8_t { kClose, kHold, kReset };

  explicit CannedServer(std::string bytes, Then then = Then::kClose) : bytes_(std::move(bytes)), then_(then) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address));
    ::listen(listener_, 16);
    socklen_t size = sizeof(address);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~CannedServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
    for (const int fd : held_) ::close(fd);
  }
  CannedServer(const CannedServer&) = delete;
  CannedServer& operator=(const CannedServer&) = delete;

  std::uint16_t port() const { return port_; }

 private:
  void serve() {
    while (true) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      char request[16384];
      (void)!::recv(fd, request, sizeof(request), 0);
      for (std::size_t at = 0; at < bytes_.size();) {
        const ssize_t sent = ::send(fd, bytes_.data() + at, bytes_.size() - at, MSG_NOSIGNAL);
        if (sent <= 0) break;
        at += static_cast<std::size_t>(sent);
      }
      if (then_ == Then::kHold) {
        held_.push_back(fd);
        continue;
      }
      const linger now{1, 0};
      if (then_ == Then::kReset) ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
      ::close(fd);
    }
  }

  const std::string bytes_;
  const Then then_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::vector<int> held_;
  std::thread thread_;
};

}  // namespace docmind::net::testing
