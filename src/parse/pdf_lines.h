// Characters of a page to lines in reading order.
//
// Characters that follow each other without a jump form runs; runs at one height form rows; a vertical strip that stays
// empty over several rows and is skipped in the page's own order is a gutter between columns (tables are written row by
// row, columns one after the other). Lines come column by column, each with its words and their boxes. Pure functions.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "parse/pdf_glyphs.h"

namespace docmind::parse {

struct PdfWord {
  std::string text;  // UTF-8 in NFC, never empty.
  PdfBox box;
  float left = 0;  // Layout coordinates, see PdfGlyph.
  float right = 0;
  bool glued = false;  // No blank between it and the word before (Chinese and Japanese characters).
  bool bold = false;
  bool mono = false;
};

struct PdfLine {
  std::vector<PdfWord> words;        // Never empty.
  std::vector<std::uint32_t> cells;  // Index of the first word of each piece between wide gaps; starts with 0.
  float left = 0;
  float right = 0;
  float baseline = 0;
  float size = 0;         // Of most of its characters.
  float column_left = 0;  // Edges of its column.
  float column_right = 0;
  std::uint32_t column = 0;  // Counts columns and areas over the page; lines of different ones never join.
  bool bold = false;         // Nearly all of it.
  bool mono = false;
};

std::vector<PdfLine> lines_of(const PdfGlyphPage& page);

// The words of the line with single blanks, for comparisons.
std::string text_of(const PdfLine& line);

// Han, kana and their punctuation: scripts that write no blanks between words (Hangul does).
bool is_unspaced(char32_t code);

}  // namespace docmind::parse
