#include "resilience/retry.h"

#include <algorithm>
#include <cmath>

namespace docmind::resilience {

RetryOptions retries_of_backend_calls() { return {}; }

RetryOptions retries_of_steps() {
  return {.work = Work::kStep, .first_wait = std::chrono::seconds(2), .longest_wait = std::chrono::seconds(10)};
}

Result<> check(const RetryOptions& options) {
  constexpr Duration kHour = std::chrono::hours(1);
  const auto bad = [](const char* what, const char* hint) { return Error{Code::kInvalidArgument, what, hint}; };
  if (options.attempts < 1 || options.attempts > 10) {
    return bad("The number of attempts is out of range.", "Set 1 to 10 attempts in all.");
  }
  if (options.first_wait <= Duration::zero() || options.first_wait > kHour) {
    return bad("The first wait between attempts is out of range.", "Set more than 0 s and at most an hour.");
  }
  if (options.longest_wait < options.first_wait || options.longest_wait > kHour) {
    return bad("The longest wait between attempts is out of range.", "Set at least the first wait, at most an hour.");
  }
  if (!(options.factor >= 1 && options.factor <= 10)) {
    return bad("The factor between waits is out of range.", "Set 1 to 10.");
  }
  if (options.longest_retry_after < Duration::zero() || options.longest_retry_after > kHour) {
    return bad("The longest time a server may ask to wait is out of range.", "Set 0 s to an hour.");
  }
  return {};
}

Duration cap_of_wait(const RetryOptions& options, std::uint32_t failed) {
  const double grown = static_cast<double>(options.first_wait.count()) * std::pow(options.factor, failed - 1.0);
  const double longest = static_cast<double>(options.longest_wait.count());
  return Duration(static_cast<Duration::rep>(std::min(grown, longest)));
}

Duration draw_wait(const RetryOptions& options, std::uint32_t failed, std::optional<Duration> retry_after, Rng& rng) {
  const double share = static_cast<double>(rng.next() >> 11U) * 0x1p-53;  // Even in [0, 1).
  const double cap = static_cast<double>(cap_of_wait(options, failed).count());
  return retry_after.value_or(Duration::zero()) + Duration(static_cast<Duration::rep>(cap * share));
}

}  // namespace docmind::resilience
