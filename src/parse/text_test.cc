#include "parse/text.h"

#include <gmock/gmock.h>

#include "parse/testing/outline.h"
#include "parse/text_lines.h"

namespace docmind::parse {
namespace {

using testing::ElementsAre;

doc::Parsed parsed(std::string_view text) { return checked(parse_text(text, 1U << 20U)); }
std::vector<std::string> lines(std::string_view text) { return outline(parsed(text)); }

constexpr std::string_view kWrapped =
    "This manual describes the policy requirements for the Debian\n"
    "distribution. This includes the structure and contents of the inter-\n"
    "operability.\n";

TEST(Text, JoinsWrappedLinesAndKeepsShortOnes) {
  EXPECT_THAT(lines(kWrapped),
              ElementsAre("P This manual describes the policy requirements for the Debian distribution. This "
                          "includes the structure and contents of the inter-operability."));
  EXPECT_THAT(lines(std::string(kWrapped) + "\nJane Doe\n12 High Street\nLondon\n"),
              testing::Contains("P Jane Doe\n12 High Street\nLondon"));
}

TEST(Text, LineEnds) {
  EXPECT_THAT(lines("\xef\xbb\xbf"
                    "a\r\n\r\nb\r\rc\fd"),
              ElementsAre("P a", "P b", "P c", "P d"));
  EXPECT_THAT(lines(std::string(2'000, 'a') + std::string("\0", 1) + "b"),
              ElementsAre("P " + std::string(2'000, 'a') + "b"));
}

TEST(Text, UnderlinedHeadings) {
  EXPECT_THAT(
      lines("Manual\n******\n\n1. Scope\n========\n\nText.\n\n1.1. More\n---------\n\nText\n\n2. Next\n=======\n"),
      ElementsAre("H1 Manual", "H2 1. Scope", "P Text.", "H3 1.1. More", "P Text", "H2 2. Next"));
  EXPECT_THAT(lines("=====\nTitle\n=====\n\nPart\n====\n\nx\n"), ElementsAre("H1 Title", "H2 Part", "P x"));
}

TEST(Text, NumberedHeadings) {
  EXPECT_THAT(lines("Chapter 1. Start\n\n1.1. First thing\n\nText one.\n\n1.2. Second\xc2\xa0thing\n\nText two.\n\n2. "
                    "Later\n\nMore.\n"),
              ElementsAre("H1 Chapter 1. Start", "H2 1.1. First thing", "P Text one.", "H2 1.2. Second thing",
                          "P Text two.", "H1 2. Later", "P More."));
}

TEST(Text, ContentsAreNoSourceAndNoHeadings) {
  const std::vector<std::string> got = lines(
      "Table of Contents\n\n1. Start\n  1.1. First\n  1.2. A longer\n  title\n2. End\n\n1. Start\n\nText.\n\n1.1. "
      "First\n\nText.\n\n"
      "1.2. A longer title\n\nText.\n\n2. End\n\nText.\n");
  EXPECT_THAT(got, ElementsAre("P Table of Contents", "L1~ 1. Start", "L2~ 1.1. First", "L2~ 1.2. A longer title",
                               "L1~ 2. End", "H1 1. Start", "P Text.", "H2 1.1. First", "P Text.",
                               "H2 1.2. A longer title", "P Text.", "H1 2. End", "P Text."));
}

TEST(Text, Lists) {
  const doc::Parsed page = parsed(
      "The aims are:\n\n* to allow us to make as much software available as we can possibly\n  think of\n\n* to "
      "encourage\n\n  - nested\n\n"
      "1) one\n2) two\n\nEnd of it.\n");
  EXPECT_THAT(
      outline(page),
      ElementsAre("P The aims are:", "L1 to allow us to make as much software available as we can possibly think of",
                  "L1 to encourage", "L2 nested", "L1 1) one", "L1 2) two", "P End of it."));
}

TEST(Text, CodeKeepsItsLayout) {
  EXPECT_THAT(lines("Run this:\n\n   $ tar -xf a.tar\n   $ cd a\n     ... wait\n\nDone.\n"),
              ElementsAre("P Run this:", "C $ tar -xf a.tar\n$ cd a\n  ... wait", "P Done."));
  EXPECT_THAT(lines("+---+\n| x |\n+---+\n"), ElementsAre("C +---+\n| x |\n+---+"));
}

TEST(Text, OneLinePerParagraph) {
  const std::string one(150, 'a');
  EXPECT_THAT(lines("Title\n" + one + "\n" + one + "\n"), ElementsAre("P Title", "P " + one, "P " + one));
}

TEST(Text, ChineseAndJapanese) {
  EXPECT_THAT(lines("　　软件包管理是系统的\n核心部分，使用 dpkg 命令。\n\n日本語の文章です。\n"),
              ElementsAre("P 软件包管理是系统的核心部分，使用 dpkg 命令。", "P 日本語の文章です。"));
}

TEST(Text, ChineseChaptersAndTitle) {
  const doc::Parsed page =
      parsed("守塔人值班规定\n\n第一章 总则\n\n内容。\n\n第2节　值班\n\n第三章的内容很长。\n还有一行。\n");
  EXPECT_EQ(page.title, "守塔人值班规定");
  EXPECT_THAT(outline(page), ElementsAre("P 守塔人值班规定", "H1 第一章 总则", "P 内容。", "H2 第2节 值班",
                                         "P 第三章的内容很长。还有一行。"));
  EXPECT_EQ(parsed("Not a title.\n\nMore\n").title, "");
}

TEST(Text, TerminalCodes) {
  EXPECT_EQ(plain_characters("N\bNA\bAM\bME\bE \x1b[1mbold\x1b[0m _\bé\xc2\xa0x"), "NAME bold é x");
  EXPECT_EQ(plain_characters("\b\b\x1b["), "");
  EXPECT_EQ(plain_characters("\x1b[12é"), "é");  // a cut sequence takes no part of a character with it
}

TEST(Text, Refusals) {
  EXPECT_EQ(parse_text(std::string(4'000, '\x01'), 100).error().code, Code::kInvalidArgument);
  EXPECT_EQ(parse_text(" \n\t\n", 100).error().message, "the document holds no text");
  const Result<doc::Parsed> large = parse_text(std::string(200U << 20U, 'x'), 64U << 20U);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().message, "the document has more than 64 MiB of text");
}

TEST(Lines, MarkersAndWidths) {
  const auto line = [](std::string_view text) { return lines_of(text).at(0); };
  EXPECT_EQ(line("  * x").marker, 2U);
  EXPECT_EQ(line("  * x").indent, 2U);
  EXPECT_EQ(line("\tx").indent, 8U);
  EXPECT_EQ(line("12. x").marker, 4U);
  EXPECT_TRUE(line("(iv) x").numbered);
  EXPECT_EQ(line("A. Smith").marker, 0U);
  EXPECT_EQ(line("1990. x").marker, 0U);
  EXPECT_EQ(line("-x").marker, 0U);
  EXPECT_EQ(line("中文").width, 4U);
}

}  // namespace
}  // namespace docmind::parse
