#include "text/sentences.h"

#include <gmock/gmock.h>

#include <random>
#include <string>

#include "base/utf8.h"

namespace docmind::text {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> out;
  for (const doc::Span& span : sentences(text)) out.push_back(text.substr(span.start, span.size()));
  return out;
}

TEST(Sentences, SplitsAtStopsBeforeCapitalsDigitsAndOpeningMarks) {
  EXPECT_THAT(split("One is here. Two is there!  3 is odd? \"Four\" is even. (Five.) Six"),
              ElementsAre("One is here.", "Two is there!", "3 is odd?", "\"Four\" is even.", "(Five.)", "Six"));
}

TEST(Sentences, KeepsClosingMarksWithTheirSentence) {
  EXPECT_THAT(split("He said \"go.\" Then he went. (It was late.) Good."),
              ElementsAre("He said \"go.\"", "Then he went.", "(It was late.)", "Good."));
}

TEST(Sentences, NotAfterAbbreviationsInitialsAndNumbers) {
  EXPECT_THAT(split("See e.g. Debian, cf. Fig. 3 by J. H. M. Dassen et al. (Dr. Who). No. 5 is it. No. It is not."),
              ElementsAre("See e.g. Debian, cf. Fig. 3 by J. H. M. Dassen et al. (Dr. Who).", "No. 5 is it.", "No.",
                          "It is not."));
  EXPECT_THAT(split("1. First do this. 2. Then that."), ElementsAre("1. First do this.", "2. Then that."));
  EXPECT_THAT(split("Version 3.9.2 of sources.list came. It works."),
              ElementsAre("Version 3.9.2 of sources.list came.", "It works."));
}

TEST(Sentences, NotInsideParenthesesUnlessTheyNeverClose) {
  EXPECT_THAT(split("A tool (see below. It is long.) does it. Next."),
              ElementsAre("A tool (see below. It is long.) does it.", "Next."));
  const std::string long_open = "A ( stray one. " + std::string(320, 'x') + ". Next one.";
  EXPECT_EQ(split(long_open).size(), 2U);
}

TEST(Sentences, LowerCaseAfterTheStopGoesOn) {
  EXPECT_THAT(split("The file debian/rules. is a makefile."), ElementsAre("The file debian/rules. is a makefile."));
  EXPECT_THAT(split("And so on... but not more... Really."), ElementsAre("And so on... but not more...", "Really."));
}

TEST(Sentences, HanAndKana) {
  EXPECT_THAT(split("这是第一句。这是第二句！「真的吗？」是的。"),
              ElementsAre("这是第一句。", "这是第二句！", "「真的吗？」", "是的。"));
  EXPECT_THAT(split("版本３．５发布了。Debian 很好。Yes."), ElementsAre("版本３．５发布了。", "Debian 很好。", "Yes."));
  EXPECT_THAT(split("你好!我是人?对"), ElementsAre("你好!", "我是人?", "对"));
}

TEST(Sentences, OtherScripts) {
  EXPECT_THAT(split("यह एक वाक्य है। यह दूसरा है।"), ElementsAre("यह एक वाक्य है।", "यह दूसरा है।"));
  EXPECT_THAT(split("Это первое. Это второе."), ElementsAre("Это первое.", "Это второе."));
  EXPECT_THAT(split("هل هذا سؤال؟ نعم هذا."), ElementsAre("هل هذا سؤال؟", "نعم هذا."));
  std::string thai;
  for (int i = 0; i < 12; ++i) thai += "ภาษาไทยไม่มีเครื่องหมายจบ ";
  EXPECT_GT(split(thai).size(), 1U);
}

TEST(Sentences, Edges) {
  EXPECT_THAT(split(""), IsEmpty());
  EXPECT_THAT(split(" \n\t"), IsEmpty());
  EXPECT_THAT(split("."), ElementsAre("."));
  EXPECT_THAT(split(" one\ntwo "), ElementsAre("one\ntwo"));
  EXPECT_EQ(split(std::string(1U << 20U, 'a')).size(), 1U);
  EXPECT_EQ(split(std::string(1U << 20U, '(')).size(), 1U);
  EXPECT_EQ(split(std::string(1U << 20U, '.')).size(), 1U);
}

TEST(Sentences, HoldEveryByteThatIsNotSpace) {
  const std::string alphabet[] = {"a", "B",  ". ", ".",  "? ", "(", ")", "\"",
                                  " ", "\n", "。", "文", "7",  "ภ", "”", "\u00a0"};
  std::minstd_rand random(3);
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (unsigned i = 0; i < random() % 60; ++i) text += alphabet[random() % std::size(alphabet)];
    std::uint64_t before = 0;
    for (const doc::Span& span : sentences(text)) {
      ASSERT_LT(span.start, span.end);
      ASSERT_TRUE(is_char_border(text, span.start) && is_char_border(text, span.end));
      ASSERT_GE(span.start, before);
      ASSERT_EQ(text.substr(before, span.start - before).find_first_not_of(" \n\t\xc2\xa0"), std::string::npos) << text;
      before = span.end;
    }
    ASSERT_EQ(text.substr(before).find_first_not_of(" \n\t\xc2\xa0"), std::string::npos) << text;
  }
}

TEST(EndsSentence, LooksBehindClosingMarks) {
  EXPECT_TRUE(ends_sentence("So it is."));
  EXPECT_TRUE(ends_sentence("(So it is.)"));
  EXPECT_TRUE(ends_sentence("Is it?” "));
  EXPECT_TRUE(ends_sentence("好。"));
  EXPECT_TRUE(ends_sentence("one;"));
  EXPECT_FALSE(ends_sentence("as follows:"));
  EXPECT_FALSE(ends_sentence("and"));
  EXPECT_FALSE(ends_sentence(""));
  EXPECT_FALSE(ends_sentence("\")"));
}

}  // namespace
}  // namespace docmind::text
