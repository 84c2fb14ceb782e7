// The one form in which text is stored, cut, indexed and quoted: UTF-8 in NFC, "\n" line ends, no control characters.
//
// Parsers call normalise() before they compute any offset, so no map of offsets is needed. Pure; idempotent.
#pragma once
#include <string>
#include <string_view>

namespace docmind::text {

// Ill-formed UTF-8 becomes U+FFFD; CR, CRLF, NEL, VT, U+2028 and U+2029 become "\n"; a form feed becomes "\n" too.
// Other control characters (C0 but "\t", C1, NUL), byte order marks and soft hyphens are removed.
std::string normalise(std::string_view bytes);

// Unicode's composed form and nothing else changed: "e" with an accent behind it becomes one character. Requires UTF-8.
std::string nfc(std::string_view text);

// The same text with every run of blanks, tabs and line ends as one blank, and none at the ends.
std::string fold_space(std::string_view text);

}  // namespace docmind::text
