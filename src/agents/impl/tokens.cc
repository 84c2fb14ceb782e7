#include "agents/impl/tokens.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/utf8.h"
#include "text/terms.h"

namespace docmind::agents {
namespace {

// Whether the terms of a script without spaces stand here: text::terms gives pairs of its characters.
bool is_unspaced(char32_t c) {
  return (c >= 0x3041 && c <= 0x30ff) || (c >= 0x3400 && c <= 0x9fff) || (c >= 0xac00 && c <= 0xd7a3) || c == 0x3005 ||
         c == 0x3007 || (c >= 0x0e00 && c <= 0x0eff) || (c >= 0x20000 && c <= 0x323af);
}

}  // namespace

std::vector<Token> tokens_of(std::string_view text) {
  std::vector<Token> out;
  if (!is_utf8(text)) return out;
  std::uint64_t done = 0;  // Characters up to here are tokens already.
  for (text::Term& term : text::terms(text)) {
    const CodePoint first = code_point_at(text, term.span.start);
    if (is_unspaced(first.value)) {
      // Pairs overlap: each character once.
      for (std::uint64_t at = std::max(term.span.start, done); at < term.span.end;) {
        const std::uint64_t length = code_point_at(text, at).length;
        const std::string one(text.substr(at, length));
        out.push_back({one, {one}, false, true, at, at + length});
        at += length;
      }
      done = std::max(done, term.span.end);
    } else if (term.colocated && !out.empty() && !out.back().character) {
      out.back().terms.push_back(std::move(term.text));
    } else {
      out.push_back({{}, {std::move(term.text)}, false, false, term.span.start, term.span.end});
      Token& token = out.back();
      token.lower = lowered(text.substr(token.start, token.end - token.start));
      token.capital = text[token.start] >= 'A' && text[token.start] <= 'Z';
    }
  }
  return out;
}

bool same(const Token& a, const Token& b) {
  if (a.character != b.character) return false;
  return std::ranges::find(b.terms, a.terms.front()) != b.terms.end() ||
         std::ranges::find(a.terms, b.terms.front()) != a.terms.end();
}

bool holds(std::span<const Token> tokens, const Token& wanted) {
  return std::ranges::any_of(tokens, [&](const Token& token) { return same(token, wanted); });
}

std::size_t find_run(std::span<const Token> tokens, std::span<const Token> wanted) {
  if (wanted.empty()) return std::string_view::npos;
  const auto found = std::search(tokens.begin(), tokens.end(), wanted.begin(), wanted.end(), same);
  return found == tokens.end() ? std::string_view::npos : static_cast<std::size_t>(found - tokens.begin());
}

}  // namespace docmind::agents
