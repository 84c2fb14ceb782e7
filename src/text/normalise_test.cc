#include "text/normalise.h"

#include <gtest/gtest.h>

#include <random>

#include "base/utf8.h"

namespace docmind::text {
namespace {

TEST(Normalise, ComposesLetters) {
  EXPECT_EQ(normalise("e\u0301"), "\u00e9");
  EXPECT_EQ(normalise("\u1112\u1161\u11ab"), "\ud55c");  // Jamo to a syllable.
}

TEST(Normalise, MakesOneLineEnd) {
  EXPECT_EQ(normalise("a\r\nb\rc\nd\u0085e\u2028f\fg"), "a\nb\nc\nd\ne\nf\ng");
  EXPECT_EQ(normalise("\r\n\r\n"), "\n\n");
}

TEST(Normalise, RemovesControlsAndMarksOfOrder) {
  using std::string_view_literals::operator""sv;
  EXPECT_EQ(normalise("\xef\xbb\xbf"
                      "a\0b\x07\tc\x7f\u00adx"sv),
            "ab\tcx");
}

TEST(Normalise, RepairsBrokenBytes) {
  EXPECT_EQ(normalise("a\xff"
                      "b\xc3"),
            "a\ufffd"
            "b\ufffd");
}

TEST(Normalise, TwiceIsOnce) {
  std::minstd_rand random(11);
  for (int round = 0; round < 500; ++round) {
    std::string bytes(random() % 120, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    const std::string once = normalise(bytes);
    EXPECT_TRUE(is_utf8(once));
    EXPECT_EQ(normalise(once), once);
    EXPECT_EQ(once.find_first_of(std::string("\0\r\v\f", 4)), std::string::npos);
  }
}

TEST(Nfc, ComposesAndChangesNothingElse) {
  EXPECT_EQ(nfc("cafe\u0301\r\n\x07\u00ad"), "caf\u00e9\r\n\x07\u00ad");
  EXPECT_EQ(nfc(""), "");
  EXPECT_EQ(nfc("plain"), "plain");
}

}  // namespace
}  // namespace docmind::text
