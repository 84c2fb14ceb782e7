#include "cache/guard/impl/pieces.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <optional>

#include "base/utf8.h"
#include "text/characters.h"

namespace docmind::cache {
namespace {

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_high(char c) { return static_cast<unsigned char>(c) >= 0x80; }
bool is_word_byte(char c) { return is_upper(c) || is_lower(c) || is_digit(c) || is_high(c) || c == '_'; }
bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// What NFKC would turn into something that reads differently: 5² is not 52.
bool keeps_its_form(char32_t c) {
  switch (u_getIntPropertyValue(static_cast<UChar32>(c), UCHAR_DECOMPOSITION_TYPE)) {
    case U_DT_SUPER:
    case U_DT_SUB:
    case U_DT_FRACTION:
    case U_DT_CIRCLE:
    case U_DT_SQUARE:
      return true;
    default:
      return false;
  }
}

// One character for those that differ in looks alone; 0 for itself.
char plain_mark(char32_t c) {
  if (c >= 0x201c && c <= 0x201f) return '"';
  if (c >= 0x2018 && c <= 0x201b) return '\'';
  if (c >= 0x2010 && c <= 0x2013) return '-';
  switch (c) {
    case 0xab:
    case 0xbb:
      return '"';
    case 0x2212:  // Minus.
      return '-';
    case 0x2014:  // A dash between two thoughts.
    case 0x2028:
    case 0x2029:
    case 0x85:
      return ' ';
    default:
      return u_isUWhiteSpace(static_cast<UChar32>(c)) != 0 ? ' ' : '\0';
  }
}

void append_nfkc(std::string& out, std::string_view text) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* nfkc = icu::Normalizer2::getNFKCInstance(status);
  if (U_FAILURE(status)) {
    out += text;
    return;
  }
  const icu::UnicodeString composed = nfkc->normalize(
      icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size()))), status);
  if (U_FAILURE(status)) {
    out += text;
    return;
  }
  composed.toUTF8String(out);
}

std::string with_plain_marks(std::string_view text) {
  std::string out;
  for (std::uint64_t i = 0; i < text.size();) {
    const CodePoint c = code_point_at(text, i);
    const char mark = c.value < 0x80 ? '\0' : plain_mark(c.value);
    mark != '\0' ? out += mark : out += text.substr(i, c.length);
    i += c.length;
  }
  return out;
}

bool ends_with(std::string_view text, std::string_view mark) { return text.ends_with(mark); }

// The bytes of the mark of a sentence or clause at the end of a text; 0 without.
std::size_t trailing_mark(std::string_view text) {
  if (text.empty()) return 0;
  if (std::string_view(".,;:?!").find(text.back()) != std::string_view::npos) return 1;
  return ends_with(text, "。") || ends_with(text, "、") ? 3 : 0;
}

char closer_of(char opener) { return opener == '(' ? ')' : opener == '[' ? ']' : opener == '{' ? '}' : '\0'; }
char opener_of(char closer) { return closer == ')' ? '(' : closer == ']' ? '[' : closer == '}' ? '{' : '\0'; }

// Takes one mark off the edges that belongs to the sentence; false when there is none.
bool trim_once(std::string_view& text, Piece& piece) {
  if (const std::size_t mark = trailing_mark(text); mark > 0) {
    const char c = text.back();
    text.remove_suffix(mark);
    constexpr std::size_t kAbbreviation = 3;
    const bool abbreviated = c == '.' && (text.size() <= kAbbreviation || text.find('.') != std::string_view::npos);
    if (!abbreviated) (mark == 1 && (c == ',' || c == ':') ? piece.comma : piece.stop) = true;
    return true;
  }
  if (text.empty()) return false;
  const char closer = closer_of(text.front());
  const char opener = opener_of(text.back());
  if (closer != '\0' && (text.back() == closer || text.find(closer) == std::string_view::npos)) {
    text.remove_prefix(1);
    if (!text.empty() && text.back() == closer) {
      text.remove_suffix(1);
      piece.comma = true;
    }
    return true;
  }
  if (opener != '\0' && text.find(opener) == std::string_view::npos) {
    text.remove_suffix(1);
    return piece.comma = true;
  }
  if (text.front() == '\'' || text.front() == ',' || text.front() == ';') return text.remove_prefix(1), true;
  if (text.starts_with("¿") || text.starts_with("¡")) return text.remove_prefix(2), true;
  return false;
}

