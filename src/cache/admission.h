// Which answers may be kept: whole ones that the documents bear, made as they would be made again. Values.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace docmind::cache {

enum class Refusal : std::uint8_t {
  kMemory,      // The turns of a conversation went into it.
  kUnanswered,  // An abstention, or a part of the question was not answered.
  kUngrounded,  // Something in it is borne by no passage.
  kDegraded,    // It was made in a lesser way than wanted.
  kCut,         // Its writing was cut off, or it was stopped.
  kSampled,     // Chance chose its words.
  kOtherModel,  // Another model wrote it than the one asked.
  kChanged,     // The library changed while it was made.
  kPurged,      // Answers were purged while it was made.
  kTooLarge,
  kOff,    // Nothing is kept, or not for long enough to be of use.
  kStore,  // Keeping it failed.
};

std::string_view name_of(Refusal refusal);

// What is known of a finished answer.
struct Facts {
  bool from_memory = false;
  bool answered = false;  // Every part of the question.
  bool grounded = false;  // Each claim is supported by what it cites, and the citations were checked.
  bool degraded = false;  // Somebody or something stood in.
  bool cut = false;
  double temperature = 0;
  bool other_model = false;
};

enum class Sampling : std::uint8_t { kRefused, kKept };  // What of answers above temperature 0.

// Nothing: it may be kept.
std::optional<Refusal> refusal_of(const Facts& facts, Sampling sampling);

}  // namespace docmind::cache
