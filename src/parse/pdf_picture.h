// A page of a PDF as pixels, by PDFium (FPDF_RenderPageBitmap): crop and rotation applied, as the word boxes are.
//
// Reads hostile bytes: call this in a child process that reads one document (parse/pdf.h).
#pragma once
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "parse/pdf.h"
#include "parse/picture.h"

namespace docmind::parse {

// Page `page`, from 1. White under what is drawn; annotations are drawn, fields of forms are not. A page so high that
// it would have more than kMostPixels is drawn less wide. Errors: parse_pdf()'s, kNotFound (no such page).
Result<Picture> picture_of_pdf(std::string_view bytes, std::uint32_t page, std::uint32_t width,
                               const PdfOptions& options);

}  // namespace docmind::parse
