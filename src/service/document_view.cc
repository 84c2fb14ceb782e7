#include "service/document_view.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/utf8.h"

namespace docmind::service {
namespace {

Error bad_place(std::string message) {
  return {Code::kInvalidArgument, std::move(message), "Take start and end from a citation, they are bytes."};
}

// Where the character that holds byte `at` starts.
std::uint64_t border_before(std::string_view text, std::uint64_t at) {
  while (at > 0 && !is_char_border(text, at)) --at;
  return at;
}

// A piece of the text that may start and end within characters, with what is cut off taken away.
Result<doc::Span> whole_characters(library::Snapshot& at, const library::Document& document, doc::Span span) {
  const std::uint64_t end = std::min(span.end + 1, document.text_bytes);
  const std::string bytes = DM_TRY(at.text(document.key, {span.start, end}));
  std::uint64_t first = 0;
  while (!is_char_border(bytes, first)) ++first;
  return doc::Span{span.start + first, span.start + border_before(bytes, span.end - span.start)};
}

// The bytes of the span, once it is known to be one of this text.
Result<std::string> text_at(library::Snapshot& at, const library::Document& document, doc::Span span) {
  if (span.start >= span.end || span.end > document.text_bytes) {
    return bad_place("the span does not lie in the document's text, which has " + std::to_string(document.text_bytes) +
                     " bytes");
  }
  if (span.size() > kMostSpan) {
    return bad_place("the span has " + std::to_string(span.size()) + " bytes, more than " + std::to_string(kMostSpan));
  }
  const std::uint64_t end = std::min(span.end + 1, document.text_bytes);
  std::string bytes = DM_TRY(at.text(document.key, {span.start, end}));
  if (!is_char_border(bytes, 0) || !is_char_border(bytes, span.size())) {
    return bad_place("the span starts or ends within a character");
  }
  bytes.resize(span.size());
  return bytes;
}

bool same_line(const Quad& quad, const doc::Word& word) {
  const float height = std::min(quad.bottom - quad.top, word.bottom - word.top);
  const float shared = std::min(quad.bottom, word.bottom) - std::max(quad.top, word.top);
  const float gap = word.left - quad.right;
  return shared > height / 2 && gap > -height / 2 && gap < 2 * height;  // A wider gap parts cells and columns.
}

std::vector<Quad> quads_of(const std::vector<doc::Word>& words, doc::Span span) {
  std::vector<Quad> quads;
  for (const doc::Word& word : words) {
    if (!word.span.overlaps(span)) continue;
    if (!quads.empty() && same_line(quads.back(), word)) {
      Quad& line = quads.back();
      line = {line.left, std::min(line.top, word.top), std::max(line.right, word.right),
              std::max(line.bottom, word.bottom)};
    } else {
      quads.push_back({word.left, word.top, word.right, word.bottom});
    }
  }
  return quads;
}

Quad within(const Quad& quad, const doc::Page& page) {
  return {std::clamp(quad.left, 0.0F, page.width), std::clamp(quad.top, 0.0F, page.height),
          std::clamp(quad.right, 0.0F, page.width), std::clamp(quad.bottom, 0.0F, page.height)};
}

Result<std::vector<MarkedPage>> marked_pages(library::Snapshot& at, const library::Document& document, doc::Span span) {
  std::vector<MarkedPage> out;
  for (const library::Page& row : DM_TRY(at.pages(document.key))) {
    if (!row.page.span.overlaps(span)) continue;
    MarkedPage& marked = out.emplace_back();
    marked = {row.index + 1, row.page.label, row.page.width, row.page.height};
    for (const Quad& quad : quads_of(DM_TRY(at.words(document.key, row.index)), span)) {
      marked.quads.push_back(within(quad, row.page));
    }
  }
  return out;
}

Result<std::optional<library::Page>> page_of(library::Snapshot& at, std::int64_t document, std::uint64_t place) {
  std::optional<library::Page> page;
  for (library::Page& row : DM_TRY(at.pages(document))) {
    if (row.page.span.start > place) break;
    page = std::move(row);
  }
  return page;
}

// The one place where the quote stands. Twice is nowhere: nobody could say which of them was meant.
Result<std::optional<MovedTo>> place_of(library::Snapshot& at, const library::Document& document,
                                        const std::string& quote) {
  if (quote.empty()) return std::optional<MovedTo>();
  const std::string text = DM_TRY(at.text(document.key));
  const std::size_t found = text.find(quote);
  if (found == std::string::npos || text.find(quote, found + 1) != std::string::npos) return std::optional<MovedTo>();
  const auto page = DM_TRY(page_of(at, document.key, found));
  return std::optional(MovedTo{{found, found + quote.size()}, page ? page->index + 1 : 0});
}

Result<std::string> where(library::Snapshot& at, const library::Document& document, std::uint64_t place) {
  if (const auto page = DM_TRY(page_of(at, document.key, place))) {
    const std::string number = std::to_string(page->index + 1);
    const std::string& label = page->page.label;
    return "page " + number + (label.empty() || label == number ? "" : " (printed " + label + ")");
  }
  std::string path;
  for (library::Section& section : DM_TRY(at.sections(document.key))) {
    if (section.heading.start > place) break;
    path = std::move(section.path);
  }
  return path;
}

Result<doc::Span> shown_around(library::Snapshot& at, const library::Document& document, doc::Span span) {
  constexpr std::uint64_t kAside = kShownText / 2;
  const std::uint64_t start = span.start > kAside ? span.start - kAside : 0;
  const std::uint64_t end = std::min(span.end + kAside, document.text_bytes);
  return whole_characters(at, document, {start, end});
}

Result<doc::Span> shown_from(library::Snapshot& at, const library::Document& document, std::uint64_t offset) {
  if (offset > document.text_bytes || (offset == document.text_bytes && offset > 0)) {
    return bad_place("the offset does not lie in the document's text, which has " +
                     std::to_string(document.text_bytes) + " bytes");
  }
  const doc::Span wanted{offset, std::min(offset + kShownText, document.text_bytes)};
  const doc::Span shown = DM_TRY(whole_characters(at, document, wanted));
  if (shown.start != offset) return bad_place("the offset lies within a character");
  return shown;
}

}  // namespace

Result<Marks> marks_of(library::Snapshot& at, const PlaceAsked& asked) {
  const library::Document document = DM_TRY(at.find(asked.document));
  Marks marks;
  marks.document_id = document.id;
  marks.stored_version = document.version;
  marks.version = asked.version.empty() ? document.version : asked.version;
  if (!asked.span) return bad_place("start and end of the span are missing");
  if (!marks.current()) {
    marks.quote = asked.quote;
    marks.moved_to = DM_TRY(place_of(at, document, asked.quote));
    return marks;
  }
  marks.quote = DM_TRY(text_at(at, document, *asked.span));
  marks.pages = DM_TRY(marked_pages(at, document, *asked.span));
  return marks;
}

Result<TextView> text_of(library::Snapshot& at, const PlaceAsked& asked) {
  const library::Document document = DM_TRY(at.find(asked.document));
  if (!asked.version.empty() && asked.version != document.version) {
    return Error{Code::kConflict, document.path + " has changed since", "Only the newest text is kept; ask again."};
  }
  TextView view{document.id, document.version};
  view.bytes = document.text_bytes;
  doc::Span marked{};
  std::string mark;
  if (asked.span) {
    marked = *asked.span;
    mark = DM_TRY(text_at(at, document, marked));
    view.shown = DM_TRY(shown_around(at, document, marked));
  } else {
    view.shown = DM_TRY(shown_from(at, document, asked.offset));
    marked = {view.shown.end, view.shown.end};
  }
  view.where = DM_TRY(where(at, document, asked.span ? marked.start : view.shown.start));
  for (TextRun& run : std::vector<TextRun>{{DM_TRY(at.text(document.key, {view.shown.start, marked.start})), false},
                                           {std::move(mark), true},
                                           {DM_TRY(at.text(document.key, {marked.end, view.shown.end})), false}}) {
    if (!run.text.empty()) view.runs.push_back(std::move(run));
  }
  return view;
}

}  // namespace docmind::service
