// The lines of a plain text file and what each of them looks like: its indentation, an item's marker, an underline.
//
// Pure functions. Views point into the file's text.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace docmind::parse {

struct Line {
  std::string_view text;   // Without indentation and spaces at the end.
  std::size_t indent = 0;  // Columns; a tab goes to the next multiple of 8.
  std::size_t width = 0;   // Columns in all: wide characters take two.
  std::size_t marker = 0;  // Bytes of a list marker with its spaces ("* ", "2. ", "(a) "), else 0.
  bool numbered = false;   // The marker is a number or letter and belongs to the text.
  bool blank() const { return text.empty(); }
};

// Line ends are LF, CR LF, CR and form feed, after which a blank line is added.
std::vector<Line> lines_of(std::string_view text);

// No-break spaces as spaces; NUL, terminal escapes ("\x1b[1m") and overstrikes ("N\bN", man pages) removed.
std::string plain_characters(std::string_view text);

// The character of a line that only underlines or rules ("=====", "-----"); '\0' when it is something else.
char rule_character(const Line& line);

// Whether the line looks like code, data or a drawing: a prompt, columns, brackets, few letters.
bool looks_like_code(const Line& line);

// Columns up to the end of the line's first word.
std::size_t first_word_width(const Line& line);

}  // namespace docmind::parse
