// Numbers as they are written, and their values. Pure.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace docmind::agents {

// A word that is a number: "forty", "zweiundzwanzig", "twice".
struct NumberWord {
  std::string value{};    // As a numeral; empty: the word is no number.
  bool cardinal = false;  // Joins others: "two hundred and forty". An ordinal or "twice" does not.
};
NumberWord number_of(std::string_view word);  // Lower case in.

// 59,100 and 59.100,5 are left with at most one decimal point; a version ("4.6.2") stays as it is.
std::string value_of(std::string text);

// The value of what value_of() gave; nothing for a version.
std::optional<double> amount_of(std::string_view value);
std::string numeral(double amount);

// Chinese numerals: those that are digits, and 十百千万亿 that multiply; their value, of the first nine.
bool is_numeral(char32_t c);
std::string han_value(std::u32string_view text);

}  // namespace docmind::agents
