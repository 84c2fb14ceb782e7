#include "session/cited_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "session/markdown.h"
#include "session/paper.h"

namespace docmind::session {
namespace {

namespace json = boost::json;
using print::Style;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Two sentences that rest on one place, a third that rests on another as well, and one that no passage says.
json::value answer() {
  return json::parse(R"({"answer":"x","partial_reason":"One page was not read.","claims":[
    {"text":"It is tall.","supported":true,"citations":[
      {"document":"/d/a.pdf","document_id":"A","version":"v","start":1,"end":9,"page":14,"page_label":"6","quote":"tall"}]},
    {"text":"It is wide.","supported":true,"citations":[
      {"document":"/d/b.md","document_id":"B","version":"v","start":3,"end":9,"page":null,"locator":"Ships","quote":"wide"},
      {"document":"/d/a.pdf","document_id":"A","version":"v","start":1,"end":9,"page":14,"page_label":"6","quote":"tall"},
      {"document":"/d/b.md","document_id":"B","version":"v","start":3,"end":9,"page":null,"locator":"Ships","quote":"wide"}]},
    {"text":"It is old.","supported":false,"citations":[]},
    {"text":"It goes on.","supported":true,"citations":[
      {"document":"/d/a.pdf","document_id":"A","version":"v","start":50,"end":90,"page":14,"page_end":15,"quote":"on"}]}]})");
}

TEST(CitedAnswer, HasOneNumberForEachPlaceInOrderOfAppearance) {
  const json::value whole = answer();
  const CitedAnswer shown = cited(whole);
  ASSERT_EQ(shown.sentences.size(), 4U);
  EXPECT_THAT(shown.sentences[0].sources, ElementsAre(1));
  EXPECT_THAT(shown.sentences[1].sources, ElementsAre(2, 1));
  EXPECT_THAT(shown.sentences[2].sources, ElementsAre());
  EXPECT_TRUE(shown.sentences[2].unsupported);
  EXPECT_FALSE(shown.sentences[1].unsupported);
  EXPECT_THAT(shown.sentences[3].sources, ElementsAre(3));
  ASSERT_EQ(shown.sources.size(), 3U);
  EXPECT_EQ(shown.sources[0].place, "/d/a.pdf, page 14 (printed “6”)");
  EXPECT_EQ(shown.sources[1].place, "/d/b.md, Ships");
  EXPECT_EQ(shown.sources[2].place, "/d/a.pdf, pages 14–15");
  EXPECT_EQ(shown.partial, "One page was not read.");
}

Session session_with(const json::value& given) {
  Session session;
  session.overview.title = "How tall is it?";
  session.overview.started_ms = 1'700'000'000'000;
  session.overview.unanswered = "And why?";
  Turn& turn = session.turns.emplace_back();
  turn.question = "How tall is it?";
  turn.query = "How tall is the mast?";
  turn.because = "it";
  turn.asked_ms = 1'700'000'060'000;
  turn.answer = given;
  return session;
}

TEST(Markdown, SaysWhichSentenceHasNoSource) {
  const std::string out = to_markdown(session_with(answer()));
  EXPECT_THAT(out, HasSubstr("> It is wide. (2) (1)\n"));
  EXPECT_THAT(out, HasSubstr("> It is old. ⚠ no source\n"));
  EXPECT_THAT(out, HasSubstr("\nOne page was not read.\n"));
  EXPECT_THAT(out, HasSubstr("3. /d/a.pdf, pages 14–15\n   > on\n"));
}

TEST(Paper, HasWhatTheMarkdownHas) {
  const print::Paper paper = to_paper(session_with(answer()), 1'700'100'000'000);
  EXPECT_EQ(paper.title, "How tall is it?");
  EXPECT_EQ(paper.paragraphs,
            (std::vector<print::Paragraph>{
                {Style::kTitle, "How tall is it?"},
                {Style::kNote, "A chat with DocMind, begun 2023-11-14 22:13 UTC, printed 2023-11-16 02:00 UTC."},
                {Style::kHeading, "How tall is it?"},
                {Style::kNote, "Asked 2023-11-14 22:14 UTC. Searched: How tall is the mast?"},
                {Style::kText, "It is tall. [1]"},
                {Style::kText, "It is wide. [2] [1]"},
                {Style::kText, "It is old. ⚠ no source"},
                {Style::kText, "It goes on. [3]"},
                {Style::kNote, "One page was not read."},
                {Style::kSource, "1. /d/a.pdf, page 14 (printed “6”): “tall”"},
                {Style::kSource, "2. /d/b.md, Ships: “wide”"},
                {Style::kSource, "3. /d/a.pdf, pages 14–15: “on”"},
                {Style::kHeading, "And why?"},
                {Style::kText, "Not answered."}}));
  const print::Paper silent = to_paper(session_with(json::object{{"claims", json::array()}}), -5);
  EXPECT_EQ(silent.paragraphs[4], (print::Paragraph{Style::kText, "The documents do not say."}));
}

TEST(Paper, EachDocumentThatWasAskedByItselfHasItsName) {
  json::value separate = answer();
  separate.as_object()["coverage"] = {{"read", 2}, {"total", 5}};
  separate.as_object()["parts"] = json::parse(R"([{"document":"/d/a.pdf","first":0,"count":4},
    {"document":"/d/b.md","status":"abstained","first":4,"count":0},
    {"document":"/d/c.md","status":"failed","reason":"It hung.","first":4,"count":0}])");
  const print::Paper paper = to_paper(session_with(separate), 0);
  EXPECT_EQ(paper.paragraphs[4], (print::Paragraph{Style::kDocument, "/d/a.pdf"}));
  EXPECT_EQ(paper.paragraphs[5], (print::Paragraph{Style::kText, "It is tall. [1]"}));
  EXPECT_EQ(paper.paragraphs[9], (print::Paragraph{Style::kDocument, "/d/b.md"}));
  EXPECT_EQ(paper.paragraphs[10], (print::Paragraph{Style::kText, "This document does not say."}));
  EXPECT_EQ(paper.paragraphs[12], (print::Paragraph{Style::kText, "It could not be asked: It hung."}));
  EXPECT_EQ(paper.paragraphs[13], (print::Paragraph{Style::kText, "Further documents that were not asked: 2."}));
}

}  // namespace
}  // namespace docmind::session
