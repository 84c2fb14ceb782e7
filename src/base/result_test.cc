#include "base/result.h"

#include <gtest/gtest.h>

namespace docmind {
namespace {

Result<int> half(int n) {
  if (n % 2 != 0) return Error{Code::kInvalidArgument, "odd"};
  return n / 2;
}

Result<int> quarter(int n) {
  const int once = DM_TRY(half(n));
  return half(once).with("the second time");
}

TEST(Result, TryPassesTheErrorUpAndWithSaysWhereItWas) {
  EXPECT_EQ(*quarter(8), 2);
  EXPECT_EQ(quarter(7).error().message, "odd");
  EXPECT_EQ(quarter(6).error().message, "the second time: odd");
  EXPECT_EQ(quarter(6).error().code, Code::kInvalidArgument);
}

TEST(Result, ReadingTheWrongSideIsABugThatEndsTheProgram) {
  EXPECT_DEATH((void)*half(1), "bug: \\*this");
  EXPECT_DEATH((void)half(2).error(), "does not hold");
}

TEST(Code, NamesGoOutAndComeBack) {
  for (int i = 0; i <= static_cast<int>(Code::kInternal); ++i) {
    const auto code = static_cast<Code>(i);
    EXPECT_EQ(code_named(name(code)), code);
  }
  EXPECT_EQ(code_named("nonsense"), Code::kInternal);
  EXPECT_TRUE(retryable(Code::kUnavailable));
  EXPECT_FALSE(retryable(Code::kInvalidArgument));
}

}  // namespace
}  // namespace docmind
