#include "server/check_history.h"

namespace docmind::server {

void CheckHistory::note(std::vector<service::Check>& checks) {
  const std::int64_t now = clock_.wall().time_since_epoch().count();
  const MutexLock lock(mutex_);
  for (service::Check& check : checks) {
    const auto [at, fresh] = kept_.try_emplace(check.name);
    Kept& kept = at->second;
    const bool begins = fresh || kept.status != check.status;
    if (begins) {
      kept.status = check.status;
      kept.since_ms = now;
    }
    const bool fails = check.status != service::CheckStatus::kOk;
    if (check.last) {
      kept.last = check.last;
    } else if (fails && (begins || !kept.last || kept.last->error.message != check.message)) {
      kept.last = Failure{{Code::kUnavailable, check.message, ""}, now};
    }
    check.since_ms = kept.since_ms;
    check.last = kept.last;
  }
}

}  // namespace docmind::server
