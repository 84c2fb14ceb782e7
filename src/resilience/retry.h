// How often and after what wait the same is tried again.
//
// The specification's two schedules, three attempts in all: calls of a backend wait up to 1, 2, 4 s, whole queries and
// steps of the storage 2 to 10 s. These are caps: with full jitter a wait is drawn evenly from zero to its cap, so that
// callers who failed together do not come back together (M. Brooker, "Exponential Backoff And Jitter", AWS 2015).
// When the other side said when to come back, the drawn wait is added to that time: never before, never all at once.
// Pure; chance comes from the Rng handed in.
#pragma once
#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "base/rng.h"
#include "resilience/error_class.h"

namespace docmind::resilience {

struct RetryOptions {
  Work work = Work::kBackendCall;
  std::uint32_t attempts = 3;                               // In all; 1 to 10.
  Duration first_wait = std::chrono::seconds(1);            // Cap of the first wait; above 0, at most an hour.
  double factor = 2;                                        // Of each cap to the one before; 1 to 10.
  Duration longest_wait = std::chrono::seconds(4);          // Of the caps; at least first_wait, at most an hour.
  Duration longest_retry_after = std::chrono::seconds(60);  // Told to wait longer, it gives up; at most an hour.
};

RetryOptions retries_of_backend_calls();
RetryOptions retries_of_steps();

// kInvalidArgument when a value is out of its range.
Result<> check(const RetryOptions& options);

// After `failed` attempts (1 or more): the longest wait that the schedule has there.
Duration cap_of_wait(const RetryOptions& options, std::uint32_t failed);
Duration draw_wait(const RetryOptions& options, std::uint32_t failed, std::optional<Duration> retry_after, Rng& rng);

}  // namespace docmind::resilience
