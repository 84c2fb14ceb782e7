// Numbers as they are written, and their values. Pure.
#pragma once
#include <string>
#include <string_view>

namespace docmind::agents {

// What says how many and what of: "second", "kilometre", "percent"...; empty for other words. Lower case in.
std::string_view unit_of(std::string_view word);

// Value of a spelled-out number ("forty", "zwölf", "twice"), empty for other words. Lower case in.
std::string_view number_of(std::string_view word);

// 59,100 and 59.100,5 are left with at most one decimal point; a version ("4.6.2") stays as it is.
std::string value_of(std::string text);

// Chinese numerals: those that are digits, and 十百千万 that multiply; their value, of the first nine.
bool is_numeral(char32_t c);
std::string han_value(std::u32string_view text);

}  // namespace docmind::agents
