// Bytes of a text file to UTF-8: byte order mark, then UTF-8, then UTF-16 without a mark, then a guess (uchardet).
//
// Pure functions. Conversions are ICU's; what a charset cannot express becomes U+FFFD.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace docmind::parse {

struct DecodedText {
  std::string text;            // Well-formed UTF-8; may hold NUL and control characters.
  std::string charset;         // What it was: "UTF-8", "GB18030", ...
  std::uint64_t replaced = 0;  // Characters that could not be read.
};

// `declared`: what the document says of itself (HTML's meta charset), tried before the guess; may be empty or wrong.
Result<DecodedText> decode(std::string_view bytes, std::string_view declared);

// kInvalidArgument when the bytes are no text: NUL or control characters that text does not have.
Result<> check_is_text(std::string_view bytes);

// Code points to one line of warning, empty when all were read.
std::string replaced_warning(const DecodedText& decoded);

}  // namespace docmind::parse
