// Finds tables among the lines of a column: consecutive lines whose pieces stand below each other. Pure functions.
#pragma once
#include <cstddef>
#include <vector>

#include "parse/pdf_blocks.h"

namespace docmind::parse {

// The table that starts at `first`: one block per row with its cells joined by tabs, wrapped cells put together, the
// first row taken as header when it alone is bold. `end` is the line after it; empty rows: no table starts there.
struct PdfTable {
  std::size_t end = 0;
  std::vector<PdfBlock> rows;
  bool has_header = false;
};

PdfTable table_at(const std::vector<PdfLine>& lines, std::size_t first, const PdfBody& body);

}  // namespace docmind::parse
