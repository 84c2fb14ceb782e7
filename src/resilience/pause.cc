#include "resilience/pause.h"

#include <condition_variable>

#include "base/deadline.h"
#include "base/thread_annotations.h"
#include "exec/wait.h"

namespace docmind::resilience {

Pause pause_on(const Clock& clock) {
  return [&clock](Duration how_long, std::stop_token stop) -> Result<> {
    Mutex mutex;
    std::condition_variable_any never;
    MutexLock lock(mutex);
    const auto waited =
        exec::wait_until(never, lock, Deadline::in(how_long, clock), std::move(stop), [] { return false; });
    if (waited == exec::Waited::kStopped) return exec::error_of(waited, "before the next attempt");
    return {};
  };
}

}  // namespace docmind::resilience
