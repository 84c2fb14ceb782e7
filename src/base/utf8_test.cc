#include "base/utf8.h"

#include <gtest/gtest.h>

namespace docmind {
namespace {

TEST(Utf8, AcceptsWhatIsWellFormedAndNothingElse) {
  for (const char* good : {"", "abc", "\xc3\xa4", "\xe6\x96\x87", "\xf0\x9f\x98\x80", "\xef\xbb\xbf"})
    EXPECT_TRUE(is_utf8(good)) << good;
  // Lone tail, cut sequence, overlong, surrogate, above U+10FFFF, 5-byte form (RFC 3629, section 3).
  for (const char* bad :
       {"\x80", "\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80"}) {
    EXPECT_FALSE(is_utf8(bad)) << bad;
  }
}

TEST(Utf8, RepairCountsWhatItReplaced) {
  std::uint64_t replaced = 0;
  EXPECT_EQ(to_utf8("a\xff"
                    "b\xc3",
                    replaced),
            "a\xef\xbf\xbd"
            "b\xef\xbf\xbd");
  EXPECT_EQ(replaced, 2U);
}

TEST(Utf8, CodePointsComeBackAsTheyWentIn) {
  for (const char32_t c : {U'a', U'\x7f', U'\x80', U'\x7ff', U'\x800', U'\xffff', U'\x10000', U'\x10ffff'}) {
    std::string text = "x";
    append_utf8(text, c);
    ASSERT_TRUE(is_utf8(text));
    const CodePoint back = code_point_at(text, 1);
    EXPECT_EQ(back.value, c);
    EXPECT_EQ(back.length, text.size() - 1);
    for (std::uint64_t at = 2; at < text.size(); ++at) EXPECT_FALSE(is_char_border(text, at));
    EXPECT_TRUE(is_char_border(text, text.size()));
  }
}

}  // namespace
}  // namespace docmind
