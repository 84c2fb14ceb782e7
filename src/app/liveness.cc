#include "app/liveness.h"

#include <algorithm>

#include "exec/wait.h"

namespace docmind::app {
namespace {

constexpr Duration kEvery = std::chrono::seconds(5);

}  // namespace

void tell_liveness(const sys::ServiceManager& manager, const Look& look, const Clock& clock, const obs::Log& log,
                   const std::stop_token& stop) {
  const Duration every = std::min(kEvery, manager.watchdog().value_or(kEvery) / 2);
  for (;;) {
    const Deadline next = manager.hears() ? Deadline::in(every, clock) : Deadline::never();
    if (exec::rest(next, stop) == exec::Waited::kStopped) return;
    const auto seen = look(Deadline::in(every, clock));
    const auto told = seen ? manager.tell("WATCHDOG=1\nSTATUS=" + *seen) : Result<>(seen.error());
    if (!told && !stop.stop_requested()) log.failure(obs::Level::kWarn, "liveness_not_told", told.error());
  }
}

}  // namespace docmind::app
