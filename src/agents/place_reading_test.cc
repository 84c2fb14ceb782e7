// Questions that name a place in a document: it is read, or it is what the question is answered from.
#include "agents/place_reading.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agents/replay.h"
#include "agents/testing/asked_library.h"

namespace docmind::agents {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kManual = "/d/manual.pdf";

class DirectRoute : public AskedLibrary {
 protected:
  void SetUp() override {
    library_.put({kManual,
                  {{"1 Paper", {"The paper is white. Fonts are not printed on its back."}},
                   {"2 Text", {"The text is black.", "It fills the page. It never ends in a widow."}},
                   {"2.1 Fonts", {"The fonts are named Garamond and Univers. Their size is ten points."}},
                   {"3 Ink", {"The ink is made in Basel. The fonts need little of it."}}},
                  "pdf",
                  0,
                  1});
    library_.put({"/d/notes.md", {{"Fonts", {"The fonts of the poster are named Futura. A poster is large."}}}});
    index_ = library_.index();
  }

  Answer answer_to(const std::string& text, const retrieval::Filter& filter = {}, const std::string& off = {},
                   const AnswerWriter* writer = nullptr) {
    AskOptions options;
    options.synthesis.tau = 0.5;
    if (!off.empty()) options.off = {off};
    return answer_with({text, filter}, options, writer);
  }

