#include "cache/guard/normalised.h"

#include <gtest/gtest.h>

#include <string>

namespace docmind::cache {
namespace {

TEST(Normalised, EvensOutCasePunctuationAndBlanks) {
  EXPECT_EQ(normalised("What is the limit?"), "what is the limit");
  EXPECT_EQ(normalised("  what\tIs\nthe \xC2\xA0limit ?! "), "what is the limit");
  EXPECT_EQ(normalised("WHAT IS THE LIMIT"), "what is the limit");
  EXPECT_EQ(normalised("\xEF\xBD\x97hat is, then: (the limit)..."), "what is then the limit");
  EXPECT_EQ(normalised("What\xE2\x80\x99s a cafe\xCC\x81?"), "what's a caf\xC3\xA9");
  EXPECT_EQ(normalised("限制是什么？"), "限制是什么");
  EXPECT_EQ(normalised(""), "");
  EXPECT_EQ(normalised("?!"), "");
}

TEST(Normalised, KeepsApartWhatAsksForSomethingElse) {
  const auto differ = [](const char* a, const char* b) { EXPECT_NE(normalised(a), normalised(b)) << a << " / " << b; };
  differ("Is it -5?", "Is it 5?");
  differ("What is 5²?", "What is 52?");
  differ("What is ½?", "What is 12?");
  differ("Is it 1.5?", "Is it 15?");
  differ("Does it cost $5?", "Does it cost €5?");
  differ("What does -T do?", "What does -t do?");
  differ("What is C++?", "What is C?");
  differ("What is $_?", "What is _?");
  differ("What does \"A b\" mean?", "What does \"a b\" mean?");
  differ("Where is the US?", "Where is the us?");
  differ("What is vitamin A?", "What is vitamin a?");
  differ("What is in README.txt?", "What is in readme.txt?");
  differ("What is .NET?", "What is net?");
  differ("What is in ./a/b?", "What is in a b?");
}

TEST(Normalised, WhatIsQuotedBehindAMarkIsQuoted) {
  EXPECT_EQ(normalised("What is (`ls -l` there?"), normalised("What is `ls -l` there?"));
  const std::string odd = normalised("Jow ;`a d ;`b c");  // Found by fuzzing.
  EXPECT_EQ(normalised(odd), odd);
}

TEST(Normalised, IsItsOwnNormalForm) {
  for (const char* text : {"What's in \"A  b\" (c), -T and $_?", "Is `as \"A  b\" c  d` 'x \"y  Y\" z' ok?",
                           "'A \"b\"  `c`' no", "Is 5 µg of Q1's .NET ok; really?!", "限制 是什么？", "'a' \"b"}) {
    const std::string once = normalised(text);
    EXPECT_EQ(normalised(once), once) << text;
  }
}

TEST(Normalised, TakesAnyBytes) {
  EXPECT_EQ(normalised("What is \xff?"), "What is \xff?");  // Equals itself alone.
  const std::string nul("a\0b", 3);
  EXPECT_EQ(normalised(nul), nul);
  EXPECT_EQ(normalised(std::string(1 << 20, 'A')).size(), std::size_t{1} << 20);
}

}  // namespace
}  // namespace docmind::cache
