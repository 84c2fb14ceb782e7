#include "parse/docx.h"

#include <gmock/gmock.h>

#include "parse/docx_styles.h"
#include "parse/testing/outline.h"
#include "parse/testing/zip_bytes.h"

namespace docmind::parse {
namespace {

using testing::ElementsAre;

constexpr std::string_view kW = "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"";

std::string part(std::string_view root, std::string_view body) {
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?><w:" + std::string(root) + " " + std::string(kW) + ">" +
         std::string(body) + "</w:" + std::string(root) + ">";
}

const char* const kStyles =
    "<w:style w:type='paragraph' w:styleId='berschrift1'><w:name w:val='heading 1'/></w:style>"
    "<w:style w:type='paragraph' w:styleId='H2'><w:name w:val='heading 2'/><w:pPr><w:numPr><w:ilvl w:val='1'/><w:numId "
    "w:val='2'/></w:numPr>"
    "</w:pPr></w:style>"
    "<w:style w:type='paragraph' w:styleId='Mine'><w:name w:val='Mine'/><w:basedOn w:val='H2'/></w:style>"
    "<w:style w:type='paragraph' w:styleId='Loop'><w:name w:val='Loop'/><w:basedOn w:val='Loop'/></w:style>"
    "<w:style w:type='paragraph' w:styleId='TOC1'><w:name w:val='toc 1'/></w:style>"
    "<w:style w:type='paragraph' w:styleId='Code'><w:name w:val='Source Code'/></w:style>"
    "<w:style w:type='paragraph' w:styleId='Title'><w:name w:val='Title'/></w:style>";

const char* const kNumbering =
    "<w:abstractNum w:abstractNumId='7'><w:lvl w:ilvl='0'><w:start w:val='1'/><w:numFmt w:val='decimal'/><w:lvlText "
    "w:val='%1.'/></w:lvl>"
    "<w:lvl w:ilvl='1'><w:start w:val='1'/><w:numFmt w:val='lowerLetter'/><w:lvlText "
    "w:val='%1.%2)'/></w:lvl></w:abstractNum>"
    "<w:abstractNum w:abstractNumId='8'><w:lvl w:ilvl='0'><w:numFmt w:val='bullet'/><w:lvlText "
    "w:val='&#xf0b7;'/></w:lvl></w:abstractNum>"
    "<w:num w:numId='2'><w:abstractNumId w:val='7'/></w:num><w:num w:numId='3'><w:abstractNumId w:val='8'/></w:num>"
    "<w:num w:numId='4'><w:abstractNumId w:val='7'/><w:lvlOverride w:ilvl='0'><w:startOverride "
    "w:val='5'/></w:lvlOverride></w:num>";

std::string p(std::string_view runs, std::string_view properties = "") {
  return "<w:p><w:pPr>" + std::string(properties) + "</w:pPr>" + std::string(runs) + "</w:p>";
}
std::string t(std::string_view text) { return "<w:r><w:t xml:space='preserve'>" + std::string(text) + "</w:t></w:r>"; }
std::string style(std::string_view id) { return "<w:pStyle w:val='" + std::string(id) + "'/>"; }
std::string item(int level, int numbering) {
  return "<w:numPr><w:ilvl w:val='" + std::to_string(level) + "'/><w:numId w:val='" + std::to_string(numbering) +
         "'/></w:numPr>";
}

Result<doc::Parsed> parsed(std::string_view body, const ZipEntries& more = {}, std::uint64_t max_text = 1U << 20U) {
  ZipEntries entries = {{"[Content_Types].xml", "<Types/>"},
                        {"word/document.xml", part("document", "<w:body>" + std::string(body) + "</w:body>")},
                        {"word/styles.xml", part("styles", kStyles)},
                        {"word/numbering.xml", part("numbering", kNumbering)}};
  entries.insert(entries.end(), more.begin(), more.end());
  const std::string bytes = zip_bytes(entries);
  auto archive = Archive::open(bytes, {});
  if (!archive) return archive.error();
  return parse_docx(**archive, max_text);
}

std::vector<std::string> lines(std::string_view body, const ZipEntries& more = {}) {
  const Result<doc::Parsed> result = parsed(body, more);
  if (!result) return {result.error().message};
  const Result<> ok = doc::valid(*result);
  EXPECT_TRUE(ok) << ok.error().message;
  return outline(*result);
}

TEST(Docx, ParagraphsAndRuns) {
  EXPECT_THAT(lines(p(t("One ") +
                      "<w:r><w:rPr><w:b/></w:rPr><w:t>two</w:t><w:tab/><w:t>three</w:t><w:br/><w:t>next</w:t></w:r>") +
                    p("") +
                    p("<w:hyperlink>" + t("link") + "</w:hyperlink><w:ins>" + t(" new") +
                      "</w:ins><w:r><w:noBreakHyphen/></w:r>")),
              ElementsAre("P One two three\nnext", "P link new-"));
}

TEST(Docx, HiddenAndDeletedIsNotText) {
  EXPECT_THAT(
      lines(p("<w:del><w:r><w:delText>gone</w:delText><w:t>gone</w:t></w:r></w:del><w:r><w:rPr><w:vanish/></"
              "w:rPr><w:t>no</w:t></w:r>"
              "<w:r><w:rPr><w:vanish w:val='0'/></w:rPr><w:t>yes</w:t></w:r><w:r><w:instrText>PAGE</w:instrText></w:r>"
              "<w:moveFrom>" +
              t("moved") + "</w:moveFrom>")),
      ElementsAre("P yes"));
}

TEST(Docx, HeadingsByStyleOutlineAndInheritance) {
  EXPECT_THAT(
      lines(p(t("The title"), style("Title")) + p(t("First"), style("berschrift1")) + p(t("Second"), style("H2")) +
            p(t("Third"), style("Mine")) + p(t("Direct"), "<w:outlineLvl w:val='2'/>") + p(t("Plain"), style("Loop")) +
            p(t("Unknown"), style("Nowhere"))),
      ElementsAre("H1 The title", "H1 First", "H2 1.a) Second", "H2 1.b) Third", "H3 Direct", "P Plain", "P Unknown"));
}

TEST(Docx, ListsWithTheNumbersThatWordPrints) {
  const Result<doc::Parsed> result = parsed(p(t("a"), item(0, 2)) + p(t("b"), item(1, 2)) + p(t("c"), item(1, 2)) +
                                            p(t("d"), item(0, 2)) + p(t("e"), item(1, 2)) + p(t("bullet"), item(0, 3)) +
                                            p(t("Text")) + p(t("f"), item(0, 4)) + p(t("g"), item(0, 4)));
  ASSERT_TRUE(result);
  EXPECT_THAT(outline(*result), ElementsAre("L1 1. a", "L2 1.a) b", "L2 1.b) c", "L1 2. d", "L2 2.a) e", "L1 bullet",
                                            "P Text", "L1 5. f", "L1 6. g"));
  EXPECT_EQ(result->text.substr(0, 14), "1. a\n1.a) b\n1.");
}

TEST(Docx, TablesRowByRow) {
  const auto row = [](std::string_view a, std::string_view b, std::string_view properties = "") {
    return "<w:tr><w:trPr>" + std::string(properties) + "</w:trPr><w:tc>" + p(t(a)) + "</w:tc><w:tc>" + p(t(b)) +
           p(t("more")) + "</w:tc></w:tr>";
  };
  EXPECT_THAT(lines("<w:tbl><w:tblPr><w:tblLook w:firstRow='1'/></w:tblPr>" + row("A", "B") + row("1", "2") +
                    row("3", "4") + "</w:tbl>"),
              ElementsAre("T A | B more", "T^0 1 | 2 more", "T^0 3 | 4 more"));
  EXPECT_THAT(lines("<w:tbl>" + row("A", "B", "<w:tblHeader/>") + row("1", "2") + "</w:tbl>" + p(t("end"))),
              ElementsAre("T A | B more", "T^0 1 | 2 more", "P end"));
  EXPECT_THAT(lines("<w:tbl>" + row("A", "B") + "<w:tr><w:tc><w:tcPr><w:gridSpan w:val='2'/></w:tcPr>" + p(t("both")) +
                    "</w:tc><w:tc>" + p(t("c")) + "</w:tc></w:tr></w:tbl>"),
              ElementsAre("T A | B more", "T both | | c"));
  EXPECT_THAT(
      lines("<w:tbl><w:tr><w:tc>" + p(t("A box"), style("berschrift1")) + p(t("with text")) + "</w:tc></w:tr></w:tbl>"),
      ElementsAre("H1 A box", "P with text"));
  EXPECT_THAT(lines("<w:tbl><w:tr><w:tc><w:tbl>" + row("in", "ner") + "</w:tbl></w:tc><w:tc>" + p(t("x")) +
                    "</w:tc></w:tr></w:tbl>"),
              ElementsAre("T in ner more | x"));
}

TEST(Docx, FootnotesFollowTheirParagraph) {
  const ZipEntries notes = {
      {"word/footnotes.xml",
       part("footnotes", "<w:footnote w:type='separator' w:id='0'>" + p(t("---")) +
                             "</w:footnote>"
                             "<w:footnote w:id='2'>" +
                             p("<w:r><w:footnoteRef/></w:r>" + t("See RFC 2119.")) + "</w:footnote>")}};
  EXPECT_THAT(lines(p(t("Text") + "<w:r><w:footnoteReference w:id='2'/></w:r>" + t(" goes on.") +
                      "<w:r><w:footnoteReference w:id='9'/></w:r>") +
                        p(t("Next")),
                    notes),
              ElementsAre("P Text[1] goes on.", "P [1] See RFC 2119.", "P Next"));
}

TEST(Docx, TextBoxesOnce) {
  const std::string box =
      "<w:drawing><wps:txbx><w:txbxContent>" + p(t("In the box")) + "</w:txbxContent></wps:txbx></w:drawing>";
  EXPECT_THAT(
      lines(p(t("Before") + "<w:r><mc:AlternateContent><mc:Choice>" + box + "</mc:Choice><mc:Fallback><w:pict>" + box +
              "</w:pict></mc:Fallback></mc:AlternateContent></w:r>")),
      ElementsAre("P Before", "P In the box"));
}

TEST(Docx, ContentsAndCode) {
  EXPECT_THAT(
      lines(p(t("1 Start"), style("TOC1")) + p(t("if x:"), style("Code")) + p(t("  y()"), style("Code")) + p(t("End"))),
      ElementsAre("P~ 1 Start", "C if x:\n  y()", "P End"));
  EXPECT_THAT(lines("<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val='Table of "
                    "Contents'/></w:docPartObj></w:sdtPr><w:sdtContent>" +
                    p(t("toc")) + "</w:sdtContent></w:sdt>" + p(t("x"))),
              ElementsAre("P~ toc", "P x"));
  EXPECT_THAT(lines(p(t("last"), style("Code"))), ElementsAre("C last"));
}

TEST(Docx, MainPartAndTitleByRelationship) {
  const std::string bytes = zip_bytes(
      {{"_rels/.rels",
        "<Relationships><Relationship Type='http://x/officeDocument' Target='/doc/main.xml'/>"
        "<Relationship Type='http://x/metadata/core-properties' Target='core.xml'/></Relationships>"},
       {"doc/main.xml", part("document", "<w:body>" + p(t("中文内容")) + "</w:body>")},
       {"core.xml", "<cp:coreProperties xmlns:cp='c' xmlns:dc='d'><dc:title>我的文件</dc:title></cp:coreProperties>"}});
  const auto archive = Archive::open(bytes, {});
  const Result<doc::Parsed> result = parse_docx(**archive, 1U << 20U);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->title, "我的文件");
  EXPECT_EQ(result->text, "中文内容");
}

TEST(Docx, ExternalRelationshipsAreNotFollowed) {
  EXPECT_THAT(
      lines(p(t("x")),
            {{"word/_rels/document.xml.rels",
              "<Relationships><Relationship Type='http://x/styles' TargetMode='External' Target='file:///etc/passwd'/>"
              "<Relationship Type='http://x/footnotes' Target='../../../etc/passwd'/></Relationships>"}}),
      ElementsAre("P x"));
}

TEST(Docx, HostileParts) {
  EXPECT_EQ(lines("<w:p>").at(0).substr(0, 34), "part word/document.xml is broken: ");
  EXPECT_THAT(lines(p(t("x &amp; &bomb;"))), ElementsAre("P x & &bomb;"));  // No entity is defined by a document.
  std::string deep;
  for (int i = 0; i < 50'000; ++i) deep += "<w:sdt><w:sdtContent>";
  std::string open = deep + p(t("bottom"));
  for (int i = 0; i < 50'000; ++i) open += "</w:sdtContent></w:sdt>";
  const Result<doc::Parsed> result = parsed(p(t("top")) + open);
  ASSERT_TRUE(result);
  EXPECT_THAT(outline(*result), ElementsAre("P top"));
  EXPECT_THAT(result->warnings, ElementsAre("Text nested more than 100 deep was left out."));
  EXPECT_EQ(parsed("").error().code, Code::kInvalidArgument);
  EXPECT_EQ(parsed(p(t(std::string(2'000, 'x'))), {}, 1'000).error().code, Code::kResourceExhausted);
}

TEST(FormattedNumber, Formats) {
  EXPECT_EQ(formatted_number(4, "lowerRoman"), "iv");
  EXPECT_EQ(formatted_number(1999, "upperRoman"), "MCMXCIX");
  EXPECT_EQ(formatted_number(28, "lowerLetter"), "bb");
  EXPECT_EQ(formatted_number(3, "decimalZero"), "03");
  EXPECT_EQ(formatted_number(10, "chineseCounting"), "十");
  EXPECT_EQ(formatted_number(23, "chineseCountingThousand"), "二十三");
  EXPECT_EQ(formatted_number(7, "bullet"), "");
  EXPECT_EQ(formatted_number(7, "no such"), "7");
  EXPECT_EQ(formatted_number(-1, "lowerRoman"), "-1");
}

}  // namespace
}  // namespace docmind::parse
