#include "cache/admission.h"

namespace docmind::cache {

std::string_view name_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::kMemory:
      return "memory";
    case Refusal::kUnanswered:
      return "unanswered";
    case Refusal::kUngrounded:
      return "ungrounded";
    case Refusal::kDegraded:
      return "degraded";
    case Refusal::kCut:
      return "cut";
    case Refusal::kSampled:
      return "sampled";
    case Refusal::kOtherModel:
      return "other_model";
    case Refusal::kChanged:
      return "library_changed";
    case Refusal::kPurged:
      return "purged";
    case Refusal::kTooLarge:
      return "too_large";
    case Refusal::kOff:
      return "off";
    case Refusal::kStore:
      return "store";
  }
  return "store";
}

std::optional<Refusal> refusal_of(const Facts& facts, Sampling sampling) {
  if (facts.from_memory) return Refusal::kMemory;
  if (facts.cut) return Refusal::kCut;
  if (!facts.answered) return Refusal::kUnanswered;
  if (!facts.grounded) return Refusal::kUngrounded;
  if (facts.degraded) return Refusal::kDegraded;
  if (facts.other_model) return Refusal::kOtherModel;
  // Written so that what is no number is refused, too.
  if (!(facts.temperature <= 0) && sampling == Sampling::kRefused) return Refusal::kSampled;
  return std::nullopt;
}

}  // namespace docmind::cache
