#include "exec/wait.h"

#include <string>
#include <utility>

namespace docmind::exec {

Waited rest(const Deadline& deadline, std::stop_token stop) {
  Mutex mutex;
  std::condition_variable_any nobody;
  MutexLock lock(mutex);
  return wait_until(nobody, lock, deadline, std::move(stop), [] { return false; });
}

Error error_of(Waited waited, std::string_view what) {
  if (waited == Waited::kStopped) return {Code::kCancelled, "stopped while waiting: " + std::string(what)};
  return {Code::kDeadlineExceeded, "ran out of time: " + std::string(what)};
}

}  // namespace docmind::exec
