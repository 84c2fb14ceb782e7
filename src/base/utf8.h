// UTF-8 (RFC 3629) checks. Pure functions.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace docmind {

// Well-formed: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text);

// Whether byte `at` starts a character (or is the end) of well-formed text.
bool is_char_border(std::string_view text, std::uint64_t at);

// The same text with every ill-formed sequence replaced by U+FFFD; `replaced` counts them.
std::string to_utf8(std::string_view bytes, std::uint64_t& replaced);

// The code point at byte `at` and its length in bytes (1 to 4). Requires well-formed text and at < size.
struct CodePoint {
  char32_t value = 0;
  std::uint8_t length = 1;
};
CodePoint code_point_at(std::string_view text, std::uint64_t at);

void append_utf8(std::string& out, char32_t code_point);

}  // namespace docmind
