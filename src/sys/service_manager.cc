#include "sys/service_manager.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <charconv>

namespace docmind::sys {
namespace {

// What a variable says; nothing when it is not there.
Result<std::optional<std::uint64_t>> number(const Environment& environment, std::string_view name) {
  const auto text = environment.get_filled(name);
  if (!text) return std::optional<std::uint64_t>();
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error == std::errc() && end == text->data() + text->size()) return std::optional(value);
  return Error{Code::kInvalidArgument, fmt::format("the variable {} is no number", name),
               "The service manager sets it; unset it where there is none."};
}

// Whether what a variable offers is for this process, and not for the one that started it.
Result<bool> is_for(const Environment& environment, std::string_view name, pid_t self, bool when_absent) {
  const auto meant = DM_TRY(number(environment, name));
  return meant ? *meant == static_cast<std::uint64_t>(self) : when_absent;
}

}  // namespace

Result<ServiceManager> ServiceManager::of(const Environment& environment, pid_t self, int first_socket) {
  ServiceManager out;
  out.first_socket_ = first_socket;
  const auto socket = environment.get_filled("NOTIFY_SOCKET");
  if (socket && (socket->starts_with('/') || socket->starts_with('@')) &&
      socket->size() < sizeof(sockaddr_un::sun_path))
    out.socket_ = *socket;
  const auto watchdog = DM_TRY(number(environment, "WATCHDOG_USEC"));
  const bool watched = DM_TRY(is_for(environment, "WATCHDOG_PID", self, true));
  if (watchdog.value_or(0) > 0 && watched)
    out.watchdog_ = std::chrono::microseconds(std::min<std::uint64_t>(*watchdog, std::uint64_t{1} << 50U));
  const auto sockets = DM_TRY(number(environment, "LISTEN_FDS"));
  if (sockets && DM_TRY(is_for(environment, "LISTEN_PID", self, false)))
    out.sockets_ = *sockets > 1 ? 2 : static_cast<int>(*sockets);
  return out;
}

Result<> ServiceManager::tell(std::string_view lines) const {
  if (socket_.empty()) return {};
  const Fd from(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!from) return error_of(errno, "make a socket");
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  socket_.copy(to.sun_path, sizeof(to.sun_path) - 1);
  socklen_t size = sizeof to;
  if (socket_.starts_with('@')) {  // Its name has no end but that of the address.
    to.sun_path[0] = '\0';
    size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  }
  const auto sent = ::sendto(from.get(), lines.data(), lines.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                             reinterpret_cast<const sockaddr*>(&to), size);
  if (sent < 0) return error_of(errno, "tell the service manager at " + socket_);
  return {};
}

Result<std::optional<ServiceManager::Socket>> ServiceManager::take_socket() {
  if (std::exchange(sockets_, sockets_ > 1 ? sockets_ : 0) == 0) return std::optional<Socket>();
  const Error unfit{Code::kInvalidArgument,
                    "the service manager handed over something else than one listening TCP socket",
                    "Give the .socket unit one ListenStream=ADDRESS:PORT."};
  if (sockets_ > 1) return unfit;
  Socket out{.fd = Fd(first_socket_)};
  (void)::fcntl(out.fd.get(), F_SETFD, FD_CLOEXEC);
  int listens = 0;
  socklen_t size = sizeof listens;
  if (::getsockopt(out.fd.get(), SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || listens == 0) return unfit;
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  const auto* named = reinterpret_cast<const sockaddr*>(&address);
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  const bool known = ::getsockname(out.fd.get(), reinterpret_cast<sockaddr*>(&address), &length) == 0 &&
                     (address.ss_family == AF_INET || address.ss_family == AF_INET6) &&
                     ::getnameinfo(named, length, host.data(), host.size(), port.data(), port.size(),
                                   NI_NUMERICHOST | NI_NUMERICSERV) == 0;
  if (!known) return unfit;
  out.host = host.data();
  std::from_chars(port.data(), port.data() + std::char_traits<char>::length(port.data()), out.port);
  return std::optional<Socket>(std::move(out));
}

}  // namespace docmind::sys
