#include "agents/impl/mentions.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "agents/impl/words.h"
#include "base/utf8.h"
#include "text/normalise.h"

namespace docmind::agents {
namespace {

constexpr std::array<std::string_view, 12> kPageWords = {"pages",  "page",  "pp.", "p.", "Pages", "Page",
                                                         "Seiten", "Seite", "S.",  "P.", "Bl.",   "pp"};

bool is_word_byte(char c) { return is_letter(c) || is_digit(c) || (c & 0x80) != 0; }

std::size_t skip_blanks(std::string_view text, std::size_t at) {
  return std::min(text.find_first_not_of(" \t", at), text.size());
}

std::optional<std::uint32_t> number_at(std::string_view text, std::size_t& at) {
  std::uint32_t number = 0;
  const auto read = std::from_chars(text.data() + at, text.data() + text.size(), number);
  if (read.ec != std::errc()) return std::nullopt;
  at = static_cast<std::size_t>(read.ptr - text.data());
  return number;
}

// "21", "21-23", "21 and 22", "21, 22" from `at` on, which moves behind it.
std::vector<std::uint32_t> numbers_at(std::string_view text, std::size_t& at) {
  std::vector<std::uint32_t> out;
  const auto first = number_at(text, at);
  if (!first) return out;
  out.push_back(*first);
  while (out.size() < 20) {
    std::size_t next = skip_blanks(text, at);
    for (const std::string_view join : {"–", "-", "and ", "to ", "und ", "bis ", ","}) {
      if (!text.substr(next).starts_with(join)) continue;
      next = skip_blanks(text, next + join.size());
      break;
    }
    if (next == at) break;
    const auto more = number_at(text, next);
    if (!more) break;
    out.push_back(*more);
    at = next;
  }
  return out;
}

// 第 9 页
std::vector<std::uint32_t> chinese_page_at(std::string_view text, std::size_t& at) {
  constexpr std::string_view kNumber = "第";
  constexpr std::string_view kPage = "页";
  if (!text.substr(at).starts_with(kNumber)) return {};
  std::size_t next = skip_blanks(text, at + kNumber.size());
  const auto number = number_at(text, next);
  next = skip_blanks(text, next);
  if (!number || !text.substr(next).starts_with(kPage)) return {};
  at = next + kPage.size();
  return {*number};
}

std::vector<std::uint32_t> pages_at(std::string_view text, std::size_t& at) {
  if (at > 0 && is_word_byte(text[at - 1])) return chinese_page_at(text, at);
  for (const std::string_view word : kPageWords) {
    if (!text.substr(at).starts_with(word)) continue;
    std::size_t next = skip_blanks(text, at + word.size());
    if (next == at + word.size() && is_letter(word.back())) continue;
    auto pages = numbers_at(text, next);
    if (pages.empty()) continue;
    at = next;
    return pages;
  }
  return chinese_page_at(text, at);
}

using Marks = std::pair<std::string_view, std::string_view>;
constexpr std::array<Marks, 10> kMarks = {{{"“", "”"},
                                           {"„", "“"},
                                           {"„", "”"},
                                           {"»", "«"},
                                           {"«", "»"},
                                           {"\"", "\""},
                                           {"「", "」"},
                                           {"『", "』"},
                                           {"”", "”"},
                                           {"《", "》"}}};

std::string trimmed(std::string text) {
  while (!text.empty() && std::string_view(" .,;:!?").find(text.back()) != std::string_view::npos) text.pop_back();
  text.erase(0, std::min(text.find_first_not_of(' '), text.size()));
  return text;
}

}  // namespace

PageMentions page_mentions(std::string_view text) {
  PageMentions out;
  for (std::size_t at = 0; at < text.size();) {
    auto pages = pages_at(text, at);
    if (pages.empty()) {
      out.rest += text[at++];
    } else {
      out.pages.insert(out.pages.end(), pages.begin(), pages.end());
    }
  }
  return out;
}

std::vector<std::string> quotes(std::string_view text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t best = std::string_view::npos;
    std::size_t length = 1;
    for (const auto& [open, close] : kMarks) {
      if (!text.substr(at).starts_with(open)) continue;
      const std::size_t end = text.find(close, at + open.size());
      if (end == std::string_view::npos || end >= best) continue;
      best = end;
      length = open.size();
    }
    if (best == std::string_view::npos) {
      at += code_point_at(text, at).length;
      continue;
    }
    std::string quote = trimmed(std::string(text.substr(at + length, best - at - length)));
    if (quote.size() > 1) out.push_back(std::move(quote));
    at = best + code_point_at(text, best).length;
  }
  return out;
}

std::string plain(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const CodePoint c = code_point_at(text, i);
    i += c.length;
    const bool mark = (c.value >= 0x2018U && c.value <= 0x201fU) || c.value == 0xabU || c.value == 0xbbU ||
                      c.value == '"' || c.value == '\'';
    if (mark) {
      out += '\'';
    } else if (c.value >= 'A' && c.value <= 'Z') {
      out += static_cast<char>(c.value + 0x20U);
    } else {
      append_utf8(out, c.value == 0xa0U ? U' ' : c.value);
    }
  }
  return text::fold_space(out);
}

bool is_quoted_from(std::string_view quote, std::string_view plain_text) {
  std::string rest = plain(quote);
  std::size_t from = 0;
  while (!rest.empty()) {
    std::size_t cut = std::min(rest.find("..."), rest.find("…"));
    const std::string piece = trimmed(rest.substr(0, cut));
    const std::size_t found = plain_text.find(piece, from);
    if (found == std::string_view::npos) return false;
    from = found + piece.size();
    if (cut == std::string::npos) break;
    rest.erase(0, cut + 3);
    cut = 0;
  }
  return true;
}

}  // namespace docmind::agents
