#include "engine/encoder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "engine/testing/tiny_encoder.h"

namespace docmind::engine {
namespace {

class EncoderTest : public testing::Test {
 protected:
  std::vector<float> rows(const std::vector<std::vector<TokenId>>& sequences) {
    const auto out = context_->encode(sequences);
    DM_CHECK(static_cast<bool>(out));
    return {out->begin(), out->end()};
  }

  TinyModel model_;
  std::unique_ptr<Encoder> encoder_ = model_.load();
  std::unique_ptr<EncoderContext> context_ = std::move(contexts_of(*encoder_, 1)[0]);
};

TEST_F(EncoderTest, TokenisesByWordPieces) {
  const auto text = encoder_->tokenise({.text = "The cats, sat on a MAT.", .spans = {}});
  ASSERT_TRUE(text);
  EXPECT_EQ(text->tokens, (std::vector<TokenId>{5, 6, 10, 12, 7, 8, 14, 9, 11}));
}

TEST_F(EncoderTest, EveryTokenOfASpanIsItsOwn) {
  const std::string text = "the cat sat. dog on";
  const auto cut = encoder_->tokenise({.text = text, .spans = {{0, 7}, {7, 12}, {12, 12}, {13, 19}}});
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut->tokens, encoder_->tokenise({.text = text, .spans = {}})->tokens);
  EXPECT_EQ(cut->spans, (std::vector<TokenRange>{{0, 2}, {2, 4}, {4, 4}, {4, 6}}));
}

TEST_F(EncoderTest, AnEmptyTextHasNoTokens) {
  for (const char* text : {"", " \n\t", "\u200b"}) {
    EXPECT_TRUE(encoder_->tokenise({.text = text, .spans = {}})->tokens.empty());
  }
}

TEST_F(EncoderTest, RefusesBrokenTextAndSpans) {
  EXPECT_EQ(encoder_->tokenise({.text = "\xff", .spans = {}}).error().code, Code::kInvalidArgument);
  const std::string text = "\xe4\xb8\xad\xe6\x96\x87";
  for (const std::vector<doc::Span>& spans : std::vector<std::vector<doc::Span>>{
           {{0, 1}}, {{1, 3}}, {{3, 0}}, {{0, 9}}, {{0, 6}, {3, 6}}, {{3, 6}, {0, 3}}, {{~0ULL, ~0ULL}}}) {
    EXPECT_EQ(encoder_->tokenise({.text = text, .spans = spans}).error().code, Code::kInvalidArgument);
  }
}

TEST_F(EncoderTest, ASequenceDoesNotSeeItsNeighbours) {
  const std::vector<TokenId> a{2, 5, 6, 3};
  const std::vector<TokenId> b{2, 13, 7, 8, 5, 9, 3};
  const auto alone = rows({b});
  const auto together = rows({a, b, a});
  ASSERT_EQ(together.size(), (a.size() + b.size() + a.size()) * encoder_->facts().dimensions);
  for (std::size_t i = 0; i < alone.size(); ++i) {
    EXPECT_NEAR(together[a.size() * encoder_->facts().dimensions + i], alone[i], 2e-3);
  }
}

TEST_F(EncoderTest, AShortPassIsTheSameWithAnyNumberOfThreads) {
  auto for_short = EncoderContext::open_short(*encoder_, 2, 1e9);
  ASSERT_TRUE(for_short);
  EXPECT_EQ((*for_short)->threads(), 2U);
  const std::vector<std::vector<TokenId>> question{{2, 5, 6, 7, 8, 5, 13, 3}};
  const std::vector<float> expected = rows(question);
  std::vector<float> first;
  for (const std::uint32_t threads : {1U, 2U, 0U, 99U}) {
    (*for_short)->use_threads(threads);
    const auto got = (*for_short)->encode(question);
    ASSERT_TRUE(got);
    if (first.empty()) first.assign(got->begin(), got->end());
    EXPECT_TRUE(std::ranges::equal(*got, first)) << threads << " threads";
  }
  ASSERT_EQ(first.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(first[i], expected[i], 2e-3);
}

TEST_F(EncoderTest, APassThatTakesTooLongIsOneThreads) {
  const std::vector<std::vector<TokenId>> question{{2, 5, 6, 7, 8, 5, 13, 3}};
  auto for_short = EncoderContext::open_short(*encoder_, 2, 0);
  ASSERT_TRUE(for_short);
  std::vector<float> first;
  for (std::uint64_t pass = 0; pass < 3; ++pass) {
    (*for_short)->use_threads(2);
    const auto got = (*for_short)->encode(question);
    ASSERT_TRUE(got);
    if (first.empty()) first.assign(got->begin(), got->end());
    EXPECT_TRUE(std::ranges::equal(*got, first));
    EXPECT_EQ((*for_short)->given_up(), pass) << "the first one is one thread's anyway";
  }
  (*for_short)->use_threads(1);
  ASSERT_TRUE((*for_short)->encode(question));
  EXPECT_EQ((*for_short)->given_up(), 2U);
}

TEST_F(EncoderTest, AWindowFullOfTokensIsOnePass) {
  const std::vector<TokenId> full(encoder_->facts().window, 5);
  EXPECT_EQ(rows({full}).size(), full.size() * encoder_->facts().dimensions);
  EXPECT_GE(context_->max_tokens(), full.size());
}

TEST_F(EncoderTest, RefusesFilesThatAreNoModels) {
  const auto refused = [&](std::string_view bytes) {
    const auto path = model_.folder().write("bad.gguf", bytes);
    const auto opened = Encoder::open({.model_path = path.string()});
    return !opened && opened.error().code == Code::kInvalidArgument;
  };
  std::string good;
  {
    std::ifstream file(model_.path(), std::ios::binary);
    good.assign(std::istreambuf_iterator<char>(file), {});
  }
  EXPECT_TRUE(refused(""));
  EXPECT_TRUE(refused("GGUF"));
  EXPECT_TRUE(refused("not a model at all"));
  EXPECT_TRUE(refused(good.substr(0, good.size() / 2)));
  EXPECT_TRUE(refused(good.substr(0, 200)));
  EXPECT_FALSE(Encoder::open({.model_path = "/nowhere.gguf"}));
}

}  // namespace
}  // namespace docmind::engine
