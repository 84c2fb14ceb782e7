#include "sys/keeper.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>

namespace docmind::sys {
namespace {

using std::chrono::milliseconds;

constexpr auto kQuickDeath = std::chrono::seconds(1);
constexpr auto kFirstPause = milliseconds(10);
constexpr auto kLongestPause = milliseconds(1000);

// False: stopped meanwhile.
bool pause_for(milliseconds pause, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any nobody;
  std::unique_lock lock(mutex);
  nobody.wait_for(lock, stop, pause, [] { return false; });
  return !stop.stop_requested();
}

int end(Subprocess& child, Duration patience, const Clock& clock) {
  child.terminate();
  const auto exit = child.wait(Deadline::in(patience, clock), {});
  return exit && exit->signal == 0 ? exit->code : 0;
}

}  // namespace

Result<int> keep_running(const SubprocessOptions& program, Duration patience, const Clock& clock, std::stop_token stop,
                         const std::function<void(const Exit& exit)>& restarting) {
  milliseconds pause(0);
  while (true) {
    const TimePoint began = clock.now();
    const auto child = DM_TRY(Subprocess::start(program));
    const auto exit = child->wait(Deadline::never(), stop);
    if (!exit) return end(*child, patience, clock);
    if (exit->signal == 0) return exit->code;
    if (stop.stop_requested()) return 0;
    restarting(*exit);
    const bool quick = clock.now() - began < kQuickDeath;
    if (!pause_for(pause, stop)) return 0;
    pause = quick ? std::clamp<milliseconds>(2 * pause, kFirstPause, kLongestPause) : milliseconds(0);
  }
}

}  // namespace docmind::sys
