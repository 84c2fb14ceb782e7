// What steps cost, learnt from measured ones: how many prompt tokens go into a step so that running texts get their
// next token in time, and what a draft must bring to be worth its while.
#pragma once
#include <algorithm>
#include <cstdint>

#include "base/clock.h"

namespace docmind::scheduler {

class Pace {
 public:
  Pace(Duration gap, std::uint32_t chunk) : gap_(seconds(gap)), chunk_(chunk) {}

  // Prompt tokens for the next step, a multiple of kUnit (libllama's fast attention wants that many rows), at least
  // one.
  std::uint32_t budget(bool somebody_waits) const {
    if (!somebody_waits || token_ == 0) return somebody_waits ? kUnit : chunk_;
    const double room = std::max(0.0, gap_ - decode_) / token_;
    const auto tokens = static_cast<std::uint32_t>(std::min<double>(room, chunk_));
    return std::max(kUnit, tokens / kUnit * kUnit);
  }

  // A step of so many running texts, with drafts and prompt tokens besides, took so long. Short prompt pieces say
  // little about the cost of a token.
  void took(Duration time, std::uint32_t texts, std::uint32_t drafts, std::uint32_t prompt_tokens) {
    const double t = seconds(time);
    if (prompt_tokens == 0 && drafts > 0) {
      const double part = std::clamp((t - decode_) * texts / (decode_ * drafts), kLeastPart, 1.0);
      if (decode_ > 0) draft_ += kWeight * (part - draft_);
    } else if (prompt_tokens == 0) {
      decode_ += kWeight * (t - decode_);
    } else if (prompt_tokens >= kUnit / 2) {
      // Later tokens of a long prompt are dearer: a rise counts at once, a fall slowly.
      const double token = std::max(0.0, t - decode_) / prompt_tokens;
      token_ = token > token_ ? token : token_ + kWeight * (token - token_);
    }
  }

  // What checking one draft token costs, as a part of what writing a token without drafts does.
  double draft_cost() const { return draft_; }

  static constexpr std::uint32_t kUnit = 64;

 private:
  static constexpr double kWeight = 0.25;
  static constexpr double kLeastPart = 0.05;
  static double seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

  double gap_;
  std::uint32_t chunk_;
  double decode_ = 0;   // Seconds of a step without prompt tokens.
  double token_ = 0;    // Seconds a prompt token adds.
  double draft_ = 0.3;  // See draft_cost().
};

}  // namespace docmind::scheduler
