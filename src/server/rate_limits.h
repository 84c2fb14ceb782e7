// How often somebody may come: a token bucket for each, filled at a steady rate up to a burst.
//
// Thread safety: any thread. Bound: 10,000 buckets; when there are more, the full ones are forgotten (a full bucket is
// as good as none), and when that is not enough all are.
#pragma once
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "base/thread_annotations.h"

namespace docmind::server {

class RateLimits {
 public:
  // 0 a minute: no limit. The burst is what ten seconds bring, ten at least.
  RateLimits(std::uint32_t per_minute, const Clock& clock);

  // Takes one of whoever it is: zero, or how long it is until there is one.
  Duration take(const std::string& who);

 private:
  struct Bucket {
    double tokens = 0;
    TimePoint at{};  // When it had them.
  };
  double now_in(const Bucket& bucket, TimePoint now) const;
  void forget_full(TimePoint now) DM_REQUIRES(mutex_);

  const double per_second_;
  const double burst_;
  const Clock& clock_;
  Mutex mutex_;
  std::unordered_map<std::string, Bucket> buckets_ DM_GUARDED_BY(mutex_);
};

}  // namespace docmind::server
