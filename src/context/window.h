// How many tokens a prompt may have: the window policy of rows C1 and C2, as numbers.
//
// The figures belong to a window of 131,072 tokens and shrink with a smaller one: buffer 1/16, trimming from 120,000 of
// 131,072, overlap 1/64. Pure functions on values. Units: tokens of the model's own tokenizer.
//
// Invariant: most + reserved <= limit, so what fits `most` cannot overflow.
#pragma once
#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace docmind::context {

// What is done with a prompt that is too long.
enum class Policy : std::uint8_t {
  kRefuse,         // An error with the counts (HTTP 413). Nothing is cut; it may take all but the answer's room.
  kNewest,         // For conversations: the oldest turns go, system messages and the newest stay.
  kSlidingWindow,  // For documents and single prompts: the middle of long texts goes, their head and tail stay.
};

std::string_view name(Policy policy);  // "refuse", "newest", "sliding_window"
Result<Policy> policy_named(std::string_view name);

struct WindowOptions {
  std::uint32_t limit = 131'072;  // Prompt and answer together; a model's smaller context caps it.
  std::uint32_t buffer = 8'192;   // Kept free beside the prompt, the answer's room among it.
  double trim_from = 120'000;     // More tokens than this are trimmed; up to 1: a share of the limit.
  std::uint32_t overlap = 2'048;  // A sliding window's tail may start so much earlier, to start with a sentence.
  std::uint32_t untold = 8'192;   // The context of a model whose server does not tell it.
};

struct Window {
  std::uint32_t limit = 0;      // min(options, model).
  std::uint32_t reserved = 0;   // For the answer.
  std::uint32_t most = 0;       // Of a prompt, never passed.
  std::uint32_t trim_from = 0;  // At most `most`; a prompt with more is trimmed, or refused.
  std::uint32_t overlap = 0;
};

// `context`: the model's, 0 when it is not told. `max_tokens` of the answer; 0, the backend's choice, reserves the
// buffer (with kRefuse one token). kInvalidArgument for options that make no sense, kResourceExhausted when max_tokens
// leaves no room for a prompt.
Result<Window> window_for(const WindowOptions& options, Policy policy, std::uint32_t context, std::uint32_t max_tokens);

}  // namespace docmind::context
