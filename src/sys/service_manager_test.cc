#include "sys/service_manager.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>

#include "sys/testing/temp_folder.h"

namespace docmind::sys {
namespace {

constexpr pid_t kSelf = 4711;

// A manager's end: what was told there.
struct Ear {
  Fd fd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};

  explicit Ear(std::string name) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    name.copy(at.sun_path, sizeof(at.sun_path) - 1);
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    if (name.starts_with('@')) at.sun_path[0] = '\0';
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&at), name.starts_with('@') ? size : sizeof at), 0);
  }
  std::string heard() const {
    std::array<char, 256> text{};
    const auto got = ::recv(fd.get(), text.data(), text.size(), MSG_DONTWAIT);
    return {text.data(), got < 0 ? 0U : static_cast<std::size_t>(got)};
  }
};

Fd listening(int family, int type) {
  Fd fd(::socket(family, type, 0));
  sockaddr_in at{};
  at.sin_family = static_cast<sa_family_t>(family);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  // Of a Unix socket the family alone: the system gives it a name.
  const socklen_t size = family == AF_INET ? sizeof at : sizeof at.sin_family;
  EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&at), size), 0);
  if (type == SOCK_STREAM) EXPECT_EQ(::listen(fd.get(), 1), 0);
  return fd;
}

Result<ServiceManager> manager(Environment::Variables variables, int first_socket = ServiceManager::kFirstSocket) {
  return ServiceManager::of(Environment(std::move(variables)), kSelf, first_socket);
}

TEST(ServiceManager, NobodyIsToldWithoutOne) {
  auto none = manager({});
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->hears());
  EXPECT_FALSE(none->watchdog());
  EXPECT_TRUE(none->tell("READY=1"));
  auto socket = none->take_socket();
  ASSERT_TRUE(socket);
  EXPECT_FALSE(*socket);
}

TEST(ServiceManager, HearsWhatItIsTold) {
  const TempFolder folder;
  for (const std::string& name : {(folder.path() / "notify").string(), "@docmind-test-" + std::to_string(::getpid())}) {
    const Ear ear(name);
    const auto told = manager({{"NOTIFY_SOCKET", name}});
    ASSERT_TRUE(told);
    EXPECT_TRUE(told->hears());
    ASSERT_TRUE(told->tell("READY=1\nSTATUS=ready"));
    EXPECT_EQ(ear.heard(), "READY=1\nSTATUS=ready");
    EXPECT_EQ(ear.heard(), "");
  }
}

TEST(ServiceManager, OneThatIsGoneIsAnError) {
  const TempFolder folder;
  const auto gone = manager({{"NOTIFY_SOCKET", (folder.path() / "none").string()}});
  ASSERT_TRUE(gone);
  EXPECT_FALSE(gone->tell("READY=1"));
  EXPECT_FALSE(manager({{"NOTIFY_SOCKET", "relative"}})->hears());
  EXPECT_FALSE(manager({{"NOTIFY_SOCKET", "/" + std::string(200, 'x')}})->hears());
}

TEST(ServiceManager, ItsWatchdogIsForTheProcessItNames) {
  EXPECT_EQ(manager({{"WATCHDOG_USEC", "60000000"}})->watchdog(), std::chrono::seconds(60));
  EXPECT_EQ(manager({{"WATCHDOG_USEC", "60000000"}, {"WATCHDOG_PID", "4711"}})->watchdog(), std::chrono::seconds(60));
  EXPECT_FALSE(manager({{"WATCHDOG_USEC", "60000000"}, {"WATCHDOG_PID", "4712"}})->watchdog());
  EXPECT_FALSE(manager({{"WATCHDOG_USEC", "0"}})->watchdog());
  EXPECT_EQ(manager({{"WATCHDOG_USEC", "soon"}}).error().code, Code::kInvalidArgument);
  EXPECT_GT(manager({{"WATCHDOG_USEC", "18446744073709551615"}})->watchdog(), std::chrono::hours(1));
}

TEST(ServiceManager, HandsOverASocketThatListens) {
  Fd given = listening(AF_INET, SOCK_STREAM);
  const int number = given.release();
  EXPECT_FALSE(*manager({{"LISTEN_FDS", "1"}}, number)->take_socket());
  EXPECT_FALSE(*manager({{"LISTEN_FDS", "1"}, {"LISTEN_PID", "1"}}, number)->take_socket());
  auto handed = manager({{"LISTEN_FDS", "1"}, {"LISTEN_PID", "4711"}}, number);
  ASSERT_TRUE(handed);
  auto socket = handed->take_socket();
  ASSERT_TRUE(socket) << socket.error().message;
  ASSERT_TRUE(*socket);
  EXPECT_EQ((**socket).host, "127.0.0.1");
  EXPECT_GT((**socket).port, 0);
  EXPECT_FALSE(*handed->take_socket());
}

TEST(ServiceManager, RefusesWhatIsNoAddressToServe) {
  const auto take = [](const std::string& sockets, int number) {
    return manager({{"LISTEN_FDS", sockets}, {"LISTEN_PID", "4711"}}, number)->take_socket();
  };
  EXPECT_EQ(take("2", 1000).error().code, Code::kInvalidArgument);
  EXPECT_EQ(take("1", listening(AF_INET, SOCK_DGRAM).release()).error().code, Code::kInvalidArgument);
  EXPECT_EQ(take("1", listening(AF_UNIX, SOCK_STREAM).release()).error().code, Code::kInvalidArgument);
  EXPECT_EQ(take("1", ::dup(STDERR_FILENO)).error().code, Code::kInvalidArgument);
}

}  // namespace
}  // namespace docmind::sys
