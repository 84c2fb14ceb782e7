#include "agents/unit_score.h"

#include <gtest/gtest.h>

#include "agents/testing/evidence_builder.h"

namespace docmind::agents {
namespace {

TEST(UnitScore, TheFormulaByHand) {
  EvidenceBuilder builder("who pays the sponsor", {{"pays", 3}, {"sponsor", 1}});
  builder.section(4, "Sponsors", 0.5F);
  const auto id = builder.candidate("Nobody pays John Smith for this work.", 0.6F);
  builder.context("The sponsor works for free.");
  const auto scored = score_units(builder.build().found, asked_forms("who pays the sponsor"), {});
  ASSERT_EQ(scored.size(), 1U);
  EXPECT_EQ(scored[0].candidate.unit, id);
  EXPECT_DOUBLE_EQ(scored[0].coverage, 0.75);
  EXPECT_DOUBLE_EQ(scored[0].context_coverage, 1);
  EXPECT_DOUBLE_EQ(scored[0].cue, 1);
  EXPECT_NEAR(scored[0].score, 2 * 0.6 + 0.3 * 0.75 + 0.4 + 0.15 + 0.3 * 0.5, 1e-6);
}

TEST(UnitScore, AQuestionIsNoAnswer) {
  EvidenceBuilder builder("colour", {{"colour", 1}});
  builder.candidate("Which colour should the shed have?", 0.5F);
  builder.block().candidate("The colour of the shed should be red.", 0.5F);
  const auto scored = score_units(builder.build().found, asked_forms("colour"), {});
  ASSERT_EQ(scored.size(), 2U);
  EXPECT_FALSE(scored[0].is_question);
  EXPECT_TRUE(scored[1].is_question);
  EXPECT_NEAR(scored[0].score - scored[1].score, 0.3, 1e-9);
}

TEST(UnitScore, ContextIsTheSectionsOwnAndTheLeadIn) {
  EvidenceBuilder builder("q", {{"alpha", 1}, {"beta", 1}, {"gamma", 1}, {"delta", 1}});
  builder.section(1, "Other").context("This stands in another section: alpha.");
  builder.section(2, "About delta");
  const auto lead = builder.context("These hold gamma values:");
  builder.context("Two before it there is nothing of interest.");
  builder.context("One before it there is nothing of interest.");
  builder.lead_in(lead).candidate("The candidate itself says beta.", 0);
  const auto scored = score_units(builder.build().found, asked_forms("q"), {});
  ASSERT_EQ(scored.size(), 1U);
  EXPECT_DOUBLE_EQ(scored[0].coverage, 0.25);          // beta
  EXPECT_DOUBLE_EQ(scored[0].context_coverage, 0.75);  // beta, gamma by the lead-in, delta by the heading
}

TEST(UnitScore, WhatMayNotBeQuoted) {
  library::Unit unit;
  unit.text = "Long enough to be a sentence.";
  EXPECT_TRUE(quotable(unit));
  unit.source = false;
  EXPECT_FALSE(quotable(unit));
  unit.source = true;
  unit.kind = library::UnitKind::kHeading;
  EXPECT_FALSE(quotable(unit));
  unit.kind = library::UnitKind::kCode;
  unit.text = "1 2 3 4 5 6 7 8 9 10";
  EXPECT_FALSE(quotable(unit));
  unit.text = "Yes, it is.";
  EXPECT_FALSE(quotable(unit));
  unit.text = "你好世界你好世界。";
  EXPECT_TRUE(quotable(unit));
}

TEST(UnitScore, WithoutTermsOrVectorsThereIsNoScore) {
  EvidenceBuilder builder("q", {});
  builder.candidate("A sentence that shares nothing.", 0);
  const auto scored = score_units(builder.build().found, {}, {});
  ASSERT_EQ(scored.size(), 1U);
  EXPECT_NEAR(scored[0].score, 0.15 * kNoForm, 1e-12);
}

}  // namespace
}  // namespace docmind::agents