  static std::vector<std::string> texts(const Answer& answer) {
    std::vector<std::string> out;
    for (const Claim& claim : answer.claims) out.push_back(claim.text);
    return out;
  }
};

TEST_F(DirectRoute, APageIsReadInItsOrderWithCitations) {
  const Answer answer = answer_to("What is on page 2 of manual.pdf?");
  EXPECT_EQ(answer.route, "direct");
  EXPECT_EQ(answer.status, AnswerStatus::kAnswered);
  EXPECT_THAT(texts(answer),
              ElementsAre("2 Text", "The text is black.", "It fills the page. It never ends in a widow."));
  auto at = library_.read();
  for (const Claim& claim : answer.claims) {
    ASSERT_EQ(claim.citations.size(), 1U);
    const Citation& citation = claim.citations.front();
    EXPECT_EQ(citation.document, kManual);
    EXPECT_EQ(citation.page, 2U);
    EXPECT_EQ(citation.locator, "2 Text");
    EXPECT_EQ(citation.quote, *at.text_of_version(citation.document_id, citation.version, citation.span));
  }
  EXPECT_EQ(answer.units_read, 4U);
  EXPECT_EQ(answer.units_total, 4U);
  EXPECT_EQ(answer.unit, "passage");
  expect_replays(answer);
}

// Ablation: what query_router is worth here.
TEST_F(DirectRoute, WithoutTheRouterThePageIsSearchedLikeAnyWords) {
  const Answer without = answer_to("What is on page 2 of manual.pdf?", {}, "query_router");
  EXPECT_EQ(without.route, "hybrid");
  EXPECT_THAT(texts(without),
              Not(ElementsAre("2 Text", "The text is black.", "It fills the page. It never ends in a widow.")));
}

TEST_F(DirectRoute, TheFilterNamesTheDocumentThatTheQuestionDoesNot) {
  EXPECT_EQ(answer_to("read page 4", {.documents = {kManual}}).claims.size(), 2U);
  EXPECT_EQ(answer_to("Lies Seite 4 vor", {.documents = {kManual}}).route, "direct");
  EXPECT_NE(answer_to("read page 4").route, "direct") << "there are two documents";
}

TEST_F(DirectRoute, ASectionIsReadToItsEnd) {
  const Answer answer = answer_to("Show section 2.1 of the manual");
  EXPECT_EQ(answer.route, "direct");
  EXPECT_THAT(texts(answer),
              ElementsAre("2.1 Fonts", "The fonts are named Garamond and Univers. Their size is ten points."));
  EXPECT_NE(answer_to("Show section 7.9 of the manual").route, "direct") << "no such heading: it is searched";
}

TEST_F(DirectRoute, WhatIsAskedAboutThePageIsAnsweredFromItAlone) {
  const Answer third = answer_to("What does page 3 of manual.pdf say about fonts?");
  EXPECT_EQ(third.route, "direct");
  EXPECT_THAT(third.text, HasSubstr("Garamond"));
  const Answer fourth = answer_to("What does page 4 of manual.pdf say about fonts?");
  EXPECT_THAT(fourth.text, HasSubstr("little of it"));
  for (const Answer* answer : {&third, &fourth}) {
    EXPECT_THAT(answer->text, Not(HasSubstr("Futura")));
    for (const Claim& claim : answer->claims) {
      for (const Citation& citation : claim.citations) EXPECT_EQ(citation.page, answer == &third ? 3U : 4U);
    }
    expect_replays(*answer);
  }
  const Answer none = answer_to("What does page 2 of manual.pdf say about herring?");
  EXPECT_EQ(none.status, AnswerStatus::kAbstained);
  ASSERT_FALSE(none.nearest.empty());
  EXPECT_EQ(none.nearest.front().page, 2U);
  expect_replays(none);
}

TEST_F(DirectRoute, APageThatIsNotThereIsSaid) {
  const Answer far = answer_to("What is on page 30 of manual.pdf?");
  EXPECT_EQ(far.status, AnswerStatus::kAbstained);
  EXPECT_EQ(far.text, "manual.pdf has no page 30: it has 4 pages.");
  EXPECT_TRUE(far.claims.empty());
  expect_replays(far);
  EXPECT_EQ(answer_to("What does page 30 of manual.pdf say about fonts?").text, far.text);
  EXPECT_EQ(answer_to("read page 1 of notes.md").text, "notes.md has no page 1: its format has no pages.");
  const Answer half = answer_to("What is on page 4 of manual.pdf, and what is on page 30 of manual.pdf?");
  EXPECT_EQ(half.status, AnswerStatus::kPartial);
  EXPECT_EQ(half.partial_reason, far.text);
  EXPECT_THAT(half.text, HasSubstr("Basel"));
}

TEST_F(DirectRoute, AnUnknownOrAmbiguousDocumentIsSearchedFor) {
  EXPECT_EQ(answer_to("What is on page 2 of cookbook.pdf?").route, "hybrid");
  library_.put({"/other/manual.pdf", {{"1 Else", {"Something else."}}}, "pdf", 0, 1});
  EXPECT_EQ(answer_to("What is on page 2 of manual.pdf?").route, "hybrid");
  EXPECT_EQ(answer_to("What is on page 2 of /d/manual.pdf?").route, "direct");
  EXPECT_EQ(answer_to("What is on page 1 of manual.pdf?", {.documents = {"/other/"}}).text,
            "1 Else\n\nSomething else.");
}

TEST_F(DirectRoute, ALongPlaceIsReadAsFarAsAnAnswerGoes) {
  std::vector<std::string> paragraphs;
  for (int i = 0; i < 150; ++i) paragraphs.push_back("This is line " + std::to_string(i) + " of the roll.");
  library_.put({"/d/roll.pdf", {{"1 Roll", paragraphs}}, "pdf", 0, 1});
  const Answer answer = answer_to("read page 1 of roll.pdf");
  EXPECT_EQ(answer.status, AnswerStatus::kPartial);
  EXPECT_EQ(answer.claims.size(), kMostReadClaims);
  EXPECT_EQ(answer.partial_reason,
            "Of page 1 of roll.pdf the first 100 of 151 passages are shown: it is too long for one answer.");
  expect_replays(answer);
}

TEST_F(DirectRoute, AnEmptyPageIsSaid) {
  library::NewDocument row;
  row.path = "/d/scan.pdf";
  row.parser_version = row.chunker_version = "test";
  row.version = content_hash("scan").hex();
  row.model_hash = library_.embedder().settings().model_hash;
  row.parsed.type = "pdf";
  row.parsed.pages.push_back({{0, 0}, "", 595, 842});
  ASSERT_TRUE(library_.library().put_document(row, Deadline::never(), {}));
  EXPECT_EQ(answer_to("read page 1 of scan.pdf").text, "There is no text on page 1 of scan.pdf.");
}

TEST_F(DirectRoute, AChatModelIsShownThePageAndNothingElse) {
  model_.says("The text is black [1].");
  const Answer answer = answer_to("What is on page 2 of manual.pdf?", {.documents = {kManual}}, {}, &writer_);
  EXPECT_TRUE(answer.generated);
  EXPECT_EQ(answer.route, "direct");
  EXPECT_EQ(answer.text, "The text is black.");
  ASSERT_EQ(model_.asked.size(), 1U);
  EXPECT_TRUE(model_.asked.front().documents.empty());
  ASSERT_EQ(model_.asked.front().passages.size(), 1U);
  EXPECT_THAT(model_.asked.front().passages.front().text, HasSubstr("It never ends in a widow."));
  EXPECT_EQ(model_.asked.front().passages.front().title, "[1] manual.pdf, page 2");
  expect_replays(answer);
  model_.line = [](const llm::ChatRequest&) -> Result<llm::ChatReply> { return Error{Code::kUnavailable, "gone"}; };
  const Answer plain = answer_to("What is on page 2 of manual.pdf?", {}, {}, &writer_);
  EXPECT_THAT(plain.text, HasSubstr("It fills the page."));
  EXPECT_EQ(plain.status, AnswerStatus::kPartial);
}

}  // namespace
}  // namespace docmind::agents
