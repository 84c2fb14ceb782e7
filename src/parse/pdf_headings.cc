#include "parse/pdf_headings.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <unordered_set>

#include "base/utf8.h"
#include "parse/headings.h"

namespace docmind::parse {
namespace {

constexpr std::size_t kMaxOutline = 20'000;
constexpr int kMaxDepth = 32;
constexpr std::size_t kMaxTitleLines = 6;
constexpr std::size_t kMaxPageLines = 2'000;  // Titles are not looked for on pages with more: those are drawings.
constexpr std::size_t kMaxFontTitle = 160;    // Bytes: longer bold lines are text.

// Letters and digits in lower case: outlines spell quotes, dashes and blanks their own way.
std::string key_of(std::string_view text) {
  std::string key;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = code_point_at(text, at);
    const char32_t c = point.value;
    const bool letter = c < 0x80 ? (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
                                 : c >= 0xc0 && !(c >= 0x2000 && c < 0x2c00) && !(c >= 0x3000 && c < 0x3040);
    if (letter) append_utf8(key, c >= 'A' && c <= 'Z' ? c + 32 : c);
    at += point.length;
  }
  return key;
}

// "Chapter", "APPENDIX", "Part", with or without what follows.
bool is_part_name(const std::string& key, bool with_number) {
  for (const std::string_view name : {"chapter", "appendix", "part", "kapitel", "anhang", "teil"}) {
    if (!key.starts_with(name)) continue;
    if (key.size() == name.size()) return !with_number;
    return with_number && key.size() <= name.size() + 12;
  }
  return false;
}

void mark(std::vector<PdfLine>& lines, std::size_t first, std::size_t last, std::uint8_t level) {
  for (std::size_t i = first; i < last; ++i) {
    lines[i].heading = level;
    lines[i].heading_goes_on = i > first;
  }
}

// Titles of the outline on the lines of one page.
class TitleFinder {
 public:
  explicit TitleFinder(PdfPage& page) : lines_(page.lines) {
    for (const PdfLine& line : lines_) texts_.push_back(text_of(line));
    for (const std::string& text : texts_) keys_.push_back(key_of(text));
  }

  bool find(const PdfOutlineEntry& entry) {
    const std::string title = key_of(entry.title);
    if (title.empty()) return false;
    for (std::size_t i = next_; i < lines_.size(); ++i) {
      const std::size_t last = matched(i, title);
      if (last == 0) continue;
      mark(lines_, with_part_name(i), last, entry.level);
      next_ = last;
      return true;
    }
    return false;
  }

 private:
  // The line after the title that starts at line `first`; 0 when it does not.
  std::size_t matched(std::size_t first, const std::string& title) const {
    std::size_t length = 0;
    section_number(texts_[first], length);
    const std::string without_number = key_of(std::string_view(texts_[first]).substr(length));
    for (const std::string& start : {keys_[first], without_number}) {
      std::string key = start;
      if (key.empty()) continue;
      for (std::size_t last = first + 1; title.starts_with(key); ++last) {
        if (key.size() == title.size()) return last;
        if (last >= lines_.size() || last - first >= kMaxTitleLines) break;
        key += keys_[last];
      }
    }
    return 0;
  }

  // "CHAPTER / SIXTEEN / TITLE" is one heading.
  std::size_t with_part_name(std::size_t first) const {
    if (first >= 1 && is_part_name(keys_[first - 1], true)) return first - 1;
    if (first >= 2 && is_part_name(keys_[first - 2], false) && lines_[first - 1].words.size() == 1) return first - 2;
    return first;
  }

