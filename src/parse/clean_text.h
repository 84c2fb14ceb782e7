// White space and invisible characters of one block of text. Pure functions on well-formed UTF-8.
#pragma once
#include <string>
#include <string_view>

namespace docmind::parse {

// Put into raw text where the document breaks a line on purpose (<br>); prose() turns it into "\n".
inline constexpr std::string_view kHardBreak = "\xe2\x80\xa8";  // U+2028

// Running text: runs of white space become one space, hard breaks "\n", nothing at the ends. A line end between two
// Han or kana characters, which separate no words by spaces, is dropped. Invisible characters (zero-width space and
// marks of direction that can make text look like another) are dropped, too. The result is in NFC.
std::string prose(std::string_view text);

// Code: lines and indentation stay; spaces at line ends and empty lines at both ends go. The result is in NFC.
std::string code(std::string_view text);

// No visible character.
bool is_blank(std::string_view text);

// Whether the character is of a script written solid, without spaces between words (Han, kana, their punctuation; not
// Hangul).
bool is_solid(char32_t c);

}  // namespace docmind::parse
