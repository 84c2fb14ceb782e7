// Bytes of a document of any kind we read to doc::Parsed, in this process.
//
// The format is told by the content first, then, among text formats, by the name's extension. The parsers read hostile
// bytes: programs call this in a child process (child.h, child_parser.h). No state; one call per process when PDFs
// come.
#pragma once
#include <cstdint>
#include <string_view>

#include "base/deadline.h"
#include "base/result.h"
#include "doc/document.h"
#include "parse/archive_limits.h"
#include "parse/pdf.h"

namespace docmind::parse {

struct ParseOptions {
  std::uint64_t max_text = 64U << 20U;  // Bytes of text; more is kResourceExhausted (setting parse.max_text_mb).
  ArchiveLimits archive;                // DOCX and EPUB.
  PdfOptions pdf;                       // Where the PDF library lies, and its limits.
  Deadline deadline;                    // Looked at before each page of a PDF; the process's limits do the rest.
};

// doc::valid() holds for the result. `name` is the file's name, for its extension only.
// kInvalidArgument: empty, not text, not a document we read, encrypted; kDataLoss: broken; kResourceExhausted: a limit.
Result<doc::Parsed> parse(std::string_view bytes, std::string_view name, const ParseOptions& options);

}  // namespace docmind::parse
