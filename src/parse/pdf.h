// PDF to doc::Parsed: text in reading order with pages, blocks, headings and a box per word.
//
// PDFium (loaded at run time, see pdfium.h) gives the characters with their places; everything after that is ours:
// words by gaps, lines, columns, table rows, paragraphs, headings, and what is dropped (running heads and feet, page
// numbers). The library is not thread-safe and parses hostile bytes: call this from one thread of a child process that
// reads one document. Everything is held in memory.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/deadline.h"
#include "base/result.h"
#include "doc/document.h"

namespace docmind::parse {

struct PdfOptions {
  std::string library;                          // Path of libpdfium.so.
  std::uint32_t max_pages = 20'000;             // More: kResourceExhausted.
  std::uint32_t max_page_characters = 500'000;  // What a page has beyond these is left out, with a warning.
  std::uint64_t max_text_bytes = 256U << 20U;   // More: kResourceExhausted.
  Deadline deadline;                            // Looked at before each page.
};

// The document in `bytes`; doc::valid() holds for the result. Pages without text are named in a warning.
// kInvalidArgument: not a PDF, encrypted, or without any text (scanned); kDataLoss: broken or cut off;
// kResourceExhausted: a limit of the options; kDeadlineExceeded; kUnavailable: the library cannot be loaded.
Result<doc::Parsed> parse_pdf(std::string_view bytes, const PdfOptions& options);

}  // namespace docmind::parse
