#include "ingest/chunker.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>
#include <set>

#include "base/utf8.h"
#include "doc/testing/fake_parser.h"
#include "ingest/testing/vocabulary.h"

namespace docmind::ingest {
namespace {

using library::kNone;
using library::NewChunk;

struct Cut {
  doc::Parsed parsed;
  Structure structure;
  std::vector<NewChunk> chunks;

  llm::EmbedInput input(std::uint32_t chunk) const { return input_of(parsed, structure.units, chunks[chunk], chunk); }
  std::set<ContentHash> keys() const {
    std::set<ContentHash> out;
    for (std::uint32_t i = 0; i < chunks.size(); ++i) out.insert(key_of(input(i), "model"));
    return out;
  }
};

// Sentences of pseudo-random words, different for each number.
std::string sentence(std::uint32_t number) {
  std::minstd_rand random(number * 2654435761U + 1);
  constexpr std::string_view kWords[] = {"package", "system", "file", "the",    "is",   "maintainer", "build",
                                         "source",  "every",  "must", "script", "name", "version",    "install"};
  std::string out = "S" + std::to_string(number);
  for (unsigned i = 0; i < 6 + random() % 20; ++i) {
    out += ' ';
    out += kWords[random() % std::size(kWords)];
  }
  return out + ".";
}

class Chunks : public ::testing::Test {
 protected:
  Cut cut(std::string_view document, ChunkLimits limits = {}) const {
    Cut out;
    out.parsed = doc::FakeParser::parsed_of(document);
    UnitLimits units;
    units.tokens = limits.tokens;
    units.path_tokens = limits.tokens / 5;
    out.structure = structure_of(out.parsed, *wordpiece_, units);
    out.chunks = cut_chunks(out.parsed, out.structure, *wordpiece_, limits);
    return out;
  }

  // What must hold for every document.
  void check(const Cut& cut, const ChunkLimits& limits = {}) const {
    std::vector<bool> covered(cut.structure.units.size(), false);
    for (std::uint32_t c = 0; c < cut.chunks.size(); ++c) {
      const NewChunk& chunk = cut.chunks[c];
      ASSERT_LT(chunk.first_unit, chunk.end_unit);
      ASSERT_EQ(chunk.span.start, cut.structure.units[chunk.first_unit].span.start);
      ASSERT_EQ(chunk.span.end, cut.structure.units[chunk.end_unit - 1].span.end);
      const llm::EmbedInput input = cut.input(c);
      ASSERT_LE(wordpiece_->count(input.text), limits.tokens);
      ASSERT_EQ(wordpiece_->count(input.text), chunk.tokens);
      std::uint32_t position = 0;
      for (std::uint32_t u = chunk.first_unit; u < chunk.end_unit; ++u) {
        covered[u] = true;
        const library::NewUnit& unit = cut.structure.units[u];
        ASSERT_EQ(unit.section, cut.structure.units[chunk.first_unit].section);
        if (unit.chunk != c) continue;
        ASSERT_EQ(unit.position, position);
        const doc::Span span = input.spans.at(position++);
        ASSERT_EQ(input.text.substr(span.start, span.size()),
                  cut.parsed.text.substr(unit.span.start, unit.span.size()));
      }
      ASSERT_EQ(position, input.spans.size());
    }
    for (std::size_t u = 0; u < covered.size(); ++u) {
      const library::NewUnit& unit = cut.structure.units[u];
      ASSERT_EQ(unit.chunk != kNone, unit.source) << u;
      ASSERT_TRUE(covered[u] || unit.kind == library::UnitKind::kHeading) << u;
    }
  }

