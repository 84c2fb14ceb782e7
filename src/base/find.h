// Looking into what a program has written. Pure functions; what they return lives as long as the text.
#pragma once
#include <algorithm>
#include <initializer_list>
#include <string_view>

namespace docmind {

// Whether one of `words` stands in the text, anywhere.
inline bool contains_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(words, [&](std::string_view word) { return text.find(word) != std::string_view::npos; });
}

// The last line that is not empty, without its end.
inline std::string_view last_line(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  const std::size_t end_before = text.rfind('\n');
  return end_before == std::string_view::npos ? text : text.substr(end_before + 1);
}

}  // namespace docmind
