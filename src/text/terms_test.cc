#include "text/terms.h"

#include <gmock/gmock.h>

#include <random>

#include "base/utf8.h"

namespace docmind::text {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> texts(std::string_view text) {
  std::vector<std::string> out;
  for (const Term& term : terms(text)) out.push_back((term.colocated ? "+" : "") + term.text);
  return out;
}

TEST(Terms, LowerCasesAndStems) {
  EXPECT_THAT(texts("Packages are CONVERTED, easily!"), ElementsAre("packag", "ar", "convert", "easili"));
}

TEST(Terms, KeepsACompositeWordWholeAndGivesItsParts) {
  EXPECT_THAT(texts("Edit sources.list."), ElementsAre("edit", "sources.list", "+sourc", "+list"));
  EXPECT_THAT(texts("dpkg-source -x"), ElementsAre("dpkg-source", "+dpkg", "+sourc", "x"));
  EXPECT_THAT(texts("$HOME"), ElementsAre("$home", "+home"));
  EXPECT_THAT(texts("version 3.10.2"), ElementsAre("version", "3.10.2", "+10"));
  EXPECT_THAT(texts("python3"), ElementsAre("python3", "+python"));
  EXPECT_THAT(texts("1993"), ElementsAre("1993"));
}

TEST(Terms, GivesTheSegmentsOfAPath) {
  EXPECT_THAT(texts("/etc/apt/sources.list:"),
              ElementsAre("etc/apt/sources.list", "+sources.list", "+etc", "+apt", "+sourc", "+list"));
}

TEST(Terms, AccentsAlsoWithout) { EXPECT_THAT(texts("Café"), ElementsAre("café", "+cafe")); }

TEST(Terms, PairsOfCharactersWhereWordsHaveNoSpaces) {
  EXPECT_THAT(texts("文档引用"), ElementsAre("文档", "档引", "引用"));
  EXPECT_THAT(texts("本"), ElementsAre("本"));
  EXPECT_THAT(texts("サーバー"), ElementsAre("サー", "ーバ", "バー"));
  EXPECT_THAT(texts("ไทย"), ElementsAre("ไท", "ทย"));
  EXPECT_THAT(texts("DocMind文档v2"), ElementsAre("docmind", "文档", "v2", "+v"));
}

TEST(Terms, SpansPointAtTheBytes) {
  const std::string text = "Ändere /etc/fstab, 文档";
  for (const Term& term : terms(text)) {
    EXPECT_TRUE(is_char_border(text, term.span.start) && is_char_border(text, term.span.end));
    EXPECT_LT(term.span.start, term.span.end);
  }
  EXPECT_EQ(text.substr(terms(text)[2].span.start, 9), "etc/fstab");
}

TEST(Terms, NothingInNothing) {
  EXPECT_THAT(texts(""), IsEmpty());
  EXPECT_THAT(texts(" \n--- ... $ "), IsEmpty());
}

TEST(Terms, BoundsGiantWords) {
  const std::vector<Term> of_letters = terms(std::string(1U << 20U, 'a'));
  ASSERT_EQ(of_letters.size(), 1U);
  EXPECT_EQ(of_letters[0].text.size(), kMaxTermBytes);
  std::string mixed;
  for (int i = 0; i < 20000; ++i) mixed += "ab1.";
  for (const Term& term : terms(mixed)) EXPECT_LE(term.text.size(), kMaxTermBytes);
}

TEST(Terms, SurvivesRandomBytes) {
  std::minstd_rand random(7);
  for (int round = 0; round < 300; ++round) {
    std::string bytes(random() % 200, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    for (const Term& term : terms(bytes)) {
      EXPECT_TRUE(is_utf8(term.text));
      EXPECT_LE(term.span.end, bytes.size());
    }
  }
}

TEST(QueryTerms, DropsFunctionWords) {
  EXPECT_THAT(query_terms("How do I want to use the sources.list file?"),
              ElementsAre("sources.list", "sourc", "list", "file"));
  EXPECT_THAT(query_terms("What's Debian's way?"), ElementsAre("debian"));
}

TEST(QueryTerms, KeepsThemWhenNothingElseIsLeft) {
  EXPECT_THAT(query_terms("To be or not?"), ElementsAre("to", "be", "or", "not"));
}

TEST(FunctionWords, AreFoundByName) {
  for (const std::string_view word : {"use", "make", "need", "want", "tell", "find", "way", "the"}) {
    EXPECT_TRUE(is_function_word(word)) << word;
  }
  EXPECT_FALSE(is_function_word("package"));
  EXPECT_GE(function_words().size(), 150U);
}

}  // namespace
}  // namespace docmind::text
