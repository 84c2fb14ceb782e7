#include "parse/markdown.h"

#include <gmock/gmock.h>

#include "parse/testing/outline.h"

namespace docmind::parse {
namespace {

using testing::ElementsAre;

doc::Parsed parsed(std::string_view markdown) { return checked(parse_markdown(markdown, 1U << 20U)); }
std::vector<std::string> lines(std::string_view markdown) { return outline(parsed(markdown)); }

TEST(Markdown, Blocks) {
  const doc::Parsed page = parsed(
      "# Top *it*\n\nOne [link](http://x) and `code`\nsame paragraph.  \nHard break &copy; &eacute;.\n\n> "
      "Quoted\n\nUnder\n-----\n\n"
      "```sh\nrun  it\n\n  twice\n```\n\n---\nEnd\n");
  EXPECT_THAT(outline(page), ElementsAre("H1 Top it", "P One link and code same paragraph.\nHard break © é.",
                                         "P Quoted", "H2 Under", "C run  it\n\n  twice", "P End"));
  EXPECT_EQ(page.title, "Top it");
  EXPECT_EQ(page.type, "markdown");
}

TEST(Markdown, Lists) {
  const doc::Parsed page = parsed("- a\n- b\n  1. c\n  2. d\n\n     more\n- [x] done\n");
  EXPECT_THAT(outline(page), ElementsAre("L1 a", "L1 b", "L2 1. c", "L2 2. d", "P more", "L1 done"));
  EXPECT_EQ(page.text, "a\nb\n1. c\n2. d\n\nmore\n\ndone");
}

TEST(Markdown, Tables) {
  EXPECT_THAT(lines("| A | B |\n|---|---|\n| 1 | two `x` |\n| 3 | |\n"),
              ElementsAre("T A | B", "T^0 1 | two x", "T^0 3"));
}

TEST(Markdown, FrontMatterIsNoText) {
  const doc::Parsed yaml = parsed("---\ntitle: \"My notes\"\ntags: [a]\n---\nBody\n");
  EXPECT_EQ(yaml.title, "My notes");
  EXPECT_THAT(outline(yaml), ElementsAre("P Body"));
  EXPECT_EQ(parsed("+++\r\ntitle = 'T'\r\n+++\r\nBody\r\n").title, "T");
  EXPECT_THAT(lines("---\n\nBody after a rule\n"), ElementsAre("P Body after a rule"));
}

TEST(Markdown, RawHtml) {
  EXPECT_THAT(lines("<p align=center><img alt=x></p>\n\nText<br>next <b>bold</b><!-- c "
                    "-->\n\n<details>\n<summary>Sum</summary>\n\ninner\n\n"
                    "</details>\n\n<script>no()</script>\n"),
              ElementsAre("P Text\nnext bold", "P Sum", "P inner"));
}

TEST(Markdown, ImagesShowTheirText) { EXPECT_THAT(lines("See ![a picture](x.png)."), ElementsAre("P See a picture.")); }

TEST(Markdown, ChineseWithByteOrderMark) {
  EXPECT_THAT(lines("\xef\xbb\xbf# 安装\r\n\r\n运行\r\n命令 `dpkg`。\r\n"),
              ElementsAre("H1 安装", "P 运行命令 dpkg。"));
}

TEST(Markdown, Limits) {
  EXPECT_EQ(parse_markdown(std::string(2U << 20U, 'a'), 1U << 20U).error().code, Code::kResourceExhausted);
  EXPECT_EQ(parse_markdown(std::string(500, '\0'), 1U << 20U).error().code, Code::kInvalidArgument);
  EXPECT_EQ(parse_markdown("\n\n", 1U << 20U).error().message, "the document holds no text");
}

TEST(Markdown, HostileNesting) {
  std::string quotes;
  for (int i = 0; i < 5'000; ++i) quotes += "> ";
  EXPECT_THAT(lines(quotes + "x"), ElementsAre("P x"));
  std::string items;
  for (int i = 0; i < 300; ++i) items += std::string(static_cast<std::size_t>(i) * 2, ' ') + "- x\n";
  EXPECT_TRUE(parse_markdown(items, 1U << 20U));
}

}  // namespace
}  // namespace docmind::parse
