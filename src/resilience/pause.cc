#include "resilience/pause.h"

#include "base/deadline.h"
#include "exec/wait.h"

namespace docmind::resilience {

Pause pause_on(const Clock& clock) {
  return [&clock](Duration how_long, std::stop_token stop) -> Result<> {
    const auto waited = exec::rest(Deadline::in(how_long, clock), std::move(stop));
    if (waited == exec::Waited::kStopped) return exec::error_of(waited, "before the next attempt");
    return {};
  };
}

}  // namespace docmind::resilience
