#include "parse/text_lines.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/utf8.h"
#include "parse/clean_text.h"

namespace docmind::parse {
namespace {

bool is_alpha(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t columns(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = code_point_at(text, at);
    width += c.value >= 0x1100 && (is_solid(c.value) || (c.value >= 0xac00 && c.value <= 0xd7a3)) ? 2 : 1;
    at += c.length;
  }
  return width;
}

// "* ", "- ", "• " and so on: bytes of the bullet, or 0.
std::size_t bullet(std::string_view text) {
  static constexpr std::array<std::string_view, 13> kBullets = {"*", "-", "+", "•", "·", "‣", "◦",
                                                                "▪", "–", "—", "●", "○", "■"};
  for (const std::string_view mark : kBullets) {
    if (text.starts_with(mark)) return mark.size();
  }
  return text.starts_with("o ") ? 1 : 0;
}

// "12.", "3)", "(4)", "b)", "(iv)": bytes, or 0. A single letter needs its bracket: "A. Smith" is a name.
std::size_t number_mark(std::string_view text) {
  const bool open = text.starts_with('(');
  std::size_t at = open ? 1 : 0;
  const std::size_t start = at;
  while (at < text.size() && at - start < 3 && is_digit(text[at])) ++at;
  const bool digits = at > start;
  if (!digits) {
    while (at < text.size() && at - start < 4 && is_alpha(text[at])) ++at;
    const std::string_view letters = text.substr(start, at - start);
    if (letters.empty() || (letters.size() > 1 && letters.find_first_not_of("ivx") != std::string_view::npos)) return 0;
  }
  if (at >= text.size()) return 0;
  if (text[at] == ')' || (text[at] == '.' && digits && !open)) return at + 1;
  return 0;
}

void find_marker(Line& line) {
  std::size_t length = bullet(line.text);
  if (length == 0) {
    length = number_mark(line.text);
    line.numbered = length > 0;
  }
  const std::size_t text = line.text.find_first_not_of(" \t", length);
  if (length > 0 && text != std::string_view::npos && text > length) {
    line.marker = text;
  } else {
    line.numbered = false;
  }
}

void remove_last_character(std::string& text) {
  std::size_t start = text.size() - 1;
  while (start > 0 && (static_cast<unsigned char>(text[start]) & 0xc0U) == 0x80U) --start;
  text.resize(start);
}

}  // namespace

std::vector<Line> lines_of(std::string_view text) {
  std::vector<Line> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find_first_of("\r\n\f", at), text.size());
    std::string_view body = text.substr(at, end - at);
    at = end + (text.substr(end).starts_with("\r\n") ? 2 : 1);
    const bool page_ends = end < text.size() && text[end] == '\f';
    Line line;
    while (!body.empty() && (body.front() == ' ' || body.front() == '\t')) {
      line.indent += body.front() == '\t' ? 8 - line.indent % 8 : 1;
      body.remove_prefix(1);
    }
    while (body.starts_with("\xe3\x80\x80")) {  // U+3000 opens a Chinese or Japanese paragraph.
      body.remove_prefix(3);
      line.indent += 2;
    }
    line.text = body.substr(0, body.find_last_not_of(" \t\v") + 1);
    line.width = line.indent + columns(line.text);
    find_marker(line);
    lines.push_back(line);
    if (page_ends) lines.emplace_back();
  }
  return lines;
}

std::string plain_characters(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\b') {
      if (!out.empty() && out.back() != '\n') remove_last_character(out);
    } else if (text.substr(at).starts_with("\x1b[")) {
      // A sequence ends in one ASCII byte; where something else follows (a whole character, the end), it was cut.
      const std::size_t last = std::min(text.find_first_not_of("0123456789;", at + 2), text.size());
      at = last < text.size() && text[last] >= '@' && text[last] <= '~' ? last : last - 1;
    } else if (text.substr(at).starts_with("\xc2\xa0")) {
      out += ' ';
      ++at;
    } else if (text[at] != '\0') {
      out += text[at];
    }
  }
  return out;
}

char rule_character(const Line& line) {
  if (line.text.size() < 3 || !std::ispunct(static_cast<unsigned char>(line.text.front()))) return '\0';
  const char c = line.text.front();
  return line.text.find_first_not_of(c) == std::string_view::npos ? c : '\0';
}

bool looks_like_code(const Line& line) {
  const std::string_view text = line.text;
  if (text.starts_with("$ ") || text.starts_with("# ") || text.starts_with("#!") || text.starts_with("+-") ||
      text.starts_with("|") || text.starts_with("%") || text.starts_with("//")) {
    return true;
  }
  if (text.ends_with(';') || text.ends_with('{') || text.ends_with('}') || text.ends_with('\\') ||
      text.ends_with("=>")) {
    return true;
  }
  const std::size_t gap = text.find("  ", line.marker);
  if (gap != std::string_view::npos && gap > 0 &&
      std::string_view(".!?:").find(text[gap - 1]) == std::string_view::npos) {
    return true;
  }
  const auto symbols = std::count_if(text.begin(), text.end(), [](char c) {
    return std::string_view("<>{}[]|=\\_$#@~^&*+/").find(c) != std::string_view::npos;
  });
  return static_cast<std::size_t>(symbols) * 6 > text.size();
}

std::size_t first_word_width(const Line& line) {
  if (line.text.empty()) return 0;
  if (is_solid(code_point_at(line.text, 0).value)) return 2;
  return columns(line.text.substr(0, line.text.find(' ')));
}

}  // namespace docmind::parse
