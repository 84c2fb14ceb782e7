// ASCII letters and control characters, whatever the locale. Other bytes, those of UTF-8 too, are neither.
//
// Pure; any thread.
#pragma once
#include <algorithm>
#include <string>
#include <string_view>

namespace docmind {

constexpr char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

inline std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = to_lower(c);
  return out;
}

// What has no place in one line of text.
constexpr bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

inline bool has_control(std::string_view text) { return std::ranges::any_of(text, is_control); }

}  // namespace docmind
