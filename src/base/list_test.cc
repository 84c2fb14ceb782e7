#include "base/list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace docmind {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(List, WordsWithoutTheSpacesAroundThem) {
  EXPECT_THAT(words_between_commas("vllm, llamacpp ,ollama"), ElementsAre("vllm", "llamacpp", "ollama"));
  EXPECT_THAT(words_between_commas("two words,b"), ElementsAre("two words", "b"));
  EXPECT_THAT(words_between_commas("\u5e06, a, a"), ElementsAre("\u5e06", "a", "a"));
}

TEST(List, EmptyOnesAreLeftOut) {
  for (const char* none : {"", " ", ",", " , ,, "}) EXPECT_THAT(words_between_commas(none), IsEmpty()) << none;
  EXPECT_THAT(words_between_commas(",a,"), ElementsAre("a"));
}

}  // namespace
}  // namespace docmind
