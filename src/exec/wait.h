// Waiting on a condition variable with a deadline and a stop token, the same way everywhere.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <stop_token>
#include <string_view>

#include "base/deadline.h"
#include "base/error.h"
#include "base/thread_annotations.h"

namespace docmind::exec {

enum class Waited : std::uint8_t { kReady, kDeadline, kStopped };

// Until ready() holds (kReady, which wins), the deadline passes, or a stop is requested. ready() runs with the lock
// held.
template <typename Ready>
Waited wait_until(std::condition_variable_any& changed, MutexLock& lock, const Deadline& deadline, std::stop_token stop,
                  Ready ready) DM_UNCHECKED {
  while (!ready()) {
    if (stop.stop_requested()) return Waited::kStopped;
    if (deadline.expired()) return Waited::kDeadline;
    if (deadline.is_never()) {
      changed.wait(lock, stop, ready);
    } else {
      changed.wait_for(lock, stop, deadline.left(), ready);
    }
  }
  return Waited::kReady;
}

// With nothing to wait for: kDeadline or kStopped.
Waited rest(const Deadline& deadline, std::stop_token stop);

Error error_of(Waited waited, std::string_view what);

}  // namespace docmind::exec
