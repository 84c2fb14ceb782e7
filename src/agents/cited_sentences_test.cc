#include "agents/cited_sentences.h"

#include <gtest/gtest.h>

#include "base/utf8.h"

namespace docmind::agents {
namespace {

using Marks = std::vector<std::uint32_t>;

TEST(CitedSentences, MarksInsideAndBehind) {
  const std::string answer = "The horn sounds every 40 seconds [1]. It is old. [2][3] Nobody hears it[4], they say.";
  const auto out = cited_sentences(answer);
  ASSERT_EQ(out.size(), 3U);
  EXPECT_EQ(out[0].text, "The horn sounds every 40 seconds.");
  EXPECT_EQ(out[0].marks, Marks({1}));
  EXPECT_EQ(out[1].text, "It is old.");
  EXPECT_EQ(out[1].marks, Marks({2, 3}));
  EXPECT_EQ(out[2].text, "Nobody hears it, they say.");
  EXPECT_EQ(out[2].marks, Marks({4}));
  EXPECT_EQ(answer.substr(out[1].span.start, out[1].span.end - out[1].span.start), "It is old. [2][3]");
}

TEST(CitedSentences, FormsOfMarks) {
  EXPECT_EQ(cited_sentences("One [1, 2,5].")[0].marks, Marks({1, 2, 5}));
  EXPECT_EQ(cited_sentences("One [2-4].")[0].marks, Marks({2, 3, 4}));
  EXPECT_EQ(cited_sentences("One [2–3] and [3].")[0].marks, Marks({2, 3}));
  EXPECT_EQ(cited_sentences("灯塔建于1887年【1】。")[0].marks, Marks({1}));
  EXPECT_EQ(cited_sentences("One [0] [77].")[0].marks, Marks({0, 77}));
}

TEST(CitedSentences, WhatIsNoMark) {
  for (const char* text :
       {"See [the manual].", "An array `a[1]` is here.", "Range [5-2].", "A [1a].", "A [].", "A [1", "A ]1[."}) {
    const auto out = cited_sentences(text);
    ASSERT_EQ(out.size(), 1U) << text;
    EXPECT_TRUE(out[0].marks.empty()) << text;
  }
  EXPECT_EQ(cited_sentences("An array `a[1]` is here.")[0].text, "An array `a[1]` is here.");
}

TEST(CitedSentences, ListsAndHeadings) {
  const auto out = cited_sentences("## Times\n- The horn sounds [1]\n* It is loud [2]\n\n");
  ASSERT_EQ(out.size(), 3U);
  EXPECT_EQ(out[0].text, "Times");
  EXPECT_TRUE(out[0].marks.empty());
  EXPECT_EQ(out[1].text, "The horn sounds");
  EXPECT_EQ(out[1].marks, Marks({1}));
  EXPECT_EQ(out[2].marks, Marks({2}));
}

TEST(CitedSentences, HostileAnswers) {
  EXPECT_TRUE(cited_sentences("").empty());
  EXPECT_TRUE(cited_sentences("\n \n").empty());
  EXPECT_TRUE(cited_sentences("[1]").empty());
  EXPECT_LE(cited_sentences(std::string(50'000, '\n') + std::string(5'000, '.')).size(), kMaxSentences);
  std::string many;
  for (int i = 0; i < 3'000; ++i) many += "A [1].\n";
  EXPECT_EQ(cited_sentences(many).size(), kMaxSentences);
  std::string marks = "A ";
  for (int i = 0; i < 5'000; ++i) marks += "[" + std::to_string(i) + "]";
  EXPECT_LE(cited_sentences(marks + ".").at(0).marks.size(), 64U);
  EXPECT_TRUE(cited_sentences("A [1-4000000000].").at(0).marks.empty());
  const auto broken = cited_sentences("A \xff\xfe[1]. " + std::string(1, '\0') + "B [2].");
  ASSERT_FALSE(broken.empty());
  for (const CitedSentence& one : broken) EXPECT_TRUE(is_utf8(one.text));
}

}  // namespace
}  // namespace docmind::agents
