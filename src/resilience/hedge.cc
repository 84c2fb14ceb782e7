#include "resilience/hedge.h"

#include <algorithm>
#include <cmath>

namespace docmind::resilience {

Result<> check(const HedgeOptions& options) {
  if (!(options.quantile >= 0.5 && options.quantile <= 0.999)) {
    return Error{Code::kInvalidArgument, "The quantile of a hedge is out of range.", "Set 0.5 to 0.999."};
  }
  if (options.least_calls < 5 || options.least_calls > 128) {
    return Error{Code::kInvalidArgument, "The least number of calls before a hedge is out of range.", "Set 5 to 128."};
  }
  if (options.least_delay < Duration::zero() || options.longest_delay < options.least_delay ||
      options.longest_delay > std::chrono::hours(1)) {
    return Error{Code::kInvalidArgument, "The delays of a hedge are out of range.",
                 "Set a least delay up to the longest, and that to at most an hour."};
  }
  return {};
}

void HedgeDelay::answered_after(Duration took) {
  const MutexLock lock(mutex_);
  times_.at(seen_ % kKept) = took;
  ++seen_;
}

std::optional<Duration> HedgeDelay::delay() const {
  std::array<Duration, kKept> sorted;
  std::size_t count = 0;
  {
    const MutexLock lock(mutex_);
    if (seen_ < options_.least_calls) return {};
    count = std::min(seen_, kKept);
    sorted = times_;
  }
  const auto rank = static_cast<std::size_t>(std::ceil(options_.quantile * static_cast<double>(count))) - 1;
  std::nth_element(sorted.begin(), sorted.begin() + rank, sorted.begin() + count);
  return std::clamp(sorted.at(rank), options_.least_delay, options_.longest_delay);
}

void Race::stop_both() {
  for (std::stop_source& stop : stops_) stop.request_stop();
}

bool Race::take(std::size_t who) {
  int nobody = -1;
  const int me = static_cast<int>(who);
  if (!client_.compare_exchange_strong(nobody, me)) return nobody == me;
  stops_.at(1 - who).request_stop();
  return true;
}

bool Race::begin_second() {
  const MutexLock lock(mutex_);
  if (second_ != Second::kNotBegun || stops_[kSecond].stop_requested()) return false;
  second_ = Second::kRunning;
  return true;
}

void Race::second_over(bool answered) {
  bool won = false;
  {
    const MutexLock lock(mutex_);
    won = answered && !winner_;
    if (won) winner_ = kSecond;
  }
  if (won) stops_[kFirst].request_stop();
  const MutexLock lock(mutex_);
  second_ = Second::kOver;
  changed_.notify_all();
}

std::optional<std::size_t> Race::first_over(bool answered) {
  bool running = false;
  {
    const MutexLock lock(mutex_);
    if (answered && !winner_) winner_ = kFirst;
    if (second_ == Second::kNotBegun) second_ = Second::kCalledOff;
    running = second_ == Second::kRunning;
  }
  // A second side that still waits for its turn ends at this, too.
  if (answered || !running) stops_[kSecond].request_stop();
  MutexLock lock(mutex_);
  while (second_ == Second::kRunning) changed_.wait(lock);
  return winner_;
}

}  // namespace docmind::resilience
