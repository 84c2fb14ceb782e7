#include "base/ascii.h"

#include <gtest/gtest.h>

namespace docmind {
namespace {

TEST(Ascii, LettersAloneAreLowered) {
  EXPECT_EQ(lowered("AZ az @[`{ 09"), "az az @[`{ 09");
  EXPECT_EQ(lowered("\xc3\x84\xc0\xff"), "\xc3\x84\xc0\xff") << "bytes of UTF-8 stay";
}

TEST(Ascii, ControlsAreWhatNoLineHas) {
  for (const char c : {'\0', '\t', '\n', '\x1f', '\x7f'}) EXPECT_TRUE(is_control(c)) << int{c};
  for (const char c : {' ', '~', '\x80', '\xff'}) EXPECT_FALSE(is_control(c)) << int{c};
  EXPECT_TRUE(has_control("a\nb"));
  EXPECT_FALSE(has_control("ä b"));
  EXPECT_FALSE(has_control(""));
}

}  // namespace
}  // namespace docmind
