// What the cache did, in metrics and in numbers. A question that only the semantic layer has an answer to is a miss of
// the exact one; one that none has, for whatever reason, is a miss of both. Thread safety: any.
#pragma once
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
  obs::Counter& no_exact_;
  obs::Counter& no_semantic_;
  obs::Counter& saved_seconds_;
  obs::Counter& saved_tokens_;
};

}  // namespace docmind::cache
