#include "sys/line_reader.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "sys/fd.h"

namespace docmind::sys {
namespace {

constexpr std::size_t kLongestLine = 64U << 10U;

}  // namespace

Result<> LineReader::fill(std::stop_token stop) {
  const Fd stopped(::eventfd(0, EFD_CLOEXEC));
  if (!stopped) return error_of(errno, "wait for a line");
  const std::stop_callback wake(stop, [&stopped] {
    const std::uint64_t one = 1;
    while (::write(stopped.get(), &one, sizeof one) < 0 && errno == EINTR) {
    }
  });
  std::array<pollfd, 2> wait{pollfd{fd_, POLLIN, 0}, pollfd{stopped.get(), POLLIN, 0}};
  for (;;) {
    if (::poll(wait.data(), wait.size(), -1) < 0) {
      if (errno == EINTR) continue;
      return error_of(errno, "wait for a line");
    }
    if (stop.stop_requested()) return Error{Code::kCancelled, "interrupted"};
    std::array<char, 4096> bytes{};
    const ssize_t count = ::read(fd_, bytes.data(), bytes.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count < 0) return error_of(errno, "read a line");
    if (count == 0) ended_ = true;
    buffer_.append(bytes.data(), static_cast<std::size_t>(count));
    return {};
  }
}

Result<std::optional<std::string>> LineReader::next(std::stop_token stop) {
  for (;;) {
    const std::size_t end = buffer_.find('\n');
    if (end != std::string::npos || (ended_ && !buffer_.empty())) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end == std::string::npos ? end : end + 1);
      const bool too_long = line.size() > kLongestLine || skipping_;
      skipping_ = false;
      if (!too_long) return std::optional(std::move(line));
      return Error{Code::kResourceExhausted, "a line is longer than 64 KiB", "Ask one thing at a time."};
    }
    if (ended_ && skipping_) {
      skipping_ = false;
      return Error{Code::kResourceExhausted, "a line is longer than 64 KiB", "Ask one thing at a time."};
    }
    if (ended_) return std::optional<std::string>();
    if (buffer_.size() > kLongestLine) {
      skipping_ = true;
      buffer_.clear();
    }
    DM_TRY(fill(stop));
  }
}

}  // namespace docmind::sys
