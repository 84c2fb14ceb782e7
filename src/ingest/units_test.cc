#include "ingest/units.h"

#include <gmock/gmock.h>

#include <random>

#include "base/utf8.h"
#include "doc/testing/fake_parser.h"
#include "ingest/testing/vocabulary.h"

namespace docmind::ingest {
namespace {

using library::kNone;
using library::NewUnit;
using library::UnitKind;
using ::testing::ElementsAre;

class Units : public ::testing::Test {
 protected:
  Structure build(std::string_view document, UnitLimits limits = {}) {
    parsed_ = doc::FakeParser::parsed_of(document);
    const Result<> valid = doc::valid(parsed_);
    EXPECT_TRUE(valid) << (valid ? "" : valid.error().message) << document;
    return structure_of(parsed_, *wordpiece_, limits);
  }
  std::string text(const NewUnit& unit) const { return parsed_.text.substr(unit.span.start, unit.span.size()); }
  std::vector<std::string> texts(const Structure& structure) const {
    std::vector<std::string> out;
    for (const NewUnit& unit : structure.units) out.push_back(text(unit));
    return out;
  }

  std::unique_ptr<text::WordPiece> wordpiece_ = shipped_wordpiece(DOCMIND_SOURCE_DIR);
  doc::Parsed parsed_;
};

TEST_F(Units, SentencesItemsCodeAndRows) {
  const Structure structure = build(
      "# 1 First\n"
      "A first sentence stands here. A second one follows it.\n\n"
      "- an item of the list\n- another item. It has two sentences.\n\n"
      "    dpkg --install package.deb\n    \n    apt-get update\n\n"
      "| Name of the field | Meaning of it\n| Uploaders | Names of the people\n");
  EXPECT_THAT(texts(structure),
              ElementsAre("1 First", "A first sentence stands here.", "A second one follows it.", "an item of the list",
                          "another item.", "It has two sentences.", "dpkg --install package.deb", "apt-get update",
                          "Name of the field | Meaning of it", "Uploaders | Names of the people"));
  std::vector<UnitKind> kinds;
  for (const NewUnit& unit : structure.units) kinds.push_back(unit.kind);
  EXPECT_THAT(kinds, ElementsAre(UnitKind::kHeading, UnitKind::kSentence, UnitKind::kSentence, UnitKind::kListItem,
                                 UnitKind::kListItem, UnitKind::kListItem, UnitKind::kCode, UnitKind::kCode,
                                 UnitKind::kTableRow, UnitKind::kTableRow));
  EXPECT_EQ(structure.units[9].lead_in, 8U);  // The header row.
  EXPECT_FALSE(structure.units[0].source);
  EXPECT_TRUE(structure.units[1].source);
  EXPECT_FALSE(structure.units[4].source);  // "another item." has 13 characters.
}

TEST_F(Units, SectionsAndPaths) {
  const Structure structure = build("Before.\n\n# One\n\ntext\n\n## Two\n\n### Three\n\nmore\n\n## Four\n\n# Five\n");
  std::vector<std::string> paths;
  for (const auto& section : structure.sections) paths.push_back(section.path);
  EXPECT_THAT(paths, ElementsAre("One", "One > Two", "One > Two > Three", "One > Four", "Five"));
  EXPECT_EQ(structure.sections[2].parent, 1U);
  EXPECT_EQ(structure.sections[3].parent, 0U);
  EXPECT_EQ(structure.sections[4].parent, kNone);
  EXPECT_EQ(structure.units[0].section, kNone);
  EXPECT_EQ(structure.units[1].section, 0U);
  EXPECT_EQ(structure.units[1].ordinal, 0U);
  EXPECT_EQ(structure.units[2].ordinal, 1U);
}

TEST_F(Units, RememberTheirLeadIn) {
  const Structure structure = build(
      "These are the parts of it:\n\n- main with all that is free\n- contrib has these:\n\n    some code of the "
      "list\n\n"
      "- non-free is the rest\n\nAnd a paragraph after the list.\n\n- an item of no sentence\n");
  EXPECT_EQ(structure.units[0].lead_in, kNone);
  EXPECT_EQ(structure.units[1].lead_in, 0U);
  EXPECT_EQ(structure.units[2].lead_in, 0U);
  EXPECT_EQ(structure.units[3].lead_in, 2U);  // The code below the item.
  EXPECT_EQ(structure.units[4].lead_in, 0U);
  EXPECT_EQ(structure.units[5].lead_in, kNone);
  EXPECT_EQ(structure.units[6].lead_in, kNone);
}

TEST_F(Units, MergeWhatWasCutInMidSentence) {
  EXPECT_THAT(texts(build("A line that was cut\n\nby a change of font. Next.\n\nThird one")),
              ElementsAre("A line that was cut\n\nby a change of font.", "Next.", "Third one"));
  EXPECT_EQ(texts(build("It ends here.\n\nnot merged")).size(), 2U);
  EXPECT_EQ(texts(build("On this page\f\non the next")).size(), 2U);  // Never across a page.
}

TEST_F(Units, NoSourceNoClaim) {
  doc::Parsed parsed = doc::FakeParser::parsed_of("Chapter one and what it is about . . . . 17");
  parsed.blocks[0].source = false;
  EXPECT_FALSE(structure_of(parsed, *wordpiece_, {}).units.at(0).source);
}

TEST_F(Units, BulletsAreNoWords) {
  EXPECT_THAT(texts(build("- • an item with a mark\n- 2. an item with a number\n")),
              ElementsAre("an item with a mark", "2. an item with a number"));
}

TEST_F(Units, ChineseSentencesAreClaims) {
  const Structure structure = build("# 标题\n\n这是文档的第一句。第二句在这里！");
  EXPECT_THAT(texts(structure), ElementsAre("标题", "这是文档的第一句。", "第二句在这里！"));
  EXPECT_TRUE(structure.units[1].source);
}

TEST_F(Units, NoneNeedsMoreThanAChunk) {
  const UnitLimits limits;
  std::string words;
  for (int i = 0; i < 4000; ++i) words += "word" + std::to_string(i) + " ";
  for (const std::string& document : {words, std::string(1U << 20U, 'a'), "x" + std::string(100000, '#'),
                                      std::string("文").append(std::string(30000, '!'))}) {
    const Structure structure = build(document);
    std::string together;
    for (const NewUnit& unit : structure.units) {
      EXPECT_LE(wordpiece_->count(text(unit)), limits.tokens);
      EXPECT_LE(unit.span.size(), limits.bytes);
      EXPECT_TRUE(is_char_border(parsed_.text, unit.span.start) && is_char_border(parsed_.text, unit.span.end));
      together += text(unit);
    }
    std::string whole = parsed_.text;
    std::erase(whole, ' ');
    std::erase(together, ' ');
    EXPECT_EQ(together, whole);
  }
}

TEST_F(Units, GiantHeadingsAreCut) {
  std::string title = "# ";
  for (int i = 0; i < 3000; ++i) title += "word ";
  const Structure structure = build(title + "\n\nAnd its text.");
  EXPECT_LE(wordpiece_->count(structure.sections.at(0).path), UnitLimits().path_tokens);
  EXPECT_EQ(texts(structure).back(), "And its text.");
}

TEST_F(Units, NothingInNothing) { EXPECT_TRUE(build("").units.empty()); }

TEST_F(Units, AreInOrderOnRandomText) {
  const std::string alphabet[] = {"word ", "Word. ", "\n",   "\n\n", "# ", "- ", "    ",
                                  "| ",    "\f\n",   "文。", ": ",   "é",  "("};
  std::minstd_rand random(17);
  for (int round = 0; round < 400; ++round) {
    std::string document;
    for (unsigned i = 0; i < random() % 80; ++i) document += alphabet[random() % std::size(alphabet)];
    const Structure structure = build(document);
    std::uint64_t before = 0;
    for (const NewUnit& unit : structure.units) {
      ASSERT_GE(unit.span.start, before);
      ASSERT_LT(unit.span.start, unit.span.end);
      before = unit.span.end;
      ASSERT_TRUE(unit.section == kNone || unit.section < structure.sections.size());
      ASSERT_EQ(doc::page_at(parsed_.pages, unit.span.start), doc::page_at(parsed_.pages, unit.span.end - 1));
    }
    ASSERT_LE(before, parsed_.text.size());
  }
}

}  // namespace
}  // namespace docmind::ingest