  std::unique_ptr<text::WordPiece> wordpiece_ = shipped_wordpiece(DOCMIND_SOURCE_DIR);
};

TEST_F(Chunks, OnePerShortSectionWithItsPathInFront) {
  const Cut cut =
      this->cut("# 1 One\n\nThe first section has a text.\n\n## 1.1 Two\n\nThe second section has another.\n");
  check(cut);
  ASSERT_EQ(cut.chunks.size(), 2U);
  EXPECT_EQ(cut.input(0).text, "1 One\nThe first section has a text.");
  EXPECT_EQ(cut.input(1).text, "1 One > 1.1 Two\nThe second section has another.");
}

TEST_F(Chunks, HeadingsWithoutAnyTextAreNotLost) {
  const Cut cut =
      this->cut("# Part\n\n## Child of the part\n\nIts text is here today.\n\n# A lonely heading at the end\n");
  check(cut);
  ASSERT_EQ(cut.chunks.size(), 2U);
  EXPECT_EQ(cut.input(1).text, "A lonely heading at the end\nA lonely heading at the end");
  EXPECT_TRUE(cut.input(1).spans.empty());
}

TEST_F(Chunks, OverlapByAboutFiftyTokensOfWholeUnits) {
  std::string text;
  for (std::uint32_t i = 0; i < 300; ++i) text += sentence(i) + " ";
  const Cut cut = this->cut(text);
  check(cut);
  ASSERT_GT(cut.chunks.size(), 8U);
  for (std::size_t i = 1; i < cut.chunks.size(); ++i) {
    const doc::Span shared{cut.chunks[i].span.start, cut.chunks[i - 1].span.end};
    const std::uint32_t tokens =
        wordpiece_->count(std::string_view(cut.parsed.text).substr(shared.start, shared.size()));
    EXPECT_GE(tokens, 30U);
    EXPECT_LE(tokens, 100U);
  }
}

TEST_F(Chunks, AVectorComesFromWhereTheUnitIsFartherFromABorder) {
  std::string text;
  for (std::uint32_t i = 0; i < 120; ++i) text += sentence(i) + " ";
  const Cut cut = this->cut(text);
  ASSERT_GE(cut.chunks.size(), 2U);
  const NewChunk& first = cut.chunks[0];
  const NewChunk& second = cut.chunks[1];
  ASSERT_GE(first.end_unit - second.first_unit, 2U);
  EXPECT_EQ(cut.structure.units[second.first_unit].chunk, 0U);   // First of the second, well inside the first.
  EXPECT_EQ(cut.structure.units[first.end_unit - 1].chunk, 1U);  // Last of the first.
}

// The border's choice by content: a sentence put in moves few chunks, also without a heading in 100 pages.
TEST_F(Chunks, AnInsertedSentenceChangesFewChunks) {
  for (std::uint32_t seed = 0; seed < 12; ++seed) {
    std::string before;
    std::string after;
    for (std::uint32_t page = 1; page <= 100; ++page) {
      for (std::uint32_t i = 0; i < 20; ++i) {
        const std::string line = sentence(seed * 100000 + page * 100 + i) + (i % 5 == 4 ? "\n\n" : " ");
        before += line;
        after += line;
        if (page == 3 && i == 10) after += "This sentence is new and was not there before. ";
      }
    }
    const Cut old_cut = cut(before);
    const Cut new_cut = cut(after);
    check(new_cut);
    ASSERT_GT(new_cut.chunks.size(), 60U);
    const std::set<ContentHash> known = old_cut.keys();
    const std::set<ContentHash> keys = new_cut.keys();
    const auto changed = std::ranges::count_if(keys, [&](const ContentHash& key) { return !known.contains(key); });
    EXPECT_GE(changed, 1);
    EXPECT_LE(changed, 10) << "seed " << seed;
  }
}

TEST_F(Chunks, AChangedSectionChangesItsOwnChunksOnly) {
  std::string before;
  std::string after;
  for (std::uint32_t section = 0; section < 30; ++section) {
    const std::string head = "# " + std::to_string(section) + " Heading\n\n" + sentence(section * 2) + " ";
    before += head + sentence(section * 2 + 1) + "\n\n";
    after += head + (section == 7 ? "It says something else now." : sentence(section * 2 + 1)) + "\n\n";
  }
  const std::set<ContentHash> known = cut(before).keys();
  const std::set<ContentHash> keys = cut(after).keys();
  EXPECT_EQ(std::ranges::count_if(keys, [&](const ContentHash& key) { return !known.contains(key); }), 1);
}

TEST_F(Chunks, HoldOnRandomDocuments) {
  const std::string alphabet[] = {"word ",       "Word. ", "\n\n", "# Title ", "\n- ",
                                  "\n    code ", "\n| ",   "文。", "\f\n",     "antidisestablishmentarianism ",
                                  "naïve ",      "😀",     "...",  "aaaaaaaa"};
  std::minstd_rand random(23);
  for (int round = 0; round < 60; ++round) {
    std::string document;
    for (unsigned i = 0; i < random() % 3000; ++i) document += alphabet[random() % std::size(alphabet)];
    const ChunkLimits limits{random() % 2 == 0 ? 510U : 62U, random() % 2 == 0 ? 50U : 12U};
    check(cut(document, limits), limits);
  }
}

TEST_F(Chunks, GiantAndEmptyDocuments) {
  EXPECT_TRUE(cut("").chunks.empty());
  check(cut(std::string(1U << 20U, 'a')));
  check(cut(std::string(200000, '!')));
}

TEST(KeyOf, DependsOnModelTextAndSpans) {
  const llm::EmbedInput input{"one two", {{0, 3}}};
  EXPECT_EQ(key_of(input, "m"), key_of(input, "m"));
  EXPECT_NE(key_of(input, "m"), key_of(input, "n"));
  EXPECT_NE(key_of(input, "m"), key_of({"one two", {{0, 3}, {4, 7}}}, "m"));
  EXPECT_NE(key_of(input, "m"), key_of({"one twx", {{0, 3}}}, "m"));
}

}  // namespace
}  // namespace docmind::ingest
