#include "service/question_vectors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "llm/testing/fake_embedder.h"

namespace docmind::service {
namespace {

using testing::ElementsAre;

struct QuestionVectorsTest : testing::Test {
  std::vector<float> of(const std::string& text, std::vector<doc::Span> spans = {}) {
    const llm::EmbedInput input{text, std::move(spans)};
    return vectors.embed({&input, 1}, Deadline::never(), {})->front().vector;
  }
  llm::FakeEmbedder embedder;
  QuestionVectors vectors{embedder};
};

TEST_F(QuestionVectorsTest, OneTextIsComputedOnce) {
  const std::vector<float> first = of("a mast");
  EXPECT_EQ(of("a mast"), first);
  EXPECT_NE(of("a sail"), first);
  EXPECT_THAT(embedder.texts(), ElementsAre("a mast", "a sail"));
}

TEST_F(QuestionVectorsTest, AnotherModelSpansAndSeveralTextsAreComputed) {
  of("a mast");
  of("a mast", {{0, 1}});
  const std::vector<llm::EmbedInput> two{{"a mast", {}}, {"a sail", {}}};
  EXPECT_EQ(vectors.embed(two, Deadline::never(), {})->size(), 2U);
  EXPECT_EQ(embedder.texts().size(), 4U);
  embedder.settings().model_hash = "another";
  of("a mast");
  EXPECT_EQ(embedder.texts().size(), 5U);
}

TEST_F(QuestionVectorsTest, TheOldestIsForgotten) {
  of("first");
  for (std::size_t i = 0; i < QuestionVectors::kMost; ++i) of("question " + std::to_string(i));
  embedder.forget_texts();
  of("question 0");
  EXPECT_TRUE(embedder.texts().empty());
  of("first");
  EXPECT_THAT(embedder.texts(), ElementsAre("first"));
}

TEST_F(QuestionVectorsTest, AnErrorIsNotRemembered) {
  embedder.fail_after(0, {Code::kUnavailable, "away"});
  const llm::EmbedInput input{"a mast", {}};
  EXPECT_EQ(vectors.embed({&input, 1}, Deadline::never(), {}).error().code, Code::kUnavailable);
  embedder.heal();
  EXPECT_FALSE(of("a mast").empty());
}

}  // namespace
}  // namespace docmind::service
