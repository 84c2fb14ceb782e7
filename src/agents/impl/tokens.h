// A text as tokens that a question and a table can be compared by: a word by its index terms, and each character of
// the scripts that are written without spaces. Pure functions; bounded by the text.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace docmind::agents {

struct Token {
  std::string lower;               // As written, in lower case.
  std::vector<std::string> terms;  // The word's own term, then those of its parts.
  bool capital = false;            // Begins with a capital A to Z.
  bool character = false;          // One character of Han, kana, Hangul...: words have no borders there.
  std::uint64_t start = 0;         // Byte in the text.
  std::uint64_t end = 0;
};

std::vector<Token> tokens_of(std::string_view text);

// Whether they say the same: one's own term is among the other's.
bool same(const Token& a, const Token& b);

bool holds(std::span<const Token> tokens, const Token& wanted);

// Where `wanted` stands in `tokens` in one piece; npos: nowhere. An empty one stands nowhere.
std::size_t find_run(std::span<const Token> tokens, std::span<const Token> wanted);

}  // namespace docmind::agents
