#include "base/find.h"

#include <gtest/gtest.h>

namespace docmind {
namespace {

TEST(Find, OneOfSeveralWords) {
  EXPECT_TRUE(contains_any("out of memory", {"alloc", "memory"}));
  EXPECT_FALSE(contains_any("out of time", {"alloc", "memory"}));
  EXPECT_FALSE(contains_any("", {"alloc", "memory"}));
  EXPECT_FALSE(contains_any("memory", {}));
}

TEST(Find, TheLastLine) {
  EXPECT_EQ(last_line("one\ntwo\r\n\n"), "two");
  EXPECT_EQ(last_line("one"), "one");
  EXPECT_EQ(last_line("\n\n"), "");
  EXPECT_EQ(last_line(""), "");
}

}  // namespace
}  // namespace docmind
