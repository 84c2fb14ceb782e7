#include "agents/follow_up.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <ostream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace docmind::agents {
namespace {

using ::testing::HasSubstr;

struct Case {
  const char* before;  // The question before it.
  const char* asked;
  const char* query;    // What it becomes.
  const char* because;  // Empty: it stands alone.
  friend void PrintTo(const Case& one, std::ostream* out) { *out << one.before << " / " << one.asked; }
};

FollowUp after(const char* before, const char* asked, const char* answer = "") {
  const std::vector<EarlierTurn> earlier = {{before, answer}};
  return follow_up(asked, earlier);
}

class Rewritten : public ::testing::TestWithParam<Case> {};

TEST_P(Rewritten, TakesTheSubjectFromTheQuestionBefore) {
  const Case& one = GetParam();
  const FollowUp found = after(one.before, one.asked);
  EXPECT_EQ(found.query, one.query);
  EXPECT_EQ(found.because, one.because);
}

INSTANTIATE_TEST_SUITE_P(
    English, Rewritten,
    ::testing::Values(
        Case{"Who wrote the Debian manual?", "When was it published?", "When was the Debian manual published?", "it"},
        Case{"What is a source package?", "How do I unpack it?", "How do I unpack the source package?", "it"},
        Case{"Which packages may go in main?", "Where are they stored?", "Where are the packages stored?", "they"},
        Case{"When does the ferry leave Hamburg?", "How much does it cost?", "How much does the ferry cost?", "it"},
        Case{"What is the maximum speed of the ferry?", "Who built it?", "Who built the ferry?", "it"},
        Case{"What is the capital of France?", "What is its population?", "What is the capital of France's population?",
             "its"},
        Case{"Where is the harbour of Kiel?", "How deep is it?", "How deep is the harbour of Kiel?", "it"},
        Case{"What are conffiles?", "How does dpkg handle them?", "How does dpkg handle conffiles?", "them"},
        Case{"What is the maximum speed of the ferry?", "What about the barge?",
             "What is the maximum speed of the barge?", "What about"},
        Case{"What is the height of the tower?", "And the width?", "What is the width of the tower?", "And"},
        Case{"What is the height of the tower?", "And its width?", "And the tower's width?", "its"},
        Case{"How many ships lie in Bergen?", "And in Oslo?", "How many ships lie in Oslo?", "And"},
        Case{"How many ships lie in Bergen?", "Which of them are blue?", "Which of the ships are blue?", "them"},
        Case{"Who founded the Debian project?", "In which year?", "In which year (founded Debian project)?",
             "In which year"},
        Case{"What is a virtual package?", "Is that so?", "Is that so (virtual package)?", "that"},
        Case{"What is a lighthouse?", "How old?", "How old (lighthouse)?", "How old"},
        Case{"What is the capital of France?", "And Germany?", "What is the capital of Germany?", "And"},
        Case{"When does the ferry leave Hamburg?", "How about Kiel?", "When does the ferry leave Kiel?", "How about"},
        Case{"How long may a child stay in the museum?", "And in the library?",
             "How long may a child stay in the library?", "And"},
        Case{"How long may a child stay in the museum?", "On Sundays?",
             "How long may a child stay in the museum On Sundays?", "On Sundays?"},
        Case{"Who may upload packages to the archive?", "Why?", "Why (upload packages archive)?", "Why"},
        Case{"Does the ferry carry bicycles?", "How many?", "How many (ferry carry bicycles)?", "How many"},
        Case{"Does the ferry carry bicycles?", "For how long?", "For how long (ferry carry bicycles)?", "For how long"},
        Case{"What is a runlevel?", "Tell me more", "Tell me more (runlevel)", "Tell me more"},
        Case{"What is a runlevel?", "Can you give an example?", "Can you give an example (runlevel)?",
             "Can you give an example"},
        Case{"Which bridges cross the river?", "Which is the longest?", "Which is the longest (bridges cross river)?",
             "Which is the longest"},
        Case{"Which bridges cross the river?", "Which one is made of steel?",
             "Which one is made of steel (bridges cross river)?", "Which one"},
        Case{"Which bridges cross the river?", "How many of them are made of steel?",
             "How many of the bridges are made of steel?", "them"},
        Case{"Who signed the contract?", "Who else signed?", "Who else signed (contract)?", "Who else signed"},
        Case{"What is a virtual package?", "Which tools does it require?",
             "Which tools does the virtual package require?", "it"},
        Case{"What is a virtual package?", "Why is that?", "Why is that (virtual package)?", "that"},
        Case{"What is a virtual package?", "How do these packages differ?",
             "How do these packages differ (virtual package)?", "these"}));

INSTANTIATE_TEST_SUITE_P(
    German, Rewritten,
    ::testing::Values(
        Case{"Wann fährt die Fähre nach Hamburg?", "Was kostet sie?", "Was kostet sie (Fähre Hamburg)?", "sie"},
        Case{"Wer hat den Vertrag unterschrieben?", "Warum?", "Warum (Vertrag)?", "Warum"},
        Case{"Wer hat den Vertrag unterschrieben?", "Und den Anhang?", "Und den Anhang (Vertrag)?", "Und"},
        Case{"Wie lang ist die Brücke?", "Wann wurde sie gebaut?", "Wann wurde sie gebaut (Brücke)?", "sie"}));

INSTANTIATE_TEST_SUITE_P(Chinese, Rewritten,
                         ::testing::Values(Case{"渡船什么时候出发？", "它多少钱？", "渡船 出发 它多少钱？", "它"},
                                           Case{"渡船什么时候出发？", "为什么？", "渡船 出发 为什么？", "为什么"},
                                           Case{"渡船的最高速度是多少？", "驳船呢？", "渡船的最高速度 驳船呢？",
                                                "呢"}));

class StandsAlone : public ::testing::TestWithParam<const char*> {};

TEST_P(StandsAlone, AndIsNotTouched) {
  const FollowUp found = after("What is the maximum speed of the ferry?", GetParam(), "Anna Weber built it in 1901.");
  EXPECT_EQ(found.query, GetParam());
  EXPECT_EQ(found.because, "");
}

INSTANTIATE_TEST_SUITE_P(
    English, StandsAlone,
    ::testing::Values("What is the maximum speed of the barge?", "How do I unpack a source package?",
                      "If a package fails to configure, how is it removed?",
                      "How does a package declare its dependencies?", "Is it possible to install two versions?",
                      "How long does it take to build a package?", "Does policy say that manuals are required?",
                      "Which file lists the packages that conflict?", "Are there packages without a maintainer?",
                      "Is there a list of runlevels?", "runlevel", "dpkg-source -x", "Debian policy manual",
                      "And what is the maximum weight of the barge?", "What about the maximum weight of the barge?",
                      "Which one of the packages is essential?", "When was the manual published and who wrote it?",
                      "What happens to configuration files when they are deleted?", "Who signed the contract?",
                      "What does this manual say about fonts?", "How many packages were uploaded this year?",
                      "Which packages list their maintainers?", "\"it is raining\"", "Does it rain in Bergen?",
                      "Can I install a package without removing it?", "What must a maintainer do before they upload?",
                      "What does dpkg do when a file it installs already exists?",
                      "Why do maintainers sign their uploads?", "Can a package remove a file it does not own?",
                      "Who else can upload packages besides maintainers?", "So why is contrib separate?",
                      "Tell me more about conffiles", "In which city does the author live?",
                      "What is the difference between main and contrib?", "thanks", "???", ""));
INSTANTIATE_TEST_SUITE_P(German, StandsAlone,
                         ::testing::Values("Gibt es eine Liste der Häfen?", "Wie lang ist die Brücke?",
                                           "Wenn die Fähre kommt, wann legt sie ab?",
                                           "Ist es möglich, Fahrräder mitzunehmen?", "Was kostet das Fahrrad?",
                                           "Wann können Sie kommen?"));
INSTANTIATE_TEST_SUITE_P(Chinese, StandsAlone,
                         ::testing::Values("渡船的最高速度是多少？", "其他软件包在哪里？",
                                           "如果软件包失败，它怎么删除？"));

TEST(FollowUp, TheFirstQuestionStandsAlone) {
  EXPECT_EQ(follow_up("Why is it so?", {}).query, "Why is it so?");
  EXPECT_EQ(follow_up("Why is it so?", {}).because, "");
}

// The questions that retrieval and counting are measured with: each stands alone, whatever was asked before.
TEST(FollowUp, NoQuestionThatWasWrittenToStandAloneIsTouched) {
  std::size_t asked = 0;
  for (const auto& [name, column] : {std::pair("debian", 2), std::pair("fresh", 2), std::pair("sets", 1)}) {
    std::ifstream file(std::string(DOCMIND_SOURCE_DIR "/tests/data/") + name + "_questions.tsv");
    for (std::string line; std::getline(file, line); ++asked) {
      std::istringstream fields(line);
      std::string question;
      for (int i = 0; i <= column; ++i) std::getline(fields, question, '\t');
      EXPECT_EQ(after("What is the maximum speed of the ferry?", question.c_str()).query, question);
    }
  }
  EXPECT_GE(asked, 190U);
}

TEST(FollowUp, HeAndSheAreFoundInTheAnswer) {
  const FollowUp found =
      after("Who built the ferry?", "When did she die?", "The ferry was built by Anna Weber of Kiel.");
  EXPECT_EQ(found.query, "When did Anna Weber die?");
}

TEST(FollowUp, AChainKeepsItsSubject) {
  std::vector<EarlierTurn> earlier = {{"Who wrote the Debian manual?", ""}};
  for (const char* asked : {"When was it published?", "Where was it printed?"}) {
    const FollowUp found = follow_up(asked, earlier);
    EXPECT_THAT(found.query, HasSubstr("the Debian manual")) << asked;
    earlier.push_back({found.query, ""});
  }
}

TEST(FollowUp, TheSecondOneIsTheSecondParagraph) {
  const FollowUp found =
      after("Which bridges are there?", "How long is the second one?", "The Oak Bridge.\n\nThe Elm Bridge.");
  EXPECT_THAT(found.query, HasSubstr("Elm Bridge"));
  EXPECT_EQ(found.because, "the second one");
}

TEST(FollowUp, HostileQuestionsAreLeftAsTheyAre) {
  const std::vector<EarlierTurn> earlier = {{"What is a ferry?", ""}};
  const std::string broken = "Why is it \xff\xfe?";
  EXPECT_EQ(follow_up(broken, earlier).query, broken);
  const std::string nul = std::string("Why\0is it?", 10);
  EXPECT_EQ(follow_up(nul, earlier).because, "it");
  std::string huge = "Is it ";
  while (huge.size() < 100'000) huge += "very ";
  EXPECT_EQ(follow_up(huge, earlier).query, huge);
  const std::vector<EarlierTurn> wide = {{std::string(100'000, 'x') + "?", std::string(100'000, '\n')}};
  EXPECT_LT(follow_up("Why?", wide).query.size(), 1000U);
  const std::vector<EarlierTurn> empty = {{"", ""}};
  EXPECT_EQ(follow_up("Why?", empty).query, "Why?");
}

}  // namespace
}  // namespace docmind::agents
