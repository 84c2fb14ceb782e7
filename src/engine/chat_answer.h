// The JSON of answers: whole, and as the pieces of a stream; OpenAI's shapes with llama-server's timings and our
// counts. Pure functions.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/generation.h"
#include "engine/vocabulary.h"

namespace docmind::engine {

enum class AnswerShape : std::uint8_t { kChat, kCompletion };  // /v1/chat/completions, /v1/completions

struct AnswerHead {
  AnswerShape shape = AnswerShape::kChat;
  std::string id{};
  std::string model{};
  std::int64_t created = 0;  // Seconds since 1970.
};

// How much was computed for several answers to one prompt.
struct AnswerCounts {
  std::uint64_t prompt = 0;  // Tokens, once.
  std::uint64_t computed = 0, forked = 0, restored = 0, completion = 0, drafted = 0, accepted = 0;
  double prompt_ms = 0;  // Of the slowest.
  double completion_ms = 0;
};
AnswerCounts counts_of(std::span<const Answer> answers);

std::string whole_body(const AnswerHead& head, const Vocabulary& vocabulary, std::span<const Answer> answers);

// Data of one event each. `first`: the piece that names the role.
enum class PiecePlace : std::uint8_t { kFirst, kLater };
std::string piece_body(const AnswerHead& head, const Vocabulary& vocabulary, std::uint32_t index, PiecePlace place,
                       const AnswerPiece& piece, std::uint32_t calls_before);
// The end of one of the answers; `counts` where it is the only one.
std::string finish_body(const AnswerHead& head, std::uint32_t index, const Answer& answer, const AnswerCounts* counts);
std::string usage_body(const AnswerHead& head, const AnswerCounts& counts);

}  // namespace docmind::engine
