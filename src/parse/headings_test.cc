#include "parse/headings.h"

#include <gtest/gtest.h>

#include <string>

namespace docmind::parse {
namespace {

// Lines of a text; an empty line is a blank.
std::vector<NumberedHeading> headings_of(const std::string& text) {
  std::vector<TextLine> lines;
  bool blank = true;
  std::size_t at = 0;
  while (at <= text.size()) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = std::string_view(text).substr(at, end - at);
    if (!line.empty()) lines.push_back({line, blank});
    blank = line.empty();
    at = end + 1;
  }
  return numbered_headings(lines);
}

std::vector<std::size_t> lines_of(const std::vector<NumberedHeading>& headings) {
  std::vector<std::size_t> found;
  for (const NumberedHeading& heading : headings) found.push_back(heading.line);
  return found;
}

using Lines = std::vector<std::size_t>;

TEST(Headings, NumbersAndTheirLength) {
  std::size_t length = 0;
  EXPECT_EQ(section_number("4.2.1 Title", length), (std::vector<std::uint32_t>{4, 2, 1}));
  EXPECT_EQ(length, 6U);
  EXPECT_EQ(section_number("4.2. Title", length), (std::vector<std::uint32_t>{4, 2}));
  EXPECT_EQ(length, 5U);
  EXPECT_EQ(section_number("A.3 Title", length), (std::vector<std::uint32_t>{kLetterBase + 1, 3}));
  EXPECT_EQ(section_number("Appendix B: Title", length), (std::vector<std::uint32_t>{kLetterBase + 2}));
  EXPECT_EQ(section_number("Chapter 7", length), (std::vector<std::uint32_t>{7}));
  for (const char* no : {"", " ", "Title", "A list", "4.2.1beta", "2022 was a year", "01 of 2", "3.14159 is pi",
                         "4..2 x", "1.2.3.4.5.6.7 Title", "99999999999999999999.1 Title"}) {
    EXPECT_TRUE(section_number(no, length).empty()) << no;
  }
}

TEST(Headings, KeepsTheIncreasingOnesWithTheirLevels) {
  const auto found = headings_of(
      "1 Start\n\nText of it.\n\n1.1 First\n\nMore text.\n\n1.2 Second\n\n2 Next\n\n2.1 Deep\n\n2.1.1 Deeper");
  ASSERT_EQ(found.size(), 6U);
  EXPECT_EQ(found[0].level, 1);
  EXPECT_EQ(found[1].level, 2);
  EXPECT_EQ(found[5].level, 3);
}

// A greedy "larger than the last" rule would lose everything after the 8.3 of the first line.
TEST(Headings, VersionNumbersAndFarChaptersFallOut) {
  EXPECT_EQ(lines_of(headings_of("8.3 is old\n\n1 One\n\n1.1 Two\n\n9.4 Away\n\n1.2 Three\n\n2 Four")),
            (Lines{1, 2, 4, 5}));
  EXPECT_EQ(lines_of(headings_of("1 One\n\n2 Two\n\n40 Forty\n\n3 Three")), (Lines{0, 1, 3}));
}

TEST(Headings, OfContentsAndBodyTheBodyWins) {
  EXPECT_EQ(lines_of(headings_of("1 One\n\n2 Two\n\n3 Three\n\n1 One\n\ntext\n\n2 Two\n\n3 Three")), (Lines{3, 5, 6}));
}

TEST(Headings, LettersComeAfterDigits) {
  EXPECT_EQ(lines_of(headings_of("1 One\n\n2 Two\n\nAppendix A. Extra\n\nA.1 More\n\nB.1 Last")),
            (Lines{0, 1, 2, 3, 4}));
}

TEST(Headings, WrappedTitlesAndBareNumbers) {
  const auto wrapped =
      headings_of("1.1 A title that is\nlonger than one line\n\nText.\n\n1.2\n\nA title below\nits number\n\nText.");
  ASSERT_EQ(wrapped.size(), 2U);
  EXPECT_EQ(wrapped[0].lines, 2U);
  EXPECT_EQ(wrapped[1].line, 3U);
  EXPECT_EQ(wrapped[1].lines, 3U);
}

TEST(Headings, SentencesAndListsAreNone) {
  EXPECT_TRUE(headings_of("1. Peel the apples.\n\n2. Cut them,\n\n3. Cook:").empty());
  EXPECT_TRUE(headings_of("1. Peel\n2. Cut\n3. Cook").empty());
  EXPECT_TRUE(headings_of("3.2 Lonely").empty());
  EXPECT_TRUE(headings_of("").empty());
  EXPECT_TRUE(headings_of("1 " + std::string(300, 'x') + "\n\n2 " + std::string(300, 'x')).empty());
}

TEST(Headings, UnderlinesEndATitle) {
  const auto found = headings_of("1. One\n======\n\ntext\n\n1.1. Two\n--------");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].lines, 1U);
}

TEST(Headings, AHundredThousandLinesAreQuick) {
  std::string text;
  for (int i = 0; i < 100'000; ++i)
    text += std::to_string(i % 150 + 1) + "." + std::to_string(i % 97 + 1) + " Title\n\n";
  EXPECT_GT(headings_of(text).size(), 100U);
}

}  // namespace
}  // namespace docmind::parse
