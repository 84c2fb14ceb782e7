#include "sys/impl/spawn.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace docmind::sys {
namespace {

constexpr int kCannotStart = 127;

// Written by the child into the parent's memory; volatile, since the compiler knows nothing of the borrowing.
struct Failure {
  volatile int error_number = 0;
  const char* volatile step = "";
};

[[noreturn]] void fail(Failure& failure, const char* step) {
  failure.error_number = errno;
  failure.step = step;
  ::_exit(kCannotStart);
}

void set_limits(const SpawnPlan& plan, Failure& failure) {
  for (const SpawnLimit& limit : plan.limits) {
    rlimit now{};
    if (::getrlimit(static_cast<__rlimit_resource>(limit.resource), &now) != 0) fail(failure, "read the limits of");
    const rlimit wanted{std::min(limit.value.rlim_cur, now.rlim_max), std::min(limit.value.rlim_max, now.rlim_max)};
    if (::setrlimit(static_cast<__rlimit_resource>(limit.resource), &wanted) != 0) fail(failure, "limit");
  }
}

// In the child, on the parent's memory: only system calls.
[[noreturn]] void become(const SpawnPlan& plan, pid_t parent, Failure& failure) {
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) fail(failure, "tie to its parent");
  if (::getppid() != parent) ::_exit(kCannotStart);  // It died before the line above.
  if (::setpgid(0, 0) != 0) fail(failure, "make a group for");
  struct sigaction plain{};
  plain.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) ::sigaction(number, &plain, nullptr);  // Some cannot be set; fine.
  for (int i = 0; i < 3; ++i) {
    const int from = plan.fds[static_cast<std::size_t>(i)];
    if (from >= 0 && ::dup2(from, i) < 0) fail(failure, "connect");
  }
  if (::syscall(SYS_close_range, 3U, ~0U, 0U) != 0) fail(failure, "close the files of");
  if (::chdir(plan.folder) != 0) fail(failure, "enter the folder of");
  set_limits(plan, failure);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(plan.argv[0], plan.argv.data(), plan.env.data());
  fail(failure, "run");
}

}  // namespace

Spawned spawn(const SpawnPlan& plan) {
  Failure failure;
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, &before);
  const pid_t parent = ::getpid();
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
  const pid_t pid = ::vfork();
#pragma clang diagnostic pop
  if (pid == 0) become(plan, parent, failure);
  const int fork_error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) return {.pid = -1, .error_number = fork_error, .step = "start"};
  if (failure.error_number != 0) {
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    return {.pid = -1, .error_number = failure.error_number, .step = failure.step};
  }
  return {.pid = pid, .error_number = 0, .step = ""};
}

}  // namespace docmind::sys
