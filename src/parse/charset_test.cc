#include "parse/charset.h"

#include <gtest/gtest.h>

#include "base/utf8.h"

namespace docmind::parse {
namespace {

using namespace std::string_view_literals;

std::string text_of(std::string_view bytes, std::string_view declared = "") {
  const Result<DecodedText> decoded = decode(bytes, declared);
  return decoded ? decoded->text : decoded.error().message;
}

TEST(Decode, ReadsByteOrderMarks) {
  EXPECT_EQ(text_of("\xef\xbb\xbfh\xc3\xa9"), "hé");
  EXPECT_EQ(text_of("\xff\xfeh\0\xe9\0"sv), "hé");
  EXPECT_EQ(text_of("\xfe\xff\0h\0\xe9"sv), "hé");
  EXPECT_EQ(text_of("\xff\xfe\0\0h\0\0\0"sv), "h");
}

TEST(Decode, KnowsUtf16WithoutMark) {
  EXPECT_EQ(text_of("a\0 \0w\0o\0r\0d\0"sv), "a word");
  EXPECT_EQ(text_of("\0a\0 \0w\0o\0r\0d"sv), "a word");
}

TEST(Decode, UsesTheDeclaredCharsetForWhatIsNotUtf8) {
  EXPECT_EQ(text_of("caf\xe9", "iso-8859-1"), "café");
  EXPECT_EQ(text_of("caf\xc3\xa9", "iso-8859-1"), "café");  // The bytes are right, the declaration is not.
  EXPECT_EQ(text_of("\xd6\xd0\xce\xc4", "gb2312"), "中文");
}

TEST(Decode, GuessesOtherCharsets) {
  // "Это обычный русский текст, который записан в старой кодировке." in windows-1251.
  const std::string_view russian =
      "\xdd\xf2\xee \xee\xe1\xfb\xf7\xed\xfb\xe9 \xf0\xf3\xf1\xf1\xea\xe8\xe9 \xf2\xe5\xea\xf1\xf2, "
      "\xea\xee\xf2\xee\xf0\xfb\xe9 "
      "\xe7\xe0\xef\xe8\xf1\xe0\xed \xe2 \xf1\xf2\xe0\xf0\xee\xe9 \xea\xee\xe4\xe8\xf0\xee\xe2\xea\xe5.";
  EXPECT_EQ(text_of(russian), "Это обычный русский текст, который записан в старой кодировке.");
}

TEST(Decode, KeepsUtf8WithFewBrokenPlaces) {
  std::string bytes;
  for (int i = 0; i < 30; ++i) bytes += "中文字 ";
  bytes += "\xff end";
  const Result<DecodedText> decoded = decode(bytes, "");
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->charset, "UTF-8");
  EXPECT_EQ(decoded->replaced, 1U);
  EXPECT_TRUE(is_utf8(decoded->text));
  EXPECT_EQ(replaced_warning(*decoded), "1 characters could not be read as UTF-8 and were replaced.");
}

TEST(Decode, IgnoresNonsenseDeclarations) {
  EXPECT_EQ(text_of("caf\xe9 au lait", "no-such-charset"), text_of("caf\xe9 au lait"));
  EXPECT_EQ(text_of("caf\xe9 au lait", std::string(5'000, 'x')), text_of("caf\xe9 au lait"));
  EXPECT_EQ(text_of(""), "");
}

TEST(CheckIsText, RefusesBinary) {
  EXPECT_TRUE(check_is_text("plain\ttext\r\n\f\x1b[1m"));
  EXPECT_TRUE(check_is_text("\xff\xfeh\0i\0"sv));
  EXPECT_FALSE(check_is_text(std::string(1'000, '\0')));
  std::string mixed(1'000, 'a');
  for (std::size_t i = 0; i < 20; ++i) mixed[i * 50] = '\x01';
  const Result<> refused = check_is_text(mixed);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kInvalidArgument);
  EXPECT_NE(refused.error().message.find("is not text"), std::string::npos);
}

}  // namespace
}  // namespace docmind::parse
