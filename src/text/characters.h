// Small questions about the characters of a text, answered for every script. Pure functions; text is valid UTF-8.
#pragma once
#include <cstdint>
#include <string_view>

namespace docmind::text {

// Whether the first character is a lower-case letter.
bool starts_in_lower_case(std::string_view text);

// The character by which texts are compared without regard to case (Unicode's simple case folding).
char32_t fold_case(char32_t character);

// Whether the character belongs to a word: a letter, a mark, a digit of any script.
bool is_word_character(char32_t character);

// How much a text says, in characters of an alphabet: a Han, kana or Hangul character counts as three characters and
// two letters, since it says about as much. White space counts as characters, not as letters.
struct Weight {
  std::uint64_t characters = 0;
  std::uint64_t letters = 0;
};
Weight weigh(std::string_view text);

}  // namespace docmind::text