  std::vector<PdfLine>& lines_;
  std::vector<std::string> texts_;
  std::vector<std::string> keys_;
  std::size_t next_ = 0;
};

// Whether the outline's titles were found well enough to be the only evidence.
bool mark_by_outline(std::vector<PdfPage>& pages, const std::vector<PdfOutlineEntry>& outline) {
  std::map<std::uint32_t, std::vector<const PdfOutlineEntry*>> by_page;
  for (const PdfOutlineEntry& entry : outline) by_page[entry.page].push_back(&entry);
  std::size_t found = 0;
  for (const auto& [page, entries] : by_page) {
    if (page >= pages.size() || pages[page].contents || pages[page].lines.size() > kMaxPageLines) continue;
    TitleFinder finder(pages[page]);
    for (const PdfOutlineEntry* entry : entries) found += static_cast<std::size_t>(finder.find(*entry));
  }
  return found >= 3 && 10 * found >= 6 * outline.size();
}

// The gap above a line in steps of its usual leading; large at the top of a column.
float gap_above(const std::vector<PdfLine>& lines, std::size_t i, const PdfBody& body) {
  if (i == 0 || lines[i].column != lines[i - 1].column) return 10;
  return (lines[i].baseline - lines[i - 1].baseline) / body.leading_of(std::max(lines[i].size, lines[i - 1].size));
}

void mark_by_numbers(std::vector<PdfPage>& pages, const PdfBody& body) {
  std::vector<std::string> texts;
  std::vector<std::pair<std::size_t, std::size_t>> places;
  std::vector<bool> blanks;
  for (std::size_t p = 0; p < pages.size(); ++p) {
    if (pages[p].contents) continue;
    const auto& lines = pages[p].lines;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const bool new_style =
          i > 0 && (lines[i].bold != lines[i - 1].bold || std::abs(lines[i].size - lines[i - 1].size) > 0.5F);
      texts.push_back(lines[i].mono ? std::string() : text_of(lines[i]));
      places.emplace_back(p, i);
      blanks.push_back(new_style || gap_above(lines, i, body) > 1.25F);
    }
  }
  std::vector<TextLine> lines;
  for (std::size_t i = 0; i < texts.size(); ++i) lines.push_back({texts[i], blanks[i]});
  for (const NumberedHeading& heading : numbered_headings(lines)) {
    const auto [page, first] = places[heading.line];
    const std::size_t last = std::min(first + heading.lines, pages[page].lines.size());
    mark(pages[page].lines, first, last, heading.level);
  }
}

using FontStyle = std::pair<int, bool>;  // Size in half points, bold.

FontStyle style_of(const PdfLine& line) { return {static_cast<int>(std::lround(line.size * 2)), line.bold}; }

bool looks_like_title(const std::vector<PdfLine>& lines, std::size_t i, const PdfBody& body) {
  const PdfLine& line = lines[i];
  if (line.heading != 0 || line.mono || line.cells.size() > 1) return false;
  const bool larger = line.size > 1.12F * body.size;
  if (!larger && !(line.bold && line.size > 0.95F * body.size)) return false;
  const bool alone = gap_above(lines, i, body) > 1.2F || (i > 0 && style_of(lines[i - 1]) == style_of(line));
  const std::string text = text_of(line);
  const bool letters = key_of(text).size() >= 2;
  return letters && text.size() <= kMaxFontTitle && (larger || alone) &&
         std::string_view(".,;:").find(text.back()) == std::string_view::npos;
}

// Larger styles are higher levels; a style that numbered headings have takes their level.
void mark_by_fonts(std::vector<PdfPage>& pages, const PdfBody& body) {
  std::map<FontStyle, std::uint8_t> numbered;
  std::set<FontStyle, std::greater<>> styles;
  std::size_t all = 0;
  std::vector<std::pair<std::size_t, std::size_t>> found;
  for (std::size_t p = 0; p < pages.size(); ++p) {
    auto& lines = pages[p].lines;
    all += lines.size();
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (lines[i].heading != 0) numbered.try_emplace(style_of(lines[i]), lines[i].heading);
      if (pages[p].contents || !looks_like_title(lines, i, body)) continue;
      found.emplace_back(p, i);
      styles.insert(style_of(lines[i]));
    }
  }
  if (2 * found.size() > all) return;  // Everything is bold or the sizes say nothing.
  for (const auto& [p, i] : found) {
    auto& lines = pages[p].lines;
    const FontStyle style = style_of(lines[i]);
    const auto rank = std::distance(styles.begin(), styles.find(style)) + 1;
    const auto known = numbered.find(style);
    const auto level =
        known != numbered.end() ? known->second : static_cast<std::uint8_t>(std::min<std::ptrdiff_t>(rank, 6));
    const bool goes_on =
        i > 0 && lines[i - 1].heading == level && style_of(lines[i - 1]) == style && gap_above(lines, i, body) < 1.4F;
    lines[i].heading = level;
    lines[i].heading_goes_on = goes_on;
  }
}

class OutlineReader {
 public:
  OutlineReader(const Pdfium& library, pdfium::Document* document) : library_(library), document_(document) {}

  std::vector<PdfOutlineEntry> read() {
    children(nullptr, 1);
    return std::move(found_);
  }

 private:
  void children(pdfium::Bookmark* parent, int depth) {
    if (depth > kMaxDepth) return;
    pdfium::Bookmark* at = library_->FPDFBookmark_GetFirstChild(document_, parent);
    while (at != nullptr && found_.size() < kMaxOutline && seen_.insert(at).second) {
      add(at, depth);
      children(at, depth + 1);
      at = library_->FPDFBookmark_GetNextSibling(document_, at);
    }
  }

  void add(pdfium::Bookmark* bookmark, int depth) {
    pdfium::Dest* dest = library_->FPDFBookmark_GetDest(document_, bookmark);
    if (dest == nullptr) {
      pdfium::Action* action = library_->FPDFBookmark_GetAction(bookmark);
      dest = action == nullptr ? nullptr : library_->FPDFAction_GetDest(document_, action);
    }
    const int page = dest == nullptr ? -1 : library_->FPDFDest_GetDestPageIndex(document_, dest);
    if (page < 0) return;
    PdfOutlineEntry entry;
    entry.title = pdf_text_of(
        [&](void* buffer, unsigned long bytes) { return library_->FPDFBookmark_GetTitle(bookmark, buffer, bytes); });
    entry.page = static_cast<std::uint32_t>(page);
    entry.level = static_cast<std::uint8_t>(std::min(depth, 6));
    found_.push_back(std::move(entry));
  }

  const Pdfium& library_;
  pdfium::Document* document_;
  std::vector<PdfOutlineEntry> found_;
  std::unordered_set<pdfium::Bookmark*> seen_;
};

}  // namespace

std::vector<PdfOutlineEntry> read_outline(const Pdfium& library, pdfium::Document* document) {
  return OutlineReader(library, document).read();
}

void mark_headings(std::vector<PdfPage>& pages, const PdfBody& body, const std::vector<PdfOutlineEntry>& outline) {
  if (mark_by_outline(pages, outline)) return;
  for (PdfPage& page : pages) {  // A few chance matches are no evidence.
    for (PdfLine& line : page.lines) line.heading = 0, line.heading_goes_on = false;
  }
  mark_by_numbers(pages, body);
  mark_by_fonts(pages, body);
}

}  // namespace docmind::parse
