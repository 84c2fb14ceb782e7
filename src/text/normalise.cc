#include "text/normalise.h"

#include <unicode/normalizer2.h>

#include <cstdint>
#include <limits>

#include "base/utf8.h"

namespace docmind::text {
namespace {

bool is_line_end(char32_t c) { return c == 0x0b || c == 0x0c || c == 0x85 || c == 0x2028 || c == 0x2029; }

bool is_removed(char32_t c) {
  const bool control = (c < 0x20 && c != '\t' && c != '\n') || (c >= 0x7f && c < 0xa0);
  return control || c == 0xfeff || c == 0xad;
}

std::string without_controls(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const unsigned char byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x20 && byte < 0x7f) {
      out += text[i++];
      continue;
    }
    const CodePoint c = code_point_at(text, i);
    if (c.value == '\r') {
      if (i + 1 >= text.size() || text[i + 1] != '\n') out += '\n';
    } else if (is_line_end(c.value)) {
      out += '\n';
    } else if (!is_removed(c.value)) {
      out += text.substr(i, c.length);
    }
    i += c.length;
  }
  return out;
}

bool is_ascii(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  }
  return true;
}

// ICU takes at most 2 GiB at once; line ends are safe places to cut, since no composition crosses them.
void append_nfc(std::string& out, std::string_view text) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* nfc = icu::Normalizer2::getNFCInstance(status);
  if (U_FAILURE(status) || nfc == nullptr) {  // Without its data ICU leaves the text as it is.
    out += text;
    return;
  }
  const std::size_t before = out.size();
  icu::StringByteSink<std::string> sink(&out);
  nfc->normalizeUTF8(0, icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())), sink, nullptr, status);
  if (U_FAILURE(status)) out.replace(before, std::string::npos, text);
}

}  // namespace

std::string normalise(std::string_view bytes) {
  std::uint64_t replaced = 0;
  std::string checked;
  if (!is_utf8(bytes)) {
    checked = to_utf8(bytes, replaced);
    bytes = checked;
  }
  return nfc(without_controls(bytes));
}

std::string nfc(std::string_view text) {
  if (is_ascii(text)) return std::string(text);
  constexpr std::size_t kPiece = 1U << 26U;
  std::string out;
  out.reserve(text.size());
  std::string_view rest = text;
  while (!rest.empty()) {
    std::size_t cut = rest.size();
    if (cut > kPiece) {
      cut = rest.find('\n', kPiece);
      cut = cut == std::string_view::npos ? rest.size() : cut + 1;
      if (cut > std::size_t{std::numeric_limits<std::int32_t>::max()}) {  // A line this long: cut at a character.
        cut = kPiece;
        while (!is_char_border(rest, cut)) ++cut;
      }
    }
    append_nfc(out, rest.substr(0, cut));
    rest.remove_prefix(cut);
  }
  return out;
}

std::string fold_space(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != ' ' && c != '\n' && c != '\t') {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  if (out.ends_with(' ')) out.pop_back();
  return out;
}

}  // namespace docmind::text
