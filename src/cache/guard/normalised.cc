#include "cache/guard/normalised.h"

#include <algorithm>

#include "base/utf8.h"
#include "cache/guard/impl/pieces.h"
#include "text/terms.h"

namespace docmind::cache {
namespace {

bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }

bool ends_in_digit(std::string_view text) { return !text.empty() && text.back() >= '0' && text.back() <= '9'; }

// With which it is read as one quoted piece again.
char mark_around(std::string_view quoted) {
  if (quoted.find('"') == std::string_view::npos) return '"';
  return quoted.find('`') == std::string_view::npos ? '`' : '\'';
}

// "US" and "IT" amid small letters are no pronouns; "A" amid a sentence is no article; "5 Mb" are not 5 MB.
bool keeps_its_case(const Piece& piece, std::string_view low, std::string_view before) {
  constexpr std::size_t kLongestUnit = 3;
  if (piece.kind != PieceKind::kPlain) return true;
  if (low.size() <= kLongestUnit && ends_in_digit(before)) return true;
  if (low.size() == 1) return !before.empty() && low != "i";
  return std::ranges::all_of(piece.text, is_capital) && text::is_function_word(low);
}

}  // namespace

std::string normalised(std::string_view question) {
  if (!is_utf8(question)) return std::string(question);
  const std::string text = compatible(question);
  const bool shouted = is_shouted(text);
  std::string out;
  bool first = true;
  for (const Piece& piece : pieces(text)) {
    if (!first) out += ' ';
    first = false;
    if (piece.kind == PieceKind::kQuoted) {
      const char mark = mark_around(piece.text);
      out += mark;
      out += piece.text;
      out += mark;
    } else {
      const std::string low = folded(piece.text);
      const bool keep =
          keeps_its_case(piece, low, out.empty() ? out : std::string_view(out).substr(0, out.size() - 1)) &&
          !(shouted && piece.kind == PieceKind::kPlain);
      out += keep ? piece.text : low;
    }
  }
  return out;
}

}  // namespace docmind::cache
