#include "agents/asked_place.h"

#include <gtest/gtest.h>

#include <string>

#include "agents/query_router.h"

namespace docmind::agents {
namespace {

// "page 3 | manual.pdf | fonts"; "-": none.
std::string read(std::string_view question) {
  const auto asked = asked_place(question);
  if (!asked) return "-";
  std::string out =
      asked->kind == PlaceKind::kPage ? "page " + std::to_string(asked->page) : "section " + asked->number;
  return out + " | " + asked->document + " | " + asked->about;
}

TEST(AskedPlace, WhatStandsThere) {
  for (const char* question :
       {"What is on page 3 of manual.pdf?", "what's on p. 3 of manual.pdf", "What is written on page 3 in manual.pdf?",
        "What does page 3 of manual.pdf say?", "What does manual.pdf say on page 3?", "Show me page 3 of manual.pdf",
        "Read page 3 of manual.pdf, please", "please show the text of page 3 from the file manual.pdf",
        "page 3 of manual.pdf", "manual.pdf, page 3", "In manual.pdf, what is on page 3?", "go to page 3 of manual.pdf",
        "What is on page number 3 of \u201cmanual.pdf\u201d?", "Was steht auf Seite 3 von manual.pdf?",
        "was steht auf S. 3 in der Datei manual.pdf", "Was sagt Seite 3 von manual.pdf aus?",
        "Zeig mir Seite 3 von manual.pdf", "Lies bitte Seite 3 von manual.pdf vor",
        "\u00d6ffne Seite 3 von manual.pdf"}) {
    EXPECT_EQ(read(question), "page 3 | manual.pdf | ") << question;
  }
}

TEST(AskedPlace, TheDocumentNeedNotBeNamed) {
  for (const char* question :
       {"What is on page 12?", "read page 12", "What is on page 12 of the document?", "What does page 12 say?",
        "Lies Seite 12 vor", "Was steht auf Seite 12 des Dokuments?"}) {
    EXPECT_EQ(read(question), "page 12 |  | ") << question;
  }
}

TEST(AskedPlace, SectionsByTheirNumber) {
  EXPECT_EQ(read("Show section 2.1 of the user manual"), "section 2.1 | user manual | ");
  EXPECT_EQ(read("What is in chapter 4 of manual.pdf?"), "section 4 | manual.pdf | ");
  EXPECT_EQ(read("What does appendix A of manual.pdf contain?"), "section A | manual.pdf | ");
  EXPECT_EQ(read("Was steht in Abschnitt 2.1 von handbuch.pdf?"), "section 2.1 | handbuch.pdf | ");
  EXPECT_EQ(read("Zeige Kapitel 4"), "section 4 |  | ");
}

TEST(AskedPlace, WhatIsAskedAboutIt) {
  EXPECT_EQ(read("What does page 3 say about fonts?"), "page 3 |  | fonts?");
  EXPECT_EQ(read("What does page 3 of manual.pdf say about the size of fonts?"),
            "page 3 | manual.pdf | the size of fonts?");
  EXPECT_EQ(read("What does manual.pdf say about fonts on page 3?"), "page 3 | manual.pdf | fonts");
  EXPECT_EQ(read("What is said about fonts on page 3 of manual.pdf?"), "page 3 | manual.pdf | fonts");
  EXPECT_EQ(read("On page 3 of manual.pdf, which fonts are used?"), "page 3 | manual.pdf | which fonts are used?");
  EXPECT_EQ(read("According to section 2.1, who pays?"), "section 2.1 |  | who pays?");
  EXPECT_EQ(read("Was sagt Seite 3 von manual.pdf \u00fcber Schriften?"), "page 3 | manual.pdf | Schriften?");
  EXPECT_EQ(read("Was steht auf Seite 3 zu Schriften?"), "page 3 |  | Schriften?");
  EXPECT_EQ(read("Laut Seite 3 von manual.pdf, welche Schriften werden benutzt?"),
            "page 3 | manual.pdf | welche Schriften werden benutzt?");
}

TEST(AskedPlace, AMentionedPlaceIsNotOne) {
  for (const char* question : {"Who corrected the typo on page 3?",
                               "What does the error on page 3 mean?",
                               "How many pages does manual.pdf have?",
                               "Which page describes the fonts?",
                               "What is the page size of manual.pdf?",
                               "Why is page 3 missing?",
                               "What is page 3 made of?",
                               "Read page 12 into memory",
                               "Show the page fault handler",
                               "What is on the front page?",
                               "What is section 230?",
                               "Does section 2.1 apply to guests?",
                               "Who wrote the note on page 12 of the diary?",
                               "What changed in chapter 4 since 2019?",
                               "What is on page three?",
                               "Is page 3 of manual.pdf blank?",
                               "What did the court say about section 12?",
                               "Show pages",
                               "read page",
                               "What is on page 0?",
                               "What is on page 99999999999?",
                               "Was steht auf dem Spiel?",
                               "Was steht auf Seite der Regierung?",
                               "Auf welcher Seite stehen die Schriften?",
                               "Wer hat den Fehler auf Seite 3 gefunden?",
                               "Show section b of it",
                               "",
                               "page",
                               "\u00a7",
                               "The URL is written in the Website field of the Source section [1].",
                               "In manual.pdf, is there a page 3?"}) {
    EXPECT_EQ(read(question), "-") << question;
  }
  EXPECT_EQ(read(std::string("what is on page 3 of ") + std::string(300, 'x')), "-") << "no such name";
  EXPECT_EQ(read("what is on page 3\xff"), "-");
  std::string long_question = "what is on page 3 about";
  for (int i = 0; i < 100; ++i) long_question += " fonts";
  EXPECT_EQ(read(long_question), "-");
}

TEST(AskedPlace, TheRouterGoesByTheWordingAlone) {
  EXPECT_EQ(route("What is on page 3 of manual.pdf?")->route, Route::kDirect);
  EXPECT_EQ(route("What is on page 3 of manual.pdf, and who wrote it?")->route, Route::kDirect);
  EXPECT_EQ(route("Who corrected the typo on page 3?")->route, Route::kHybrid);
  EXPECT_EQ(route("How many pages does manual.pdf have?")->route, Route::kExhaustive);
}

}  // namespace
}  // namespace docmind::agents
