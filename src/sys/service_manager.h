// The service manager (systemd) that started this process: what it handed over, and what it is told.
//
// Without one nothing is there and nothing is told. Thread safety: take_socket() once, at the start; the rest from any
// thread.
// Source: sd_notify(3), sd_watchdog_enabled(3), sd_listen_fds(3): datagrams to NOTIFY_SOCKET, WATCHDOG_USEC, and
// descriptors from 3 on for the process LISTEN_PID.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "sys/environment.h"
#include "sys/fd.h"

namespace docmind::sys {

class ServiceManager {
 public:
  static constexpr int kFirstSocket = 3;  // SD_LISTEN_FDS_START

  // kInvalidArgument for variables that do not make sense.
  static Result<ServiceManager> of(const Environment& environment, pid_t self, int first_socket = kFirstSocket);

  bool hears() const { return !socket_.empty(); }
  // Lines as sd_notify(3) has them: "READY=1\nSTATUS=reading". Does not wait.
  Result<> tell(std::string_view lines) const;

  // After this long without a "WATCHDOG=1" it ends this process.
  std::optional<Duration> watchdog() const { return watchdog_; }

  // A TCP socket that listens already.
  struct Socket {
    Fd fd;
    std::string host{};  // An address.
    std::uint16_t port = 0;
  };
  // The one that was handed over. kInvalidArgument when there are several, or it is another kind.
  Result<std::optional<Socket>> take_socket();

 private:
  std::string socket_;  // A path; "@name" in the abstract namespace.
  std::optional<Duration> watchdog_;
  int sockets_ = 0;
  int first_socket_ = kFirstSocket;
};

}  // namespace docmind::sys
