#include "agents/verify.h"

#include <gtest/gtest.h>

#include "retrieval/testing/small_library.h"

namespace docmind::agents {
namespace {

class VerifyTest : public testing::Test {
 protected:
  void SetUp() override {
    document_ = library_.put({"/d/a.txt", {{"One", {"This sentence is true and stands here."}}}});
    auto at = library_.read();
    const auto units = *at.units(document_.key);
    citation_.document_id = document_.id;
    citation_.version = document_.version;
    citation_.span = units.at(1).span;
    citation_.quote = units.at(1).text;
  }

  CitationState state(const Citation& citation) {
    auto at = library_.read();
    return verify(std::span(&citation, 1), at)->at(0);
  }

  retrieval::SmallLibrary library_;
  library::Document document_;
  Citation citation_;
};

TEST_F(VerifyTest, CurrentWhileItStandsThere) { EXPECT_EQ(state(citation_), CitationState::kCurrent); }

TEST_F(VerifyTest, ChangedWithTheDocument) {
  library_.put({"/d/a.txt", {{"One", {"This sentence is new and stands here."}}}});
  EXPECT_EQ(state(citation_), CitationState::kChanged);
}

TEST_F(VerifyTest, DeletedWithTheDocument) {
  ASSERT_TRUE(library_.library().remove_document(document_.id, Deadline::never(), {}));
  EXPECT_EQ(state(citation_), CitationState::kDeleted);
  citation_.quote.clear();
  EXPECT_EQ(state(citation_), CitationState::kDeleted);
}

TEST_F(VerifyTest, ForgedWhenItNeverStoodThere) {
  Citation word = citation_;
  word.quote[0] = 't';
  EXPECT_EQ(state(word), CitationState::kForged);
  Citation place = citation_;
  ++place.span.start;
  ++place.span.end;
  EXPECT_EQ(state(place), CitationState::kForged);
  Citation beyond = citation_;
  beyond.span = {1U << 20U, (1U << 20U) + beyond.quote.size()};
  EXPECT_EQ(state(beyond), CitationState::kForged);
  Citation turned = citation_;
  std::swap(turned.span.start, turned.span.end);
  EXPECT_EQ(state(turned), CitationState::kForged);
  Citation empty = citation_;
  empty.quote.clear();
  empty.span.end = empty.span.start;
  EXPECT_EQ(state(empty), CitationState::kForged);
}

TEST_F(VerifyTest, NamesAreThoseOfTheContract) {
  EXPECT_EQ(name(CitationState::kCurrent), "current");
  EXPECT_EQ(name(CitationState::kForged), "forged");
}

}  // namespace
}  // namespace docmind::agents
