#include "parse/pdf.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "parse/pdf_blocks.h"
#include "parse/pdf_furniture.h"
#include "parse/pdf_glyphs.h"
#include "parse/pdf_headings.h"
#include "parse/pdf_lines.h"
#include "parse/pdf_text.h"
#include "parse/pdfium.h"
#include "text/normalise.h"

namespace docmind::parse {
namespace {

constexpr std::size_t kMaxNamedPages = 20;  // In a warning.

// "3, 7 and 12" style list of page numbers from 1, cut after a few.
std::string page_list(const std::vector<std::size_t>& pages) {
  std::string list;
  for (std::size_t i = 0; i < pages.size() && i < kMaxNamedPages; ++i) {
    list += (i > 0 ? ", " : "") + std::to_string(pages[i] + 1);
  }
  return pages.size() > kMaxNamedPages ? list + ", ..." : list;
}

// One reading of one document, step by step.
class PdfReader {
 public:
  PdfReader(const Pdfium& library, pdfium::Document* document, const PdfOptions& options)
      : library_(library), document_(document), options_(options) {}

  Result<doc::Parsed> read() {
    DM_TRY(read_pages());
    if (without_text_.size() == pages_.size()) {
      return Error{Code::kInvalidArgument, "the PDF has no text (scanned?)",
                   "Add a copy with a text layer; reading text from images is not supported yet."};
    }
    drop_furniture(pages_);
    mark_contents(pages_);
    const PdfBody body = body_of(pages_);
    mark_headings(pages_, body, read_outline(library_, document_));
    doc::Parsed parsed;
    parsed.type = "pdf";
    parsed.title = title();
    DM_TRY(build_text(body, parsed));
    add_warnings(parsed);
    return parsed;
  }

 private:
  Result<> read_pages() {
    const int count = library_->FPDF_GetPageCount(document_);
    if (count <= 0) return Error{Code::kDataLoss, "the PDF has no pages", "Get the file again; it may be cut off."};
    if (static_cast<std::uint32_t>(count) > options_.max_pages) {
      return Error{Code::kResourceExhausted,
                   "the PDF has " + std::to_string(count) + " pages, more than the " +
                       std::to_string(options_.max_pages) + " allowed",
                   "Split it, or raise the limit in the settings."};
    }
    for (int i = 0; i < count; ++i) {
      if (options_.deadline.expired()) {
        return Error{Code::kDeadlineExceeded,
                     "reading the PDF took too long, it stopped at page " + std::to_string(i + 1)};
      }
      read_page(i);
    }
    if (broken_.size() == pages_.size())
      return Error{Code::kDataLoss, "every page of the PDF is broken", "Get the file again."};
    return {};
  }

  void read_page(int index) {
    PdfPage page;
    page.label = pdf_text_of([&](void* buffer, unsigned long bytes) {
      return library_->FPDF_GetPageLabel(document_, index, buffer, bytes);
    });
    page.label = text::normalise(page.label);
    const std::size_t at = pages_.size();
    if (const auto glyphs = read_glyphs(library_, document_, index, options_)) {
      page.width = glyphs->width;
      page.height = glyphs->height;
      page.lines = lines_of(*glyphs);
      if (glyphs->cut) cut_.push_back(at);
      if (page.lines.empty()) without_text_.push_back(at);
      if (page.lines.empty() && !glyphs->has_objects) empty_.push_back(at);
    } else {
      broken_.push_back(at);
      without_text_.push_back(at);
    }
    pages_.push_back(std::move(page));
  }

  Result<> build_text(const PdfBody& body, doc::Parsed& parsed) {
    PdfVocabulary vocabulary;
    for (const PdfPage& page : pages_) vocabulary.add(page);
    PdfTextBuilder builder(vocabulary, parsed);
    for (const PdfPage& page : pages_) {
      builder.add(page, blocks_of(page, body));
      if (parsed.text.size() > options_.max_text_bytes) {
        return Error{Code::kResourceExhausted,
                     "the PDF has more than " + std::to_string(options_.max_text_bytes) + " bytes of text",
                     "Split it, or raise the limit in the settings."};
      }
    }
    return {};
  }

  // From the metadata, else the largest line of the first page.
  std::string title() const {
    std::string title = text::normalise(pdf_text_of([&](void* buffer, unsigned long bytes) {
      return library_->FPDF_GetMetaText(document_, "Title", buffer, bytes);
    }));
    if (title.find_first_not_of(" \t\n") != std::string::npos) return title;
    const PdfLine* largest = nullptr;
    for (const PdfLine& line : pages_.front().lines) {
      if (largest == nullptr || line.size > largest->size + 0.5F) largest = &line;
    }
    return largest == nullptr ? std::string() : text_of(*largest);
  }

  void add_warnings(doc::Parsed& parsed) const {
    const auto warn = [&](const std::vector<std::size_t>& pages, const std::string& what) {
      if (!pages.empty()) parsed.warnings.push_back(what + ": page " + page_list(pages) + ".");
    };
    warn(broken_, "Pages that are broken were left out");
    std::vector<std::size_t> scanned;
    for (const std::size_t page : without_text_) {
      const bool known = std::binary_search(broken_.begin(), broken_.end(), page) ||
                         std::binary_search(empty_.begin(), empty_.end(), page);
      if (!known) scanned.push_back(page);
    }
    warn(scanned, "Pages without text (scanned?) were left out");
    warn(cut_, "Pages with more characters than allowed were cut");
  }

  const Pdfium& library_;
  pdfium::Document* document_;
  const PdfOptions& options_;
  std::vector<PdfPage> pages_;
  std::vector<std::size_t> without_text_;
  std::vector<std::size_t> empty_;  // Nothing is drawn on them.
  std::vector<std::size_t> broken_;
  std::vector<std::size_t> cut_;
};

}  // namespace

Result<doc::Parsed> parse_pdf(std::string_view bytes, const PdfOptions& options) {
  const std::unique_ptr<Pdfium> library = DM_TRY(Pdfium::open(options.library));
  const PdfHandle<pdfium::Document> document = DM_TRY(open_pdf(*library, bytes));
  doc::Parsed parsed = DM_TRY(PdfReader(*library, document.get(), options).read());
  DM_TRY(doc::valid(parsed));
  return parsed;
}

}  // namespace docmind::parse
