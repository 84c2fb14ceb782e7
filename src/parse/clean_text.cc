#include "parse/clean_text.h"

#include <algorithm>

#include "base/utf8.h"
#include "text/normalise.h"

namespace docmind::parse {
namespace {

bool is_space(char32_t c) {
  return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xa0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200a) || c == 0x202f || c == 0x205f || c == 0x3000;
}

// Zero-width space and joiner of words, marks that reorder or embed directions, the byte order mark, soft hyphen. The
// zero-width joiner and non-joiner stay: Persian and Indic words are spelled with them.
bool is_invisible(char32_t c) {
  return c == 0xad || c == 0x200b || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) || c == 0x2060 ||
         (c >= 0x2066 && c <= 0x2069) || c == 0xfeff || (c < 0x20 && !is_space(c)) ||
         (c >= 0x7f && c < 0xa0 && c != 0x85);
}

// The white space between two visible characters, as far as it has been seen.
struct Gap {
  bool any = false;
  bool line_end = false;
  int hard_breaks = 0;
};

void close_gap(std::string& out, const Gap& gap, char32_t before, char32_t after) {
  if (out.empty() || !gap.any) return;
  if (gap.hard_breaks > 0) {
    out += '\n';
  } else if (!gap.line_end || !is_solid(before) || !is_solid(after)) {
    out += ' ';
  }
}

}  // namespace

bool is_solid(char32_t c) {
  return (c >= 0x2e80 && c <= 0x30ff) || (c >= 0x31f0 && c <= 0x9fff) || (c >= 0xf900 && c <= 0xfaff) ||
         (c >= 0xff01 && c <= 0xff0f) || (c >= 0xff1a && c <= 0xff20) || (c >= 0x20000 && c <= 0x3ffff);
}

std::string prose(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  Gap gap;
  char32_t before = 0;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = code_point_at(text, at);
    if (c.value == 0x2028 || c.value == 0x2029) {
      gap.any = true;
      ++gap.hard_breaks;
    } else if (is_space(c.value)) {
      gap.any = true;
      gap.line_end = gap.line_end || c.value == '\n';
    } else if (!is_invisible(c.value)) {
      close_gap(out, gap, before, c.value);
      gap = {};
      out += text.substr(at, c.length);
      before = c.value;
    }
    at += c.length;
  }
  return text::normalise(out);
}

std::string code(std::string_view text) {
  std::string visible;
  visible.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = code_point_at(text, at);
    if (c.value > 0x7f && is_space(c.value)) {
      visible += c.value == 0x85 ? '\n' : ' ';
    } else if (!is_invisible(c.value)) {
      visible += text.substr(at, c.length);
    }
    at += c.length;
  }
  const std::string lines = text::normalise(visible);
  std::string out;
  std::size_t empty_lines = 0;
  for (std::size_t at = 0; at <= lines.size();) {
    const std::size_t end = std::min(lines.find('\n', at), lines.size());
    std::string_view line = std::string_view(lines).substr(at, end - at);
    line = line.substr(0, line.find_last_not_of(" \t") + 1);
    at = end + 1;
    if (line.empty()) {
      ++empty_lines;
      continue;
    }
    if (!out.empty()) out.append(empty_lines + 1, '\n');
    empty_lines = 0;
    out += line;
  }
  return out;
}

bool is_blank(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = code_point_at(text, at);
    if (!is_space(c.value) && !is_invisible(c.value) && c.value != 0x2028 && c.value != 0x2029) return false;
    at += c.length;
  }
  return true;
}

}  // namespace docmind::parse
