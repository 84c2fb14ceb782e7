#include "parse/parse.h"

#include "parse/docx.h"
#include "parse/epub.h"
#include "parse/format.h"
#include "parse/html.h"
#include "parse/markdown.h"
#include "parse/text.h"

namespace docmind::parse {

Result<doc::Parsed> parse(std::string_view bytes, std::string_view name, const ParseOptions& options) {
  switch (DM_TRY(format_of(bytes, name, options.archive))) {
    case Format::kPdf: {
      PdfOptions pdf = options.pdf;
      pdf.max_text_bytes = options.max_text;
      pdf.deadline = options.deadline;
      return parse_pdf(bytes, pdf);
    }
    case Format::kDocx:
      return parse_docx(*DM_TRY(Archive::open(bytes, options.archive)), options.max_text);
    case Format::kEpub:
      return parse_epub(*DM_TRY(Archive::open(bytes, options.archive)), options.max_text);
    case Format::kHtml:
      return parse_html(bytes, options.max_text);
    case Format::kMarkdown:
      return parse_markdown(bytes, options.max_text);
    case Format::kText:
      return parse_text(bytes, options.max_text);
  }
  return Error{Code::kInternal, "there is no parser for this format", ""};
}

}  // namespace docmind::parse
