// The characters of one PDF page as PDFium reports them, cleaned and turned so that text runs to the right.
//
// Ligatures are expanded, visible blanks (U+2423) and every kind of space are blanks, hyphens that PDFium took for line
// breaks are U+00AD. Layout coordinates: `left`/`right` along the line, `baseline` downwards, in points; boxes for
// highlighting are in page points from the top left corner of the page as shown (after rotation). Values.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "parse/pdf.h"
#include "parse/pdfium.h"

namespace docmind::parse {

struct PdfBox {
  float left = 0;
  float top = 0;
  float right = 0;
  float bottom = 0;
  void add(const PdfBox& other);
};

inline constexpr char32_t kSoftHyphen = 0xad;

struct PdfGlyph {
  char32_t code = 0;  // Never a blank.
  float left = 0;     // Layout coordinates: where the pen was and where it went.
  float right = 0;
  float baseline = 0;
  float size = 0;             // Font size in points as shown.
  std::uint8_t turn = 0;      // Quarter turns of the line clockwise as shown: 0 runs to the right, 1 downwards.
  bool blank_before = false;  // A blank stood before it in the page's own order.
  bool bold = false;
  bool mono = false;
  PdfBox box;
};

struct PdfGlyphPage {
  float width = 0;
  float height = 0;
  std::vector<PdfGlyph> glyphs;  // In the page's own order.
  bool has_objects = false;      // Something is drawn on it, perhaps a scan.
  bool cut = false;              // There were more characters than the options allow.
};

Result<PdfGlyphPage> read_glyphs(const Pdfium& library, pdfium::Document* document, int page,
                                 const PdfOptions& options);

}  // namespace docmind::parse
