// Which lines are headings, and of what level.
//
// Evidence, best first: the PDF's outline (bookmarks), whose titles are looked for on the pages they point to; section
// numbers (headings.h); larger or bold lines that stand alone. The outline alone decides when most of it is found.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "parse/pdf_lines.h"
#include "parse/pdfium.h"

namespace docmind::parse {

struct PdfOutlineEntry {
  std::string title;
  std::uint32_t page = 0;
  std::uint8_t level = 1;  // 1 to 6.
};

// At most 20,000 entries, in order; empty when there is none. Safe on outlines that run in circles.
std::vector<PdfOutlineEntry> read_outline(const Pdfium& library, pdfium::Document* document);

// Sets PdfLine::heading and heading_goes_on. Contents pages get none.
void mark_headings(std::vector<PdfPage>& pages, const PdfBody& body, const std::vector<PdfOutlineEntry>& outline);

}  // namespace docmind::parse
