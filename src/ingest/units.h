// The structure of a document as the library stores it: sections from its headings, and units, the smallest things that
// are searched and quoted (sentences, list items, code lines, table rows).
//
// Rules: docs of the extractive recipe. A paragraph that starts in lower case goes on with the block before it when
// that one has no closing mark and stands on the same page. Headings and units of fewer than 15 characters or 8 letters
// are context: stored, never claims (source false); so is everything in a block that is no source. A unit never crosses
// a page. Units after a sentence that ends in ":" remember it as their lead-in; table rows remember their header row.
// No unit needs more tokens than a chunk has: longer ones are cut at token borders.
//
// Pure functions. Units are in text order and do not overlap.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "doc/document.h"
#include "library/records.h"
#include "text/wordpiece.h"

namespace docmind::ingest {

struct UnitLimits {
  std::uint32_t tokens = 510;      // Of a chunk, its heading path included.
  std::uint32_t path_tokens = 96;  // Of a heading path: outer headings are left out, then the title is cut.
  std::uint64_t bytes = 4096;      // Of a unit, whatever its tokens.
};

struct Structure {
  std::vector<library::NewSection> sections;
  std::vector<library::NewUnit> units;  // chunk and position are not set yet.
};

Structure structure_of(const doc::Parsed& parsed, const text::WordPiece& wordpiece, const UnitLimits& limits);

}  // namespace docmind::ingest
