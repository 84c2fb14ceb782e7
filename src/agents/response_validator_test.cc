#include "agents/response_validator.h"

#include <gtest/gtest.h>

#include "retrieval/testing/small_library.h"

namespace docmind::agents {
namespace {

using retrieval::SmallLibrary;

class ResponseValidatorTest : public testing::Test {
 protected:
  void SetUp() override {
    document_ = library_.put({"/d/boats.txt",
                              {{"Hull", {"The hull is built from larch planks. It was launched in Bergen."}},
                               {"Rig", {"The main mast is tall. Sails are sewn by hand."}}},
                              "text",
                              0,
                              1});
    auto at = library_.read();
    units_ = *at.units(document_.key);
  }

  Passage passage(std::size_t first, std::size_t last) const {
    Passage out{document_.key,
                {units_[first].span.start, units_[last].span.end},
                units_[first].id,
                units_[last].id,
                units_[first].block,
                "Hull",
                {}};
    for (std::size_t i = first; i <= last; ++i) out.pieces.push_back(units_[i].text);
    return out;
  }

  Validated validated(const Passage& passage) {
    auto at = library_.read();
    Draft draft;
    draft.claims.push_back({{passage}, 2, 0});
    auto result = validate(draft, at, {});
    EXPECT_TRUE(result);
    return *std::move(result);
  }

  SmallLibrary library_;
  library::Document document_;
  std::vector<library::Unit> units_;
};

TEST_F(ResponseValidatorTest, ATrueClaimGetsItsCitation) {
  const Validated out = validated(passage(1, 2));
  ASSERT_EQ(out.claims.size(), 1U);
  EXPECT_TRUE(out.dropped.empty());
  EXPECT_EQ(out.claims[0].text, "The hull is built from larch planks. It was launched in Bergen.");
  const Citation& citation = out.claims[0].citations.at(0);
  EXPECT_EQ(citation.document, "/d/boats.txt");
  EXPECT_EQ(citation.document_id, document_.id);
  EXPECT_EQ(citation.version, document_.version);
  EXPECT_EQ(citation.page, 1U);
  EXPECT_EQ(citation.page_end, 1U);
  EXPECT_EQ(citation.page_label, "p1");
  EXPECT_EQ(citation.locator, "Hull");
  EXPECT_EQ(citation.quote, *library_.read().text(document_.key, citation.span));
  EXPECT_EQ(citation.before, "Hull");
  EXPECT_EQ(citation.after, "Rig The main mast is tall. Sails are sewn by hand.");
  EXPECT_EQ(citation.state, "current");
}

TEST_F(ResponseValidatorTest, OneWrongByteDropsTheClaim) {
  Passage wrong = passage(1, 1);
  wrong.pieces[0][4] = 'b';
  const Validated out = validated(wrong);
  EXPECT_TRUE(out.claims.empty());
  ASSERT_EQ(out.dropped.size(), 1U);
  EXPECT_EQ(out.dropped[0], "The bull is built from larch planks.");
}

TEST_F(ResponseValidatorTest, ASpanThatIsNotTheQuoteDropsTheClaim) {
  Passage early = passage(1, 1);
  --early.span.start;
  EXPECT_TRUE(validated(early).claims.empty());
  Passage late = passage(1, 1);
  ++late.span.end;
  EXPECT_TRUE(validated(late).claims.empty());
  Passage beyond = passage(1, 1);
  beyond.span.end = 1U << 30U;
  EXPECT_TRUE(validated(beyond).claims.empty());
  Passage empty = passage(1, 1);
  empty.span.end = empty.span.start;
  EXPECT_TRUE(validated(empty).claims.empty());
}

TEST_F(ResponseValidatorTest, WordsBetweenThePiecesDropTheClaim) {
  Passage skipping = passage(1, 2);
  skipping.span.end = units_[4].span.end;
  skipping.pieces = {units_[1].text, units_[4].text};
  EXPECT_TRUE(validated(skipping).claims.empty());
  Passage nothing = passage(1, 1);
  nothing.pieces.clear();
  EXPECT_TRUE(validated(nothing).claims.empty());
}

TEST_F(ResponseValidatorTest, ADocumentThatIsGoneDropsTheClaim) {
  Passage gone = passage(1, 1);
  gone.document = 4711;
  EXPECT_TRUE(validated(gone).claims.empty());
}

TEST_F(ResponseValidatorTest, AFalseSecondCitationIsLeftOutAlone) {
  Passage wrong = passage(4, 4);
  wrong.pieces[0] = "Something else.";
  Draft draft;
  draft.claims.push_back({{passage(1, 1), wrong}, 2, 0});
  auto at = library_.read();
  const auto out = validate(draft, at, {});
  ASSERT_EQ(out->claims.size(), 1U);
  EXPECT_EQ(out->claims[0].citations.size(), 1U);
}

TEST_F(ResponseValidatorTest, ContextIsCutAtWords) {
  auto at = library_.read();
  Draft draft;
  draft.claims.push_back({{passage(2, 2)}, 2, 0});
  const auto out = validate(draft, at, {.context = 11});
  EXPECT_EQ(out->claims.at(0).citations[0].before, "planks.");
  EXPECT_EQ(out->claims.at(0).citations[0].after, "Rig The");
}

TEST_F(ResponseValidatorTest, ContextWithoutBlanksIsCutAtCharacters) {
  const auto chinese =
      library_.put({"/d/中文.txt", {{"一", {"船体由落叶松木板制成。桅杆很高而且很旧。帆是手工缝制的。"}}}});
  auto at = library_.read();
  const auto units = *at.units(chinese.key);
  ASSERT_EQ(units.size(), 4U);
  Passage middle{chinese.key, units[2].span, units[2].id, units[2].id, units[2].block, "", {units[2].text}};
  Draft draft;
  draft.claims.push_back({{middle}, 2, 0});
  const auto out = validate(draft, at, {.context = 10});
  ASSERT_EQ(out->claims.size(), 1U);
  const Citation& citation = out->claims[0].citations[0];
  EXPECT_FALSE(citation.page);
  EXPECT_EQ(citation.before, "制成。");
  EXPECT_EQ(citation.after, "帆是手");
}

}  // namespace
}  // namespace docmind::agents
