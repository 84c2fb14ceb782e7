// What stands on a page but belongs to no text: running heads and feet, page numbers; and which pages are contents or
// index. A line among a page's first 3 or last 2 goes when its text, digits masked, stands at the same height on 4 or
// more pages, or when that height is where such lines mostly stand. Works on pages in place.
#pragma once
#include <vector>

#include "parse/pdf_lines.h"

namespace docmind::parse {

void drop_furniture(std::vector<PdfPage>& pages);

// Contents and index: at least 5 dotted leaders, or more than half of the lines end in a number. Leaders are taken out.
void mark_contents(std::vector<PdfPage>& pages);

}  // namespace docmind::parse
