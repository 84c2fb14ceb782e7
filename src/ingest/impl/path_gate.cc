#include "ingest/impl/path_gate.h"

#include "exec/wait.h"

namespace docmind::ingest {

Result<PathGate::Pass> PathGate::enter(const std::string& path, Deadline deadline, std::stop_token stop) {
  MutexLock lock(mutex_);
  const exec::Waited waited =
      exec::wait_until(left_, lock, deadline, stop, [&]() DM_REQUIRES(mutex_) { return !inside_.contains(path); });
  if (waited != exec::Waited::kReady) return exec::error_of(waited, "another ingest is working on " + path);
  inside_.insert(path);
  return Pass(*this, path);
}

void PathGate::leave(const std::string& path) {
  const MutexLock lock(mutex_);
  inside_.erase(path);
  left_.notify_all();
}

}  // namespace docmind::ingest
