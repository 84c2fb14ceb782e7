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
  std::uint8_t turn = 0;     // As in PdfGlyph.
  bool bold = false;         // Nearly all of it.
  bool mono = false;
  bool raised_start = false;     // Starts with a raised number: a footnote.
  std::uint8_t heading = 0;      // Level of the heading that it belongs to; 0: none. Set by mark_headings().
  bool heading_goes_on = false;  // The heading started on the line before.
};

struct PdfPage {
  float width = 0;
  float height = 0;
  std::string label;
  bool contents = false;  // A table of contents or an index.
  std::vector<PdfLine> lines;
};

// How lines are set in running text, over all pages: most characters' size and the usual step between baselines.
struct PdfBody {
  float size = 10;
  float leading = 12;
  // The usual step for lines of another size.
  float leading_of(float other) const { return leading * (other > size ? other / size : 1.0F); }
};

std::vector<PdfLine> lines_of(const PdfGlyphPage& page);

PdfBody body_of(const std::vector<PdfPage>& pages);

// The words of the line with single blanks, for comparisons.
std::string text_of(const PdfLine& line);

// Han, kana and their punctuation: scripts that write no blanks between words (Hangul does).
bool is_unspaced(char32_t code);

}  // namespace docmind::parse
