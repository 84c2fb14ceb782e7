#include "text/characters.h"

#include <unicode/uchar.h>
#include <unicode/uscript.h>

#include "base/utf8.h"

namespace docmind::text {
namespace {

bool is_dense(UChar32 c) {
  if (c < 0x1100) return false;
  UErrorCode status = U_ZERO_ERROR;
  const UScriptCode script = uscript_getScript(c, &status);
  return script == USCRIPT_HAN || script == USCRIPT_HIRAGANA || script == USCRIPT_KATAKANA || script == USCRIPT_HANGUL;
}

}  // namespace

bool starts_in_lower_case(std::string_view text) {
  return !text.empty() && u_islower(static_cast<UChar32>(code_point_at(text, 0).value)) != 0;
}

char32_t fold_case(char32_t character) {
  if (character < 0x80) return character >= 'A' && character <= 'Z' ? character + ('a' - 'A') : character;
  return static_cast<char32_t>(u_foldCase(static_cast<UChar32>(character), U_FOLD_CASE_DEFAULT));
}

bool is_word_character(char32_t character) {
  const std::uint32_t mask = U_GET_GC_MASK(static_cast<UChar32>(character));
  return (mask & (U_GC_L_MASK | U_GC_M_MASK | U_GC_ND_MASK)) != 0;
}

Weight weigh(std::string_view text) {
  Weight weight;
  for (std::uint64_t i = 0; i < text.size();) {
    const CodePoint c = code_point_at(text, i);
    const auto code = static_cast<UChar32>(c.value);
    const bool dense = is_dense(code);
    weight.characters += dense ? 3 : 1;
    if (u_isalpha(code) != 0) weight.letters += dense ? 2 : 1;
    i += c.length;
  }
  return weight;
}

}  // namespace docmind::text
