// Lines of a page to blocks: headings, paragraphs, list items, code and table rows, each as the pieces of lines it is
// made of. Pure functions.
#pragma once
#include <cstdint>
#include <vector>

#include "doc/document.h"
#include "parse/pdf_lines.h"

namespace docmind::parse {

// Words [first, last) of a line, and what joins them to the piece before.
struct PdfPiece {
  enum class Joint : std::uint8_t { kSpace, kTab, kNewline };
  const PdfLine* line = nullptr;
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  Joint joint = Joint::kSpace;
};

struct PdfBlock {
  doc::BlockKind kind = doc::BlockKind::kParagraph;
  std::uint8_t level = 0;
  std::uint32_t header = doc::Block::kNoHeader;  // Table rows: index of the header row in the page's blocks.
  bool list_goes_on = false;                     // The block before is an item or row of the same list or table.
  std::vector<PdfPiece> pieces;
};

// The blocks point into `page`, which must outlive them.
std::vector<PdfBlock> blocks_of(const PdfPage& page, const PdfBody& body);

}  // namespace docmind::parse
