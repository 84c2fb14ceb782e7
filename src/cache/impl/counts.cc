#include "cache/impl/counts.h"

#include <string>

namespace docmind::cache {
namespace {

obs::Counter& hits(obs::Metrics& metrics, Layer layer) {
  return metrics.counter("docmind_cache_hits_total", "Answers that were given before, and again.",
                         {{"cache_type", std::string(name_of(layer))}});
}

obs::Counter& misses(obs::Metrics& metrics, Layer layer) {
  return metrics.counter("docmind_cache_misses_total", "Questions that this layer gave no kept answer to.",
                         {{"cache_type", std::string(name_of(layer))}});
}

}  // namespace

Counts::Counts(obs::Metrics& metrics)
    : metrics_(metrics),
      exact_(hits(metrics, Layer::kExact)),
      semantic_(hits(metrics, Layer::kSemantic)),
      no_exact_(misses(metrics, Layer::kExact)),
      no_semantic_(misses(metrics, Layer::kSemantic)),
      saved_seconds_(metrics.counter("docmind_cache_saved_seconds_total", "That making these answers took at first.")),
      saved_tokens_(metrics.counter("docmind_cache_saved_tokens_total", "That a model read and wrote for them.")) {}

void Counts::hit(const Hit& hit) {
  (hit.layer == Layer::kExact ? exact_ : semantic_).add();
  if (hit.layer == Layer::kSemantic) no_exact_.add();
  saved_seconds_.add(hit.seconds);
  saved_tokens_.add(static_cast<double>(hit.tokens));
}

void Counts::missed(std::string_view why) {
  no_exact_.add();
  no_semantic_.add();
  metrics_
      .counter("docmind_cache_not_given_total", "Questions without a kept answer, by why.",
               {{"reason", std::string(why)}})
      .add();
}

void Counts::not_kept(Refusal why) {
  metrics_
      .counter("docmind_cache_not_kept_total", "Answers that were not kept, by why.",
               {{"reason", std::string(name_of(why))}})
      .add();
}

void Counts::dropped(std::string_view why) {
  metrics_
      .counter("docmind_cache_dropped_total", "Kept answers that were dropped, by why.", {{"reason", std::string(why)}})
      .add();
}

void Counts::shadow(Layer layer, bool agrees) {
  metrics_
      .counter("docmind_cache_shadow_total", "Answers that would have been given again, beside those made.",
               {{"cache_type", std::string(name_of(layer))}, {"agrees", agrees ? "yes" : "no"}})
      .add();
}

AnswerCacheStats Counts::stats() const {
  AnswerCacheStats out;
  out.exact = static_cast<std::uint64_t>(exact_.value());
  out.semantic = static_cast<std::uint64_t>(semantic_.value());
  out.misses = static_cast<std::uint64_t>(no_semantic_.value());
  out.saved_seconds = saved_seconds_.value();
  out.saved_tokens = static_cast<std::uint64_t>(saved_tokens_.value());
  return out;
}

}  // namespace docmind::cache
