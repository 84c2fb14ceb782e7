#include "server/rate_limits.h"

#include <algorithm>

namespace docmind::server {
namespace {

constexpr std::size_t kMostBuckets = 10'000;
constexpr double kBurstSeconds = 10;
constexpr double kLeastBurst = 10;

}  // namespace

RateLimits::RateLimits(std::uint32_t per_minute, const Clock& clock)
    : per_second_(per_minute / 60.0), burst_(std::max(kLeastBurst, kBurstSeconds * per_second_)), clock_(clock) {}

double RateLimits::now_in(const Bucket& bucket, TimePoint now) const {
  const double passed = std::chrono::duration<double>(now - bucket.at).count();
  return std::min(burst_, bucket.tokens + passed * per_second_);
}

void RateLimits::forget_full(TimePoint now) {
  std::erase_if(buckets_, [&](const auto& one) { return now_in(one.second, now) >= burst_; });
  if (buckets_.size() >= kMostBuckets) buckets_.clear();
}

Duration RateLimits::take(const std::string& who) {
  if (per_second_ == 0) return Duration::zero();
  const MutexLock lock(mutex_);
  const TimePoint now = clock_.now();
  if (buckets_.size() >= kMostBuckets) forget_full(now);
  Bucket& bucket = buckets_.try_emplace(who, Bucket{burst_, now}).first->second;
  const double tokens = now_in(bucket, now);
  if (tokens < 1) {
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>((1 - tokens) / per_second_));
  }
  bucket = {tokens - 1, now};
  return Duration::zero();
}

}  // namespace docmind::server
