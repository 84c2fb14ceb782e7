#include "parse/html.h"

#include <gmock/gmock.h>

#include "parse/testing/outline.h"

namespace docmind::parse {
namespace {

using testing::ElementsAre;

doc::Parsed parsed(std::string_view html) { return checked(parse_html(html, 1U << 20U)); }
std::vector<std::string> lines(std::string_view html) { return outline(parsed(html)); }

TEST(Html, HeadingsParagraphsAndInlineMarks) {
  const doc::Parsed page = parsed(
      "<!DOCTYPE html><html><head><title> My &amp; page </title></head><body><h1>One<a class=headerlink "
      "href=#x>¶</a></h1>"
      "<p>Some <b>bo</b>ld&nbsp;text\n and &eacute;.<br>Next line.<h3>Three</h3>Loose "
      "text<div>Block</div></body></html>");
  EXPECT_EQ(page.title, "My & page");
  EXPECT_EQ(page.type, "html");
  EXPECT_THAT(outline(page),
              ElementsAre("H1 One", "P Some bold text and é.\nNext line.", "H3 Three", "P Loose text", "P Block"));
  EXPECT_EQ(page.text, "One\n\nSome bold text and é.\nNext line.\n\nThree\n\nLoose text\n\nBlock");
}

TEST(Html, ListsKeepNumbersAndNesting) {
  const doc::Parsed page = parsed(
      "<p>Do:</p><ol start=3><li>three<li "
      "value=7>seven<ul><li>inner<p>more</ul><li>eight</ol><dl><dt>Term<dd>Meaning</dl>");
  EXPECT_THAT(outline(page), ElementsAre("P Do:", "L1 3. three", "L1 7. seven", "L2 inner", "P more", "L1 8. eight",
                                         "L1 Term", "P Meaning"));
  EXPECT_EQ(page.text.substr(0, 34), "Do:\n\n3. three\n7. seven\ninner\n\nmore");
}

TEST(Html, TablesRowByRowWithTheirHeader) {
  const doc::Parsed page = parsed(
      "<table><caption>Sizes</caption><thead><tr><th>Name<th>Size</tr></thead><tr><td>a<td><p>1</p><p>MiB</p></tr>"
      "<tr><td><td></tr><tr><td>b<td><ul><li>2<li>3</ul></tr></table>");
  EXPECT_THAT(outline(page), ElementsAre("P Sizes", "T Name | Size", "T^1 a | 1 MiB", "T^1 b | 2 3"));
  EXPECT_NE(page.text.find("Name | Size\na | 1 MiB\nb | 2 3"), std::string::npos);
}

TEST(Html, CellsThatCoverOthersKeepTheColumns) {
  EXPECT_THAT(
      lines("<table><tr><th>Goods<th>Owner<th>Price</tr><tr><td>Oil<td rowspan=2>Office<td>5</tr>"
            "<tr><td>Wicks<td>7</tr><tr><td colspan=2>Total<td>12</tr></table>"),
      ElementsAre("T Goods | Owner | Price", "T^0 Oil | Office | 5", "T^0 Wicks | Office | 7", "T^0 Total | | 12"));
  EXPECT_THAT(lines("<table><tr><td rowspan=2 colspan=2>a<td>b</tr><tr><td>c</tr><tr><td>d<td>e<td>f</tr></table>"),
              ElementsAre("T a | | b", "T a | | c", "T d | e | f"));
  // Covers that are no numbers, nothing, or enormous.
  EXPECT_THAT(lines("<table><tr><td colspan=x rowspan=-1>a<td colspan=0>b</tr><tr><td>c<td>d</tr></table>"),
              ElementsAre("T a | b", "T c | d"));
  const std::string wide = "<table><tr><td colspan=4000000000 rowspan=4000000000>" + std::string(300, 'a') +
                           "<td>b</tr><tr><td>c</tr></table>";
  EXPECT_LT(parsed(wide).text.size(), 1000U);
}

TEST(Html, LayoutTablesAreNoTables) {
  EXPECT_THAT(lines("<table><tr><td><h2>Left</h2><p>text</td><td><pre>code\n  x</pre></td></tr></table>"),
              ElementsAre("H2 Left", "P text", "C code\n  x"));
  EXPECT_THAT(lines("<table><tr><td>only</td></tr><tr><td>column</td></tr></table>"),
              ElementsAre("P only", "P column"));
}

TEST(Html, CodeKeepsItsLines) {
  EXPECT_THAT(lines("<p>Run<pre>\n$ a  \n\n  $ b &lt;x&gt;</pre><p>then <code>c</code>."),
              ElementsAre("P Run", "C $ a\n\n  $ b <x>", "P then c."));
}

TEST(Html, InvisibleIsNotText) {
  EXPECT_THAT(
      lines("<body><script>var x='no';</script><style>p{}</style><noscript>no</noscript><template><p>no</template>"
            "<p hidden>no<p style='display: none'>no<p aria-hidden=true>no<!-- no --><select><option>no</select>"
            "<svg><text>no</text><title>no</title></svg><p>yes"),
      ElementsAre("P yes"));
}

TEST(Html, LeavesNavigationOut) {
  EXPECT_THAT(lines("<body><header><h1>Site</h1></header><nav>Home</nav><div class='x sidebar'>Links</div><div "
                    "role=navigation>n</div>"
                    "<p>The text.<aside>Ad</aside><div id=footer>Imprint</div><footer>(c)</footer>"),
              ElementsAre("P The text."));
  EXPECT_THAT(
      lines("<body><p>Teaser</p><main><header><h1>Title</h1></header><p>The long text of the page.</main><p>More"),
      ElementsAre("H1 Title", "P The long text of the page."));
  EXPECT_THAT(lines("<body>x<article><p>An article and its <aside>note</aside></article>"),
              ElementsAre("P An article and its", "P note"));
}

TEST(Html, FallsBackWhenEverythingLooksLikeNavigation) {
  EXPECT_THAT(lines("<body><nav><a>One</a></nav>"), ElementsAre("P One"));
  EXPECT_THAT(lines("<body><main></main><p>Outside of an empty main."), ElementsAre("P Outside of an empty main."));
}

TEST(Html, ContentsAreNoSource) {
  EXPECT_THAT(lines("<div class=toc><p>Contents</p><ul><li>1. A</ul></div><p>A"),
              ElementsAre("P~ Contents", "L1~ 1. A", "P A"));
}

TEST(Html, CharsetFromMeta) {
  EXPECT_THAT(lines("<meta charset=\"gb2312\"><p>\xd6\xd0\xce\xc4"), ElementsAre("P 中文"));
  EXPECT_THAT(lines("<meta http-equiv=Content-Type content='text/html; charset=iso-8859-1'><p>caf\xe9"),
              ElementsAre("P café"));
}

TEST(Html, JoinsChineseLines) {
  EXPECT_THAT(lines("<p>中文的\n  段落 dpkg\n 命令"), ElementsAre("P 中文的段落 dpkg 命令"));
}

TEST(Html, DeepNestingCostsNoStack) {
  std::string deep;
  for (int i = 0; i < 8'000; ++i) deep += "<div>";
  EXPECT_THAT(lines(deep + "bottom"), ElementsAre("P bottom"));
}

TEST(Html, HostileInput) {
  for (const std::string_view html :
       {"<", "<table><tr><td><table><li></table></h1></li>", "<pre><h1><td></pre>x", "</p></ul></li>y",
        "<ol><li><table><tr><th>a<tr><td>b<td>c</ol>", "<!DOCTYPE><title>", "&#0;&#xd800;&bogus;z"}) {
    const Result<doc::Parsed> result = parse_html(html, 1U << 20U);
    if (result) {
      EXPECT_TRUE(doc::valid(*result)) << html;
    }
  }
  EXPECT_EQ(parse_html("<p> </p>", 100).error().code, Code::kInvalidArgument);
}

TEST(Html, CapsTheText) {
  const Result<doc::Parsed> result = parse_html("<p>" + std::string(3U << 20U, 'a'), 1U << 20U);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kResourceExhausted);
  EXPECT_EQ(result.error().message, "the document has more than 1 MiB of text");
  EXPECT_NE(result.error().hint.find("parse.max_text_mb"), std::string::npos);
}

TEST(ExpandEmptyElements, ClosesWhatXhtmlClosed) {
  EXPECT_EQ(expand_empty_elements("<a id='x'/><br/><title/>t<!-- <b/> --><p a=\"/>\">q</p>"),
            "<a id='x'></a><br/><title></title>t<!-- <b/> --><p a=\"/>\">q</p>");
  EXPECT_EQ(expand_empty_elements("<a"), "<a");
}

TEST(DecodeEntity, KnownAndUnknown) {
  EXPECT_EQ(decode_entity("&eacute;"), "é");
  EXPECT_EQ(decode_entity("&#x4e2d;"), "中");
  EXPECT_EQ(decode_entity("&bogus;"), "&bogus;");
}

}  // namespace
}  // namespace docmind::parse
