#include "sys/group_leader.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

namespace docmind::sys {
namespace {

constexpr int kCannotStart = 127;

void say(std::string_view text) {
  const ssize_t ignored = ::write(STDERR_FILENO, text.data(), text.size());
  static_cast<void>(ignored);
}

// In the child.
[[noreturn]] void become(const std::vector<std::string>& argv, const sigset_t& mask, pid_t leader) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != leader) ::_exit(kCannotStart);
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
  std::vector<char*> words;
  words.reserve(argv.size() + 1);
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  ::execv(words[0], words.data());
  say(argv[0] + ": " + ::strerrordesc_np(errno) + "\n");
  ::_exit(kCannotStart);
}

int end_like(int status) {
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  const int number = WTERMSIG(status);
  ::signal(number, SIG_DFL);
  sigset_t one;
  ::sigemptyset(&one);
  ::sigaddset(&one, number);
  ::sigprocmask(SIG_UNBLOCK, &one, nullptr);
  ::kill(::getpid(), number);
  return 128 + number;  // A signal that does not kill us.
}

}  // namespace

int lead_group(const LeaderOptions& options) {
  if (options.argv.empty() || !options.argv[0].starts_with('/')) return kCannotStart;
  sigset_t heard;
  sigset_t before;
  ::sigemptyset(&heard);
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGCHLD}) ::sigaddset(&heard, number);
  ::sigprocmask(SIG_BLOCK, &heard, &before);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);  // Instead of SIGKILL, which we could not answer.
  const pid_t leader = ::getpid();
  const pid_t program = ::getppid() == options.parent ? ::fork() : -1;
  if (program == 0) become(options.argv, before, leader);
  if (program < 0) return kCannotStart;
  while (true) {
    siginfo_t signal{};
    if (::sigwaitinfo(&heard, &signal) < 0 && errno != EINTR) return kCannotStart;
    if (::getppid() != options.parent) ::kill(0, SIGKILL);
    int status = 0;
    if (::waitpid(program, &status, WNOHANG) == program) return end_like(status);
  }
}

}  // namespace docmind::sys
