// An answer is given again while its evidence stands: cases C39 to C44, and L1.
#include "cache/testing/cached_library.h"

namespace docmind::cache {
namespace {

using EvidenceTest = CachedLibrary;

TEST_F(EvidenceTest, AnUnchangedLibraryGivesItAgain) {
  EXPECT_EQ(layer(kQuestion), "miss");
  EXPECT_EQ(layer(kQuestion), "exact");
  EXPECT_EQ(layer(kOther), "semantic");
  EXPECT_EQ(made_, 1);
}

TEST_F(EvidenceTest, C39_OneByteOfACitedChunkMakesItAMiss) {
  EXPECT_EQ(layer(kQuestion), "miss");
  put("pump.txt", "The pump runs at 41 bar.");
  const Told told = ask(kQuestion);
  EXPECT_EQ(told.layer, "miss");
  EXPECT_THAT(told.text, ::testing::HasSubstr("41 bar"));
  EXPECT_EQ(layer(kQuestion), "exact");
  EXPECT_EQ(layer(kOther), "semantic");
}

TEST_F(EvidenceTest, C39_TheSemanticLayerMissesIt) {
  EXPECT_EQ(layer(kQuestion), "miss");
  put("pump.txt", "The pump runs at 41 bar.");
  const Told told = ask(kOther);
  EXPECT_EQ(told.layer, "miss");
  EXPECT_EQ(told.why, "evidence_changed");
}

TEST_F(EvidenceTest, C40_ADeletedCitedDocumentMakesItAMiss) {
  EXPECT_EQ(layer(kQuestion), "miss");
  remove("pump.txt");
  EXPECT_THAT(ask(kQuestion).text, ::testing::Not(::testing::HasSubstr("40 bar")));
}

TEST_F(EvidenceTest, C40_SweepingLeavesNoByteOfIt) {
  EXPECT_EQ(layer(kQuestion), "miss");
  remove("pump.txt");
  ASSERT_TRUE(cache_->sweep(Deadline::never(), {}));
  EXPECT_THAT(entries_.answers(), ::testing::IsEmpty());
  EXPECT_EQ(cache_->stats()->answers, 0U);
}

TEST_F(EvidenceTest, C41_ABetterDocumentMakesItAMiss) {
  EXPECT_EQ(layer(kQuestion), "miss");
  put("better.txt", "At how many bar does the pump run in all of these cases: at 60 bar.");
  const Told told = ask(kQuestion);
  EXPECT_EQ(told.layer, "miss");
  EXPECT_THAT(told.text, ::testing::HasSubstr("60 bar"));
}

TEST_F(EvidenceTest, C42_AnUncitedDocumentMayChangeComeAndGo) {
  EXPECT_EQ(layer(kQuestion), "miss");
  put("house.txt", "The house has a red roof.");
  EXPECT_EQ(layer(kQuestion), "exact");
  put("garden.txt", "The garden has a fence.");
  EXPECT_EQ(layer(kOther), "semantic");
  remove("house.txt");
  EXPECT_EQ(layer(kQuestion), "exact");
  ASSERT_TRUE(cache_->sweep(Deadline::never(), {}));
  EXPECT_EQ(layer(kQuestion), "exact");
  EXPECT_EQ(made_, 1);
}

TEST_F(EvidenceTest, WhatCannotBeLookedUpAgainEndsWithAnyChange) {
  renewal_ = Renewal::kNone;
  EXPECT_EQ(layer(kQuestion), "miss");
  EXPECT_EQ(layer(kQuestion), "exact");
  put("house.txt", "The house has a red roof.");
  EXPECT_EQ(ask(kQuestion).why, "library_changed");
  EXPECT_EQ(count("docmind_cache_dropped_total", {{"reason", "library_changed"}}), 1);
}

TEST_F(EvidenceTest, C43_ANewTimeOfTheFileKeepsIt) {
  const library::Document pump = put("pump.txt", "The pump runs at 40 bar.");
  EXPECT_EQ(layer(kQuestion), "miss");
  ASSERT_TRUE(library_.library().touch_document(pump.key, 99, Deadline::never(), {}));
  EXPECT_EQ(layer(kQuestion), "exact");
  put("pump.txt", "The pump runs at 40 bar.");  // Ingested again with the same bytes.
  EXPECT_EQ(layer(kQuestion), "exact");
}

TEST_F(EvidenceTest, C44_ARenamedDocumentIsAnsweredFromAnew) {
  EXPECT_EQ(layer(kQuestion), "miss");
  remove("pump.txt");
  put("renamed.txt", "The pump runs at 40 bar.");
  EXPECT_EQ(layer(kQuestion), "miss");
  EXPECT_EQ(layer(kQuestion), "exact");
}

TEST_F(EvidenceTest, L1_ACrashBeforeTheCleanUpLeavesNothingThatIsGiven) {
  EXPECT_EQ(layer(kQuestion), "miss");
  cache_.reset();
  put("pump.txt", "The pump runs at 41 bar.");
  entries_.lose_lists();  // Nor does the next start see it.
  reopen();
  const Told told = ask(kQuestion);
  EXPECT_EQ(told.layer, "miss");
  EXPECT_THAT(told.text, ::testing::HasSubstr("41 bar"));
}

TEST_F(EvidenceTest, L1_TheNextStartTakesItsWordsAway) {
  EXPECT_EQ(layer(kQuestion), "miss");
  cache_.reset();
  put("pump.txt", "The pump runs at 41 bar.");
  reopen();
  EXPECT_THAT(entries_.answers(), ::testing::IsEmpty());
}

TEST_F(EvidenceTest, ARestartKeepsBothLayers) {
  EXPECT_EQ(layer(kQuestion), "miss");
  reopen();
  EXPECT_EQ(layer(kOther), "semantic");
  EXPECT_EQ(layer(kQuestion), "exact");
  entries_.lose_lists();
  reopen();
  EXPECT_EQ(layer(kQuestion), "exact");
  EXPECT_EQ(layer(kOther), "semantic");
}

// The same number of commits, and another library: one that was put back from a backup.
TEST_F(EvidenceTest, AnEqualGenerationOfAnotherLibraryIsNotBelieved) {
  renewal_ = Renewal::kNone;
  EXPECT_EQ(layer(kQuestion), "miss");
  reopen();
  EXPECT_EQ(layer(kQuestion), "miss");
}

TEST_F(EvidenceTest, ALibraryThatChangesWhileItIsMadeKeepsNothing) {
  auto looked = cache_->look(asked(kQuestion), Deadline::never(), {});
  ASSERT_TRUE(looked);
  Offered offered = made(kQuestion);
  put("house.txt", "The house has a red roof.");
  EXPECT_EQ(cache_->offer(std::move(looked->ticket), std::move(offered), Deadline::never(), {}), Refusal::kChanged);
  EXPECT_THAT(entries_.answers(), ::testing::IsEmpty());
}

}  // namespace
}  // namespace docmind::cache
