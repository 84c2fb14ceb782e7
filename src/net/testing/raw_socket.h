// A plain socket for tests of the server: sends any bytes, however wrong, and reads with a deadline. Never used outside
// tests. One thread.
#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace docmind::net::testing {

class RawSocket {
 public:
  static RawSocket tcp(std::uint16_t port) {
    RawSocket made(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    made.connected_ = ::connect(made.fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
    return made;
  }

  static RawSocket unix_socket(const std::string& path) {
    RawSocket made(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), std::min(path.size(), sizeof(address.sun_path) - 1));
    made.connected_ = ::connect(made.fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
    return made;
  }

  RawSocket(RawSocket&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), connected_(other.connected_), buffer_(std::move(other.buffer_)) {}
  RawSocket& operator=(RawSocket&&) = delete;
  ~RawSocket() { close(); }

  bool connected() const { return connected_; }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  void half_close() { ::shutdown(fd_, SHUT_WR); }

  // Closes with a reset instead of an orderly end.
  void reset() {
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    close();
  }

  // False when the other side has closed before taking everything.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  // Everything until the other side closes; nothing when it does not within 10 s.
  std::optional<std::string> read_all() {
    while (true) {
      const int got = read_some();
      if (got == 0) return std::exchange(buffer_, {});
      if (got < 0) return std::nullopt;
    }
  }

  // Up to and including `end`; what follows stays for the next read. Nothing when it does not come.
  std::optional<std::string> read_until(std::string_view end) {
    std::size_t at = 0;
    while ((at = buffer_.find(end)) == std::string::npos) {
      if (read_some() <= 0) return std::nullopt;
    }
    std::string out = buffer_.substr(0, at + end.size());
    buffer_.erase(0, out.size());
    return out;
  }

  // One whole response with a Content-Length (0 when there is none).
  std::optional<std::string> read_response() {
    std::optional<std::string> head = read_until("\r\n\r\n");
    if (!head) return std::nullopt;
    const std::size_t at = head->find("Content-Length: ");
    const std::size_t size = at == std::string::npos ? 0 : std::stoul(head->substr(at + 16));
    while (buffer_.size() < size) {
      if (read_some() <= 0) return std::nullopt;
    }
    *head += buffer_.substr(0, size);
    buffer_.erase(0, size);
    return head;
  }

  // Reads and forgets what is there; false at the end.
  bool skip(std::size_t& read) {
    const int got = read_some();
    read += buffer_.size();
    buffer_.clear();
    return got > 0;
  }

 private:
  explicit RawSocket(int fd) : fd_(fd) {}

  // Bytes read, 0 at the end (a reset counts as one), -1 when nothing comes.
  int read_some() {
    pollfd wait{fd_, POLLIN, 0};
    if (::poll(&wait, 1, 10'000) <= 0) return -1;
    char bytes[16384];
    const ssize_t got = ::recv(fd_, bytes, sizeof(bytes), 0);
    if (got <= 0) return 0;
    buffer_.append(bytes, static_cast<std::size_t>(got));
    return static_cast<int>(got);
  }

  int fd_;
  bool connected_ = false;
  std::string buffer_;
};

}  // namespace docmind::net::testing
