#include "agents/impl/words.h"

#include <algorithm>

#include "base/utf8.h"

namespace docmind::agents {
namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

constexpr std::string_view kOpening = "([{<\"'`*_";
constexpr std::string_view kClosing = ")]}>\"'`*_.,;:!?";
// Typographic quotes and dashes that stand around words, as UTF-8.
constexpr std::string_view kMarks[] = {"\u201c", "\u201d", "\u2018", "\u2019", "\u00ab",
                                       "\u00bb", "\u2013", "\u2014", "\u2022"};

std::string_view strip_front(std::string_view word) {
  for (bool again = true; again && !word.empty();) {
    again = false;
    if (kOpening.find(word.front()) != std::string_view::npos) {
      word.remove_prefix(1);
      again = true;
    }
    for (const std::string_view mark : kMarks) {
      if (!word.starts_with(mark)) continue;
      word.remove_prefix(mark.size());
      again = true;
    }
  }
  return word;
}

std::string_view strip_back(std::string_view word) {
  for (bool again = true; again && !word.empty();) {
    again = false;
    // "open()" keeps its brackets: they say that it is a call.
    if (word.ends_with("()")) return word;
    if (kClosing.find(word.back()) != std::string_view::npos) {
      word.remove_suffix(1);
      again = true;
    }
    for (const std::string_view mark : kMarks) {
      if (!word.ends_with(mark)) continue;
      word.remove_suffix(mark.size());
      again = true;
    }
  }
  return word;
}

}  // namespace

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return is_upper(c) || is_lower(c); }

bool one_of(std::string_view word, std::initializer_list<std::string_view> set) {
  return std::find(set.begin(), set.end(), word) != set.end();
}

std::string lower_of(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const CodePoint c = code_point_at(text, i);
    const bool upper = (c.value >= 'A' && c.value <= 'Z') || (c.value >= 0xc0U && c.value <= 0xdeU && c.value != 0xd7U);
    append_utf8(out, upper ? c.value + 0x20U : c.value);
    i += c.length;
  }
  return out;
}

std::vector<Word> words(std::string_view text) {
  std::vector<Word> out;
  std::size_t at = 0;
  while (at < text.size()) {
    while (at < text.size() && is_space(text[at])) ++at;
    const std::size_t start = at;
    while (at < text.size() && !is_space(text[at])) ++at;
    if (at == start) break;
    Word word;
    word.raw = text.substr(start, at - start);
    word.bare = strip_back(strip_front(word.raw));
    if (word.bare.empty()) continue;
    word.lower = word.bare;
    for (char& c : word.lower) {
      if (is_upper(c)) c = static_cast<char>(c - 'A' + 'a');
    }
    out.push_back(std::move(word));
  }
  return out;
}

}  // namespace docmind::agents