PieceKind kind_of(std::string_view text) {
  bool small = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_upper(c) && small) return PieceKind::kIdentifier;  // camelCase
    small = is_lower(c);
    if (is_upper(c) || is_lower(c)) continue;
    if ((c == '\'' || c == '-') && i > 0 && i + 1 < text.size() + (c == '\'' ? 1 : 0)) continue;  // "users'"
    if (!is_high(c)) return PieceKind::kIdentifier;
  }
  return PieceKind::kPlain;
}

void add_piece(std::vector<Piece>& out, std::string_view text) {
  Piece piece;
  if (std::ranges::any_of(text, is_word_byte)) {
    while (trim_once(text, piece)) {
    }
  } else if (text.find_first_not_of(".,;:?!") == std::string_view::npos) {
    if (!out.empty()) (text.front() == ',' || text.front() == ':' ? out.back().comma : out.back().stop) = true;
    return;
  }
  if (text.empty()) return;
  piece.text = text;
  piece.kind = kind_of(text);
  out.push_back(std::move(piece));
}

// The end of what is quoted from `open` on: the closing mark's place. A single quote closes only before no letter.
std::optional<std::size_t> closing(std::string_view text, std::size_t open) {
  const char mark = text[open];
  for (std::size_t i = open + 1; (i = text.find(mark, i)) != std::string_view::npos; ++i) {
    if (i == open + 1) return std::nullopt;
    if (mark != '\'' || ((i + 1 == text.size() || !is_word_byte(text[i + 1])) && !is_blank(text[i - 1]))) return i;
  }
  return std::nullopt;
}

// Where something quoted begins behind marks that are taken off a word's front; nothing when it does not: so that it is
// read the same with and without them.
std::optional<std::size_t> quotation_behind_marks(std::string_view text, std::size_t at) {
  const std::size_t open = text.find_first_not_of("([{',;", at);
  if (open == std::string_view::npos || open == at || (text[open] != '"' && text[open] != '`')) return std::nullopt;
  return closing(text, open) ? std::optional(open) : std::nullopt;
}

}  // namespace

std::string compatible(std::string_view text) {
  if (std::ranges::none_of(text, is_high)) return std::string(text);
  std::string out;
  std::size_t run = 0;  // Where what is composed together starts.
  for (std::size_t i = 0; i < text.size();) {
    const CodePoint c = code_point_at(text, i);
    if (c.value >= 0x80 && (keeps_its_form(c.value) || plain_mark(c.value) != '\0')) {
      append_nfkc(out, text.substr(run, i - run));
      out += text.substr(i, c.length);
      run = i + c.length;
    }
    i += c.length;
  }
  append_nfkc(out, text.substr(run));
  return with_plain_marks(out);
}

std::vector<Piece> pieces(std::string_view text) {
  std::vector<Piece> out;
  out.reserve(16);
  bool single_quotes = true;  // Off once one had no partner: the search would be made again and again.
  for (std::size_t i = 0; i < text.size();) {
    if (is_blank(text[i])) {
      ++i;
      continue;
    }
    if (text[i] == '"' || text[i] == '`' || (text[i] == '\'' && single_quotes)) {
      if (const auto end = closing(text, i)) {
        out.push_back({std::string(text.substr(i + 1, *end - i - 1)), PieceKind::kQuoted, false, false});
        i = *end + 1;
        continue;
      }
      if (text[i] == '\'') single_quotes = false;
    }
    if (const auto open = quotation_behind_marks(text, i)) {
      i = *open;
      continue;
    }
    std::size_t end = i + 1;
    while (end < text.size() && !is_blank(text[end])) ++end;
    add_piece(out, text.substr(i, end - i));
    i = end;
  }
  return out;
}

std::string folded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::uint64_t i = 0; i < text.size();) {
    if (!is_high(text[i])) {
      out += is_upper(text[i]) ? static_cast<char>(text[i] + ('a' - 'A')) : text[i];
      ++i;
      continue;
    }
    const CodePoint c = code_point_at(text, i);
    append_utf8(out, text::fold_case(c.value));
    i += c.length;
  }
  return out;
}

bool is_shouted(std::string_view text) {
  return std::ranges::none_of(text, is_lower) && std::ranges::count_if(text, is_upper) > 1;
}

}  // namespace docmind::cache
