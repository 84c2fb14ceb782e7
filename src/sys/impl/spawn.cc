#include "sys/impl/spawn.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "sys/fd.h"

namespace docmind::sys {
namespace {

constexpr int kCannotStart = 127;

enum class Step : int { kTie, kGroup, kConnect, kClose, kFolder, kLimit, kRun };
constexpr std::array<const char*, 7> kSteps = {
    "tie to its parent", "make a group for", "connect", "close the files of", "enter the folder of", "limit", "run",
};

// What the child says before it gives up, on a pipe that exec closes. Its memory would do after vfork, but some tools
// (ThreadSanitizer) make a plain fork of it.
struct Report {
  int error_number = 0;
  Step step = Step::kRun;
};

[[noreturn]] void fail(int report, Step step) {
  const Report said{errno, step};
  const ssize_t ignored = ::write(report, &said, sizeof said);
  static_cast<void>(ignored);
  ::_exit(kCannotStart);
}

void set_limits(const SpawnPlan& plan, int report) {
  for (const SpawnLimit& limit : plan.limits) {
    const auto resource = static_cast<__rlimit_resource>(limit.resource);
    rlimit now{};
    if (::getrlimit(resource, &now) != 0) fail(report, Step::kLimit);
    const rlimit wanted{std::min(limit.value.rlim_cur, now.rlim_max), std::min(limit.value.rlim_max, now.rlim_max)};
    if (::setrlimit(resource, &wanted) != 0) fail(report, Step::kLimit);
  }
}

// In the child, on the parent's memory: only system calls.
[[noreturn]] void become(const SpawnPlan& plan, pid_t parent, int report) {
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) fail(report, Step::kTie);
  if (::getppid() != parent) ::_exit(kCannotStart);  // It died before the line above.
  if (::setpgid(0, 0) != 0) fail(report, Step::kGroup);
  struct sigaction plain{};
  plain.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) ::sigaction(number, &plain, nullptr);  // Some cannot be set; fine.
  for (int i = 0; i < 3; ++i) {
    const int from = plan.fds[static_cast<std::size_t>(i)];
    if (from >= 0 && ::dup2(from, i) < 0) fail(report, Step::kConnect);
  }
  if (::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) != 0) fail(report, Step::kClose);
  if (::chdir(plan.folder) != 0) fail(report, Step::kFolder);
  set_limits(plan, report);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(plan.argv[0], plan.argv.data(), plan.env.data());
  fail(report, Step::kRun);
}

// What the child said, nothing when exec closed the pipe.
Report read_report(int pipe) {
  Report said;
  ssize_t n = 0;
  do {
    n = ::read(pipe, &said, sizeof said);
  } while (n < 0 && errno == EINTR);
  return n == sizeof said ? said : Report{};
}

Spawned spawn_with(const SpawnPlan& plan, int report, Fd& report_end) {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, &before);
  const pid_t parent = ::getpid();
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  const pid_t pid = ::vfork();
#pragma GCC diagnostic pop
  if (pid == 0) become(plan, parent, report_end.get());
  const int fork_error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) return {.pid = -1, .error_number = fork_error, .step = "start"};
  report_end.reset();
  const Report said = read_report(report);
  if (said.error_number == 0) return {.pid = pid, .error_number = 0, .step = ""};
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  return {.pid = -1, .error_number = said.error_number, .step = kSteps.at(static_cast<std::size_t>(said.step))};
}

}  // namespace

Spawned spawn(const SpawnPlan& plan) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return {.pid = -1, .error_number = errno, .step = "start"};
  const Fd report(ends[0]);
  Fd report_end(::fcntl(ends[1], F_DUPFD_CLOEXEC, 3));  // 0 to 2 are put in place of others in the child.
  const int dup_error = errno;
  ::close(ends[1]);
  if (!report_end) return {.pid = -1, .error_number = dup_error, .step = "start"};
  return spawn_with(plan, report.get(), report_end);
}

}  // namespace docmind::sys
