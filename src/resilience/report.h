// What was tried for one guarded call, so that an error can tell it: attempts with their causes and waits, and the end.
//
// Values. A call that is answered at the first attempt allocates nothing here.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "resilience/error_class.h"

namespace docmind::resilience {

// Why there was no further attempt.
enum class End : std::uint8_t {
  kAnswered,
  kPermanent,     // Another attempt would not help.
  kCancelled,     // The caller stopped it.
  kNoTime,        // The deadline is over, or would be before the next attempt.
  kLastAttempt,   // As many as are allowed were made.
  kNoBudget,      // The backend's budget of retries is used up.
  kSent,          // Part of an answer had reached the client.
  kOpen,          // The breaker leaves the backend alone.
  kFull,          // Every place and the queue were taken.
  kToldToGoAway,  // The backend said to come back later than is waited for.
  kGivenUp,       // The attempt itself said so.
};
inline constexpr std::size_t kEnds = 11;
std::string_view name(End end);

struct FailedAttempt {
  std::uint32_t number = 0;  // A hedge has that of the attempt beside it.
  ErrorClass error_class = ErrorClass::kTransient;
  Error error{Code::kInternal, {}};
  Duration took = Duration::zero();
  Duration waited = Duration::zero();  // After it, before the next.
  bool hedge = false;
};

struct Report {
  End end = End::kAnswered;
  std::uint32_t attempts = 0;  // That were really made, hedges included.
  std::vector<FailedAttempt> failed{};
  Duration took = Duration::zero();       // All of it.
  std::optional<Duration> retry_after{};  // When the other side, or the breaker, will take calls again.
};

// "3 attempts in 3.4 s: unavailable (waited 0.6 s), unavailable (waited 1.1 s), unavailable; the last allowed". One
// line.
std::string describe(const Report& report);

// The cause with what was tried and what to do. One attempt that nobody would repeat stays as it is.
Error told(const Report& report, Error cause);

}  // namespace docmind::resilience
