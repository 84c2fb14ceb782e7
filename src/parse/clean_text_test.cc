#include "parse/clean_text.h"

#include <gtest/gtest.h>

namespace docmind::parse {
namespace {

TEST(Prose, CollapsesWhiteSpaceAndKeepsHardBreaks) {
  EXPECT_EQ(prose("  a \t\n b\r\nc  "), "a b c");
  EXPECT_EQ(prose("a \xe2\x80\xa8 b"), "a\nb");
  EXPECT_EQ(prose("a\xc2\xa0"
                  "b\xe3\x80\x80"
                  "c"),
            "a b c");
  EXPECT_EQ(prose(""), "");
  EXPECT_EQ(prose(" \n\xe2\x80\x8b "), "");
}

TEST(Prose, JoinsLinesOfUnspacedScripts) {
  EXPECT_EQ(prose("中文\n文字"), "中文文字");
  EXPECT_EQ(prose("これは\n  日本語"), "これは日本語");
  EXPECT_EQ(prose("中文 文字"), "中文 文字");
  EXPECT_EQ(prose("使用\ndpkg"), "使用 dpkg");
  EXPECT_EQ(prose("한국어\n문장"), "한국어 문장");
}

TEST(Prose, DropsInvisibleCharacters) {
  EXPECT_EQ(prose("a\xe2\x80\xae"
                  "b\xe2\x80\x8b"
                  "c\xef\xbb\xbf"),
            "abc");
  EXPECT_EQ(prose(std::string_view("a\0b\x07"
                                   "c\xc2\xad"
                                   "d",
                                   8)),
            "abcd");
  EXPECT_EQ(prose("می\xe2\x80\x8cخواهم"), "می\xe2\x80\x8cخواهم");  // Spelled with a non-joiner.
}

TEST(Prose, IsNfc) {
  EXPECT_EQ(prose("e\xcc\x81"
                  "a\xe2\x80\x8b\xcc\x88"),
            "éä");
}

TEST(Code, KeepsLinesAndIndentation) {
  EXPECT_EQ(code("\n\n  if x:\n    y()  \n\n  z()\n \n"), "  if x:\n    y()\n\n  z()");
  EXPECT_EQ(code("a\r\nb\rc"), "a\nb\nc");
  EXPECT_EQ(code("\ta\xc2\xa0"
                 "b"),
            "\ta b");
  EXPECT_EQ(code(" \n\t\n"), "");
}

TEST(IsBlank, LooksThroughInvisibleCharacters) {
  EXPECT_TRUE(is_blank(" \xe2\x80\x8b\xc2\xa0\xe2\x80\xa8"));
  EXPECT_FALSE(is_blank(" ."));
}

}  // namespace
}  // namespace docmind::parse
