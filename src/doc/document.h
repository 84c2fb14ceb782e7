// What a parsed document is: one normalised text and everything that points into it.
//
// Offsets: every Span is half-open in UTF-8 bytes of Parsed::text, and starts and ends on a character border.
// Invariants (valid() checks them): text is valid UTF-8 in NFC without NUL; pages and blocks are in order and do not
// overlap; every block lies in one page where there are pages; words lie inside the text, in order.
// Values: as thread-safe as their members.
#pragma once
#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace docmind::doc {

struct Span {
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  auto operator<=>(const Span&) const = default;
  std::uint64_t size() const { return end - start; }
  bool contains(const Span& other) const { return start <= other.start && other.end <= end; }
  bool overlaps(const Span& other) const { return start < other.end && other.start < end; }
};

enum class BlockKind : std::uint8_t { kParagraph, kHeading, kListItem, kTableRow, kCode };

// A run of the text that belongs together. Blocks are separated by blank lines ("\n\n"; table rows and the lines of
// one list by "\n") in the text; the separators belong to no block.
struct Block {
  Span span;
  BlockKind kind = BlockKind::kParagraph;
  std::uint8_t level = 0;  // Headings: 1 (outermost) to 6. List items: nesting from 1. Else 0.
  bool source = true;      // False: shown and searched, but never quoted as an answer (contents, index pages).
  std::uint32_t header = kNoHeader;  // Table rows: index of the block that holds the header row.
  std::string locator{};  // Where there are no pages: part or cell ("chapter3.xhtml", "Sheet1!A4"); may be empty.
  static constexpr std::uint32_t kNoHeader = 0xffffffffU;
};

struct Page {
  Span span;          // The page's text; empty pages have an empty span at their place.
  std::string label;  // The printed label ("iv", "12"); empty when the document has none.
  float width = 0;    // In points (1/72 inch), after rotation.
  float height = 0;
};

// One word as printed, for highlighting. The box is in page points, origin at the top left corner of the page.
struct Word {
  Span span;
  std::uint32_t page = 0;  // Index into pages.
  float left = 0;
  float top = 0;
  float right = 0;
  float bottom = 0;
};

struct Parsed {
  std::string type;   // "pdf", "docx", "html", "markdown", "text", "epub".
  std::string title;  // From the document itself; may be empty.
  std::string text;
  std::vector<Page> pages;  // Empty where the format has no pages.
  std::vector<Block> blocks;
  std::vector<Word> words;            // Empty where the format has no layout.
  std::vector<std::string> warnings;  // One sentence each: what was left out and why.
};

// kDataLoss with the first broken invariant. Cheap enough to run on everything that comes out of a parser process.
Result<> valid(const Parsed& parsed);

// Index of the page that holds byte `at` (the last one that starts at or before it), or -1 without pages.
int page_at(const std::vector<Page>& pages, std::uint64_t at);

}  // namespace docmind::doc
