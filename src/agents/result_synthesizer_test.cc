#include "agents/result_synthesizer.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "agents/testing/evidence_builder.h"

namespace docmind::agents {
namespace {

// Without forms and terms the score is 2 cos + .045: cosines above .79 pass tau.
Draft draft_of(EvidenceBuilder& builder, const SynthesisOptions& options = {}) {
  return synthesize({builder.build()}, options);
}

std::uint64_t characters(const Draft& draft) {
  std::uint64_t sum = 0;
  for (const DraftClaim& claim : draft.claims) sum += claim.passages.front().span.size();
  return sum;
}

TEST(ResultSynthesizer, NothingToGoByIsAnAbstention) {
  EXPECT_TRUE(synthesize({}, {}).claims.empty());
  EvidenceBuilder empty("q", {});
  const Draft draft = draft_of(empty);
  EXPECT_TRUE(draft.claims.empty());
  EXPECT_EQ(draft.unanswered, std::vector<std::uint32_t>{0});
}

TEST(ResultSynthesizer, WeakEvidenceIsAnAbstention) {
  EvidenceBuilder builder("q", {});
  builder.candidate("This is not what was asked for.", 0.7F);
  const Draft draft = draft_of(builder);
  EXPECT_TRUE(draft.claims.empty());
  ASSERT_EQ(draft.ranked[0].size(), 1U);
  EXPECT_EQ(draft.ranked[0][0].fate, Fate::kTooWeak);
  EXPECT_NEAR(draft.best[0], 1.445, 1e-6);
}

TEST(ResultSynthesizer, WithoutVectorsTheKeywordBarCounts) {
  EvidenceBuilder builder("q", {{"alpha", 1}});
  builder.candidate("The alpha particle stands here.", 0);
  builder.evidence().found.dense_used = false;
  SynthesisOptions options;
  options.tau_keyword = 0.7;
  EXPECT_EQ(synthesize({builder.build()}, options).claims.size(), 1U);
  options.tau_keyword = 0.8;
  EXPECT_TRUE(synthesize({builder.build()}, options).claims.empty());
}

TEST(ResultSynthesizer, UnitsSideBySideBecomeOneClaim) {
  EvidenceBuilder builder("q", {});
  const auto first = builder.candidate("The first sentence is good.", 0.9F);
  const auto second = builder.candidate("The second sentence is too.", 0.85F);
  const Draft draft = draft_of(builder);
  ASSERT_EQ(draft.claims.size(), 1U);
  const Passage& passage = draft.claims[0].passages.at(0);
  EXPECT_EQ(passage.first_unit, first);
  EXPECT_EQ(passage.last_unit, second);
  EXPECT_EQ(passage.span, (doc::Span{0, 55}));
  EXPECT_EQ(passage.pieces.size(), 2U);
  EXPECT_EQ(draft.ranked[0][1].fate, Fate::kMerged);
}

TEST(ResultSynthesizer, APageBorderBreaksTheQuote) {
  EvidenceBuilder builder("q", {});
  builder.candidate("This ends the page it is on.", 0.9F);
  builder.page(1).candidate("This begins the page after.", 0.85F);
  EXPECT_EQ(draft_of(builder).claims.size(), 2U);
}

TEST(ResultSynthesizer, NeighboursAreAddedAfterThenBefore) {
  EvidenceBuilder builder("q", {});
  const auto before = builder.context("It stands before the best one.");
  builder.candidate("This is the best one of all.", 0.9F);
  const auto after = builder.context("It stands after the best one.");
  const Draft draft = draft_of(builder);
  ASSERT_EQ(draft.claims.size(), 1U);
  EXPECT_EQ(draft.claims[0].passages[0].first_unit, before);
  EXPECT_EQ(draft.claims[0].passages[0].last_unit, after);
}

TEST(ResultSynthesizer, ABlockBorderIsCrossedOnlyAfterAColon) {
  EvidenceBuilder plain("q", {});
  plain.candidate("This is the best one of all.", 0.9F);
  plain.block().context("Another block has this one.");
  EXPECT_EQ(draft_of(plain).claims[0].passages[0].pieces.size(), 1U);

  EvidenceBuilder colon("q", {});
  colon.candidate("This is the command to use:", 0.9F);
  colon.block().context("dpkg --purge everything");
  EXPECT_EQ(draft_of(colon).claims[0].passages[0].pieces.size(), 2U);
}

TEST(ResultSynthesizer, AShortUnitMayStandBesideAClaim) {
  EvidenceBuilder builder("q", {});
  builder.candidate("Simply run the following command:", 0.9F);
  const auto id = builder.block().context("make it");
  builder.evidence().found.units.at(id).unit.source = false;
  EXPECT_EQ(draft_of(builder).claims[0].passages[0].pieces.size(), 2U);
}

TEST(ResultSynthesizer, WhatFollowsAColonComesBeforeOtherNeighbours) {
  EvidenceBuilder builder("q", {});
  builder.candidate("This is the best one of them all.", 0.95F);
  builder.context("A long neighbour of it: " + std::string(500, 'x') + ".");
  builder.block().candidate("Weaker, but it needs what follows:", 0.85F);
  builder.block().context("A long list item: " + std::string(500, 'y') + ".");
  const Draft draft = draft_of(builder);
  ASSERT_EQ(draft.claims.size(), 2U);
  EXPECT_EQ(draft.claims[0].passages[0].pieces.size(), 1U);
  EXPECT_EQ(draft.claims[1].passages[0].pieces.size(), 2U);
}

TEST(ResultSynthesizer, HeadingsAndContentsAreNeverQuoted) {
  EvidenceBuilder builder("q", {});
  builder.kind(library::UnitKind::kHeading).context("A heading that is above it");
  builder.kind(library::UnitKind::kSentence).candidate("This is the best one of all.", 0.9F);
  const auto id = builder.context("This stands in a table of contents.");
  builder.evidence().found.units.at(id).unit.source = false;
  const Draft draft = draft_of(builder);
  EXPECT_EQ(draft.claims[0].passages[0].pieces.size(), 1U);
}

TEST(ResultSynthesizer, StaysWithinItsLimits) {
  EvidenceBuilder builder("q", {});
  for (int i = 0; i < 40; ++i) {
    const std::string number = std::to_string(i);
    builder.block();
    builder.candidate("Sentence " + number + " of forty goes on " + std::string(60, 'x') + ".", 0.9F);
    builder.context("And its neighbour " + number + " goes on and on " + std::string(60, 'y') + ".");
  }
  const Draft draft = draft_of(builder);
  EXPECT_EQ(draft.claims.size(), 5U);
  EXPECT_LE(characters(draft), 900U);
  EXPECT_GE(characters(draft), 500U);
}

TEST(ResultSynthesizer, AUnitThatDoesNotFitIsPassedOver) {
  EvidenceBuilder builder("q", {});
  builder.candidate("Too long: " + std::string(950, 'x') + ".", 0.95F);
  builder.block().candidate("Short enough to be said.", 0.9F);
  const Draft draft = draft_of(builder);
  ASSERT_EQ(draft.claims.size(), 1U);
  EXPECT_EQ(draft.claims[0].passages[0].pieces[0], "Short enough to be said.");
  EXPECT_EQ(draft.ranked[0][0].fate, Fate::kNoRoom);
}

TEST(ResultSynthesizer, TheSameSentenceElsewhereIsASecondCitation) {
  EvidenceBuilder builder("q", {});
  builder.document(1).candidate("The format version is 1.8 now.", 0.9F);
  builder.document(2).candidate("The format-version is 1.8 now.", 0.89F);
  builder.document(3).candidate("The format version is 1.8, now.", 0.88F);
  const Draft draft = draft_of(builder);
  ASSERT_EQ(draft.claims.size(), 1U);
  ASSERT_EQ(draft.claims[0].passages.size(), 2U);
  EXPECT_EQ(draft.claims[0].passages[1].document, 2);
}

TEST(ResultSynthesizer, ReadingOrderIsByDocumentThenPlace) {
  EvidenceBuilder builder("q", {});
  builder.document(1).candidate("The weaker document has this.", 0.82F);
  builder.document(2).candidate("Good, and it stands first.", 0.85F);
  builder.block().candidate("Best, and it stands second.", 0.95F);
  const Draft draft = draft_of(builder);
  ASSERT_EQ(draft.claims.size(), 3U);
  EXPECT_EQ(draft.claims[0].passages[0].pieces[0], "Good, and it stands first.");
  EXPECT_EQ(draft.claims[1].passages[0].pieces[0], "Best, and it stands second.");
  EXPECT_EQ(draft.claims[2].passages[0].document, 1);
}

TEST(ResultSynthesizer, TwoPartsShareTheBudgetAndOneMayStayOpen) {
  EvidenceBuilder one("first", {});
  EvidenceBuilder two("second", {});
  two.document(2);
  for (int i = 0; i < 6; ++i) {
    one.block().candidate("Part one says this: number " + std::to_string(i) + ".", 0.9F);
    two.block().candidate("Part two says that: number " + std::to_string(i) + ".", 0.85F);
  }
  const Draft both = synthesize({one.build(), two.build()}, {});
  ASSERT_EQ(both.claims.size(), 5U);  // Three of part one, two of part two.
  EXPECT_EQ(std::count_if(both.claims.begin(), both.claims.end(), [](const DraftClaim& c) { return c.part == 0; }), 3);
  EXPECT_TRUE(both.unanswered.empty());

  EvidenceBuilder weak("second", {});
  weak.document(3).candidate("This has nothing to do with it.", 0.2F);
  const Draft half = synthesize({one.build(), weak.build()}, {});
  EXPECT_EQ(half.claims.size(), 5U);
  EXPECT_EQ(half.unanswered, std::vector<std::uint32_t>{1});
}

}  // namespace
}  // namespace docmind::agents
