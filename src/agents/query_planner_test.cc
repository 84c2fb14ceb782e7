#include "agents/query_planner.h"

#include <gtest/gtest.h>

namespace docmind::agents {
namespace {

TEST(QueryPlanner, OneQuestionIsOnePart) {
  for (const char* text : {"What is a sponsor?", "Which link does bread and butter need?", "", "and", "Who? and"}) {
    const Plan one = plan(text);
    ASSERT_EQ(one.parts.size(), 1U) << text;
    EXPECT_EQ(one.parts[0].text, text);
    EXPECT_EQ(one.parts[0].asks, text);
  }
}

TEST(QueryPlanner, AHalfThatSaysTooLittleIsSearchedWithTheWhole) {
  const std::string question = "Who founded the Debian project, and in which year?";
  const Plan two = plan(question);
  ASSERT_EQ(two.parts.size(), 2U);
  EXPECT_EQ(two.parts[0].text, "Who founded the Debian project, ");
  EXPECT_EQ(two.parts[1].text, question);
  EXPECT_EQ(two.parts[1].asks, "in which year?");
}

TEST(QueryPlanner, APronounPointsBack) {
  const std::string question = "Where is information about developers kept, and who has to keep it current?";
  const Plan two = plan(question);
  ASSERT_EQ(two.parts.size(), 2U);
  EXPECT_EQ(two.parts[1].text, question);
}

TEST(QueryPlanner, TwoWholeQuestionsAreSearchedApart) {
  const Plan two = plan("What does the Uploaders field hold and which file lists the copyright notices?");
  ASSERT_EQ(two.parts.size(), 2U);
  EXPECT_EQ(two.parts[1].text, "which file lists the copyright notices?");
}

TEST(QueryPlanner, AListOfQuestionsIsCutAtItsCommas) {
  const Plan three =
      plan("What does the Uploaders field hold, which file lists the copyright notices, and who signs the upload?");
  ASSERT_EQ(three.parts.size(), 3U);
  EXPECT_EQ(three.parts[1].asks, "which file lists the copyright notices, ");
  EXPECT_EQ(three.parts[2].asks, "who signs the upload?");
  EXPECT_EQ(plan("What is the limit, which was raised in 2019, of a file?").parts.size(), 1U);  // No "and ...?": one.
  std::string many = "Who a b";
  for (int i = 0; i < 50; ++i) many += ", who a b";
  EXPECT_EQ(plan(many + ", and who a b?").parts.size(), 1U);  // So many are no list of questions.
}

TEST(QueryPlanner, AVerbAsksOnlyAfterAComma) {
  EXPECT_EQ(plan("Am I allowed to sell CDs with Debian, and do I have to pay for it?").parts.size(), 2U);
  EXPECT_EQ(plan("Which things can and will break?").parts.size(), 1U);
}

}  // namespace
}  // namespace docmind::agents
