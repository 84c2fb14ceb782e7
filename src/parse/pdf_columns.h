// Splits the runs of a page into columns in reading order. Internal to the PDF parser; pure functions.
#pragma once
#include <cstdint>
#include <vector>

#include "parse/pdf_glyphs.h"

namespace docmind::parse {

// Characters [first, last) of a page that follow each other on one line without a jump.
struct PdfRun {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  float left = 0;
  float right = 0;
  float baseline = 0;
  float size = 0;
};

// Runs at one height, from left to right.
using PdfRow = std::vector<PdfRun>;

std::vector<PdfRun> runs_of(const std::vector<PdfGlyph>& glyphs, std::uint8_t turn);

// Rows from top to bottom.
std::vector<PdfRow> rows_of(std::vector<PdfRun> runs);

// The rows of each column, columns in reading order. Every run is in exactly one of them.
std::vector<std::vector<PdfRow>> columns_of(std::vector<PdfRun> runs);

}  // namespace docmind::parse
