// Numbered headings ("4.2.1 Title", "A.3 Title") in a sequence of lines, for formats that mark none (PDF, plain text).
//
// Candidates are lines that look like one; the longest increasing subsequence of their numbers is kept, where a chapter
// is at most 3 after the one before and lettered appendices follow the digits. That removes version numbers, list items
// and running heads without any tuning. Pure functions; O(n log n).
#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace docmind::parse {

struct TextLine {
  std::string_view text;     // One line, without its line end; may be empty.
  bool after_blank = false;  // A blank line, a page border or the start stands before it.
};

struct NumberedHeading {
  std::size_t line = 0;    // Index of its first line.
  std::size_t lines = 1;   // Lines it spans: 1 to 4 (a bare number and a title of up to 3 lines).
  std::uint8_t level = 1;  // 1 to 6: how many parts the number has.
};

// In order of the lines. A single lonely number is no evidence: then the result is empty.
std::vector<NumberedHeading> numbered_headings(std::span<const TextLine> lines);

// The parts of a section number at the start of `text`: {4,2,1} for "4.2.1 Title" and "4.2.1. Title"; letters count
// from kLetterBase + 1 ("B.2" is {kLetterBase + 2, 2}). Empty when there is none. `length`: bytes up to the title.
inline constexpr std::uint32_t kLetterBase = 1'000'000;
std::vector<std::uint32_t> section_number(std::string_view text, std::size_t& length);

}  // namespace docmind::parse
