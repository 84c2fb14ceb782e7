#include "sys/keeper.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

#include "sys/fd.h"
#include "sys/impl/spawn.h"

namespace docmind::sys {
namespace {

using std::chrono::milliseconds;

constexpr auto kQuickDeath = std::chrono::seconds(1);
constexpr auto kFirstPause = milliseconds(10);
constexpr auto kLongestPause = milliseconds(1000);

std::vector<char*> words_of(const std::vector<std::string>& from) {
  std::vector<char*> words;
  words.reserve(from.size() + 1);
  for (const std::string& word : from) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  return words;
}

// Waits until one of them is readable or the time is over; nothing for a time without end.
void wait_for(std::array<int, 2> fds, std::optional<milliseconds> most) {
  std::array<pollfd, 2> wait{pollfd{fds[0], POLLIN, 0}, pollfd{fds[1], POLLIN, 0}};
  while (::poll(wait.data(), wait.size(), most ? static_cast<int>(most->count()) : -1) < 0 && errno == EINTR) {
  }
}

struct Child {
  pid_t pid = -1;
  Fd handle;  // Readable once it has ended.

  std::optional<Exit> exited() const {
    int status = 0;
    if (::waitpid(pid, &status, WNOHANG) != pid) return std::nullopt;
    if (WIFEXITED(status)) return Exit{.code = WEXITSTATUS(status)};
    return Exit{.signal = WTERMSIG(status)};
  }
};

Result<Child> start(const KeptProgram& program) {
  SpawnPlan plan;
  plan.argv = words_of(program.argv);
  plan.env = words_of(program.env);
  plan.fds = {program.input, -1, -1};
  const Spawned spawned = spawn(plan);
  if (spawned.pid < 0) return error_of(spawned.error_number, std::string(spawned.step) + " " + program.argv.front());
  Child child{.pid = spawned.pid, .handle = Fd(static_cast<int>(::syscall(SYS_pidfd_open, spawned.pid, 0)))};
  if (child.handle) return child;
  const int error_number = errno;
  ::kill(-child.pid, SIGKILL);
  ::waitpid(child.pid, nullptr, 0);
  return error_of(error_number, "watch " + program.argv.front());
}

// After a stop: SIGTERM, patience, SIGKILL.
int end(const Child& child, Duration patience, const Clock& clock) {
  ::kill(child.pid, SIGTERM);
  const Deadline deadline = Deadline::in(patience, clock);
  while (!deadline.expired()) {
    wait_for({child.handle.get(), -1}, std::chrono::ceil<milliseconds>(deadline.left()));
    if (const auto exit = child.exited()) return exit->signal == 0 ? exit->code : 0;
  }
  ::kill(-child.pid, SIGKILL);
  ::waitpid(child.pid, nullptr, 0);
  return 0;
}

}  // namespace

Result<int> keep_running(const KeptProgram& program, Duration patience, const Clock& clock, std::stop_token stop,
                         const std::function<void(const Exit& exit)>& restarting) {
  const Fd stopped(::eventfd(0, EFD_CLOEXEC));
  if (!stopped) return error_of(errno, "watch for the end");
  const std::stop_callback wake(stop, [&stopped] {
    const std::uint64_t one = 1;
    while (::write(stopped.get(), &one, sizeof one) < 0 && errno == EINTR) {
    }
  });
  milliseconds pause(0);
  while (true) {
    const TimePoint began = clock.now();
    const Child child = DM_TRY(start(program));
    std::optional<Exit> exit;
    while (!exit && !stop.stop_requested()) {
      wait_for({child.handle.get(), stopped.get()}, std::nullopt);
      exit = child.exited();
    }
    if (!exit) return end(child, patience, clock);
    if (exit->signal == 0) return exit->code;
    if (stop.stop_requested()) return 0;
    restarting(*exit);
    const bool quick = clock.now() - began < kQuickDeath;
    if (pause > milliseconds(0)) wait_for({stopped.get(), -1}, pause);
    if (stop.stop_requested()) return 0;
    pause = quick ? std::clamp<milliseconds>(2 * pause, kFirstPause, kLongestPause) : milliseconds(0);
  }
}

}  // namespace docmind::sys
