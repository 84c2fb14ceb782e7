#include "sys/group_leader.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>

#include "sys/fd.h"

namespace docmind::sys {
namespace {

// A process that leads a group with the program; what that writes comes back by the pipe.
struct Led {
  pid_t pid = -1;
  Fd out;

  // Leading, with `parent` as the one whose death counts.
  static Led start(std::vector<std::string> argv) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    Led led{.out = Fd(ends[0])};
    const pid_t parent = ::getpid();
    led.pid = ::fork();
    if (led.pid == 0) {
      ::setpgid(0, 0);
      ::dup2(ends[1], STDOUT_FILENO);
      ::close(ends[0]);
      ::close(ends[1]);
      ::_exit(lead_group({.parent = parent, .argv = std::move(argv)}));
    }
    ::close(ends[1]);
    return led;
  }
  std::string line() const {
    std::string text;
    char byte = 0;
    while (::read(out.get(), &byte, 1) == 1 && byte != '\n') text.push_back(byte);
    return text;
  }
  int wait() const {
    int status = 0;
    ::waitpid(pid, &status, 0);
    return status;
  }
};

TEST(GroupLeader, EndsAsItsProgramDoes) {
  EXPECT_EQ(WEXITSTATUS(Led::start({"/bin/sh", "-c", "exit 7"}).wait()), 7);
  EXPECT_EQ(WEXITSTATUS(Led::start({"/bin/true"}).wait()), 0);
  const int status = Led::start({"/bin/sh", "-c", "kill -9 $$"}).wait();
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
  EXPECT_EQ(WEXITSTATUS(Led::start({"/no/such/program"}).wait()), 127);
  EXPECT_EQ(WEXITSTATUS(Led::start({"relative"}).wait()), 127);
}

TEST(GroupLeader, ASigtermIsForTheProgram) {
  const Led led = Led::start({"/bin/sh", "-c", "trap 'exit 5' TERM; echo ready; while :; do sleep 0.01; done"});
  EXPECT_EQ(led.line(), "ready");
  ::kill(-led.pid, SIGTERM);
  EXPECT_EQ(WEXITSTATUS(led.wait()), 5);
}

TEST(GroupLeader, AllEndWithTheParent) {
  // The parent that dies: it leads a program which starts another one, and both hold the pipe.
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const Fd out(ends[0]);
  const pid_t parent = ::fork();
  if (parent == 0) {
    ::close(ends[0]);
    const Led led = Led::start({"/bin/sh", "-c", "trap '' TERM; sleep 1000 & echo $!; wait"});
    const std::string pid = led.line() + "\n";
    const ssize_t ignored = ::write(ends[1], pid.data(), pid.size());
    static_cast<void>(ignored);
    ::kill(::getpid(), SIGKILL);
  }
  ::close(ends[1]);
  const Led reader{.out = Fd(::dup(out.get()))};
  const pid_t sleeper = std::atoi(reader.line().c_str());
  ASSERT_GT(sleeper, 0);
  ::waitpid(parent, nullptr, 0);
  // Gone already, or soon.
  const Fd alive(static_cast<int>(::syscall(SYS_pidfd_open, sleeper, 0)));
  if (alive) {
    pollfd ended{alive.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&ended, 1, 60'000), 1);
  }
}

TEST(GroupLeader, StartsNothingForAParentThatIsGone) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(lead_group({.parent = 1'999'999, .argv = {"/bin/true"}}));
  int status = 0;
  ::waitpid(pid, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 127);
}

}  // namespace
}  // namespace docmind::sys
