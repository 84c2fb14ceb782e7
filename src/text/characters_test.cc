#include "text/characters.h"

#include <gtest/gtest.h>

namespace docmind::text {
namespace {

TEST(Characters, LowerCaseOfEveryAlphabet) {
  EXPECT_TRUE(starts_in_lower_case("and"));
  EXPECT_TRUE(starts_in_lower_case("éa"));
  EXPECT_TRUE(starts_in_lower_case("да"));
  EXPECT_FALSE(starts_in_lower_case("And"));
  EXPECT_FALSE(starts_in_lower_case("1a"));
  EXPECT_FALSE(starts_in_lower_case("文a"));
  EXPECT_FALSE(starts_in_lower_case(""));
}

TEST(Characters, WeighsScriptsByWhatTheySay) {
  EXPECT_EQ(weigh("ab 1.").characters, 5U);
  EXPECT_EQ(weigh("ab 1.").letters, 2U);
  EXPECT_EQ(weigh("文档。").characters, 7U);
  EXPECT_EQ(weigh("文档。").letters, 4U);
  EXPECT_EQ(weigh("").characters, 0U);
}

}  // namespace
}  // namespace docmind::text
