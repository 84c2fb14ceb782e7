// What the cache did, in metrics and in numbers. Thread safety: any.
#pragma once
#include <atomic>
#include <cstdint>
#include <string_view>

#include "cache/answer_cache.h"
#include "obs/metrics.h"

namespace docmind::cache {

class Counts {
 public:
  explicit Counts(obs::Metrics& metrics);
  void hit(const Hit& hit);
  void missed(std::string_view why);
  void not_kept(Refusal why);
  void dropped(std::string_view why);
  void shadow(Layer layer, bool agrees);
  AnswerCacheStats stats() const;  // Its counts.

 private:
  obs::Metrics& metrics_;
  obs::Counter& exact_;
  obs::Counter& semantic_;
  obs::Counter& saved_seconds_;
  obs::Counter& saved_tokens_;
  std::atomic<std::uint64_t> misses_ = 0;
};

}  // namespace docmind::cache
