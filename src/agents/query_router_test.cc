#include "agents/query_router.h"

#include <gtest/gtest.h>

namespace docmind::agents {
namespace {

TEST(QueryRouter, AQuestionInWordsIsHybrid) {
  const auto routing = route("  What is\n a  sponsor? ");
  ASSERT_TRUE(routing);
  EXPECT_EQ(routing->route, Route::kHybrid);
  EXPECT_EQ(routing->question, "What is a sponsor?");
}

TEST(QueryRouter, IdentifiersGoByKeyword) {
  for (const char* text : {"DEB_BUILD_OPTIONS", "dpkg-source --unpack", "/etc/apt/sources.list"}) {
    const auto routing = route(text);
    ASSERT_TRUE(routing);
    EXPECT_EQ(routing->route, Route::kKeyword) << text;
  }
  EXPECT_EQ(route("dpkg-source options")->route, Route::kHybrid);
}

TEST(QueryRouter, AQuotedPhraseGoesByKeywordWithoutItsQuotes) {
  EXPECT_EQ(route("\"social contract\"")->route, Route::kKeyword);
  EXPECT_EQ(route("\"social contract\"")->question, "social contract");
  EXPECT_EQ(route("\u201csocial contract\u201d")->question, "social contract");
  EXPECT_EQ(route("\"one\" and \"two\"")->route, Route::kHybrid);
}

TEST(QueryRouter, NothingToAsk) {
  EXPECT_EQ(route("").error().code, Code::kInvalidArgument);
  EXPECT_EQ(route(" \n\t ").error().code, Code::kInvalidArgument);
  EXPECT_EQ(route(std::string(9000, 'x')).error().code, Code::kInvalidArgument);
}

}  // namespace
}  // namespace docmind::agents
