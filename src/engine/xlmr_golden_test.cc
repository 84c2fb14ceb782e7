// An imported XLM-RoBERTa against transformers and tokenizers (testing/tiny_xlmr, written by
// tests/golden/make_xlmr_golden.py).
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <numeric>

#include "base/json.h"
#include "engine/embed_queue.h"
#include "engine/encoder.h"
#include "engine/testing/tiny_encoder.h"
#include "engine/testing/tiny_reranker.h"
#include "model/import.h"
#include "model/model_file.h"
#include "sys/files.h"
#include "sys/testing/temp_folder.h"

namespace docmind::engine {
namespace {

const std::string kSource = DOCMIND_SOURCE_DIR "/src/engine/testing/tiny_xlmr";

TEST(XlmRoberta, TokensAndVectorsAreThoseOfTransformers) {
  const sys::TempFolder folder;
  sys::RealFiles files;
  const std::string target = (folder / "tiny.gguf").string();
  const auto imported =
      model::import_model({.source = kSource, .target = target, .weights = model::WeightType::kF32}, files);
  ASSERT_TRUE(imported) << imported.error().message;
  auto opened = Encoder::open({.model_path = target});
  ASSERT_TRUE(opened) << opened.error().message;
  const auto encoder = *std::move(opened);
  EXPECT_EQ(encoder->facts().pooling, Pooling::kCls);
  EXPECT_EQ(encoder->facts().window, 32U);
  EXPECT_EQ(encoder->facts().prefix, std::vector<TokenId>{0});
  EXPECT_EQ(encoder->facts().suffix, std::vector<TokenId>{2});
  EmbedQueue queue(*encoder, contexts_of(*encoder, 1), 4);
  const boost::json::value golden = *parse_json(*files.read(kSource + "/golden.json", 1U << 20U));
  for (const auto& item : golden.as_array()) {
    const std::string text(item.at("text").as_string());
    auto tokens = *encoder->tokenise({.text = text, .spans = {}});
    auto expected = boost::json::value_to<std::vector<TokenId>>(item.at("ids"));
    EXPECT_EQ(tokens.tokens, std::vector<TokenId>(expected.begin() + 1, expected.end() - 1)) << text;
    const auto vectors = queue.embed({std::move(tokens)}, Deadline::never(), {});
    ASSERT_TRUE(vectors);
    const auto reference = boost::json::value_to<std::vector<float>>(item.at("vector"));
    const auto& vector = (*vectors)[0].vector;
    ASSERT_EQ(vector.size(), reference.size());
    EXPECT_GT(std::inner_product(vector.begin(), vector.end(), reference.begin(), 0.0), 0.9999) << text;
  }
}

TEST(XlmRoberta, WithAHeadItIsAReranker) {
  const TinyReranker reranker;
  const auto model = model::read_model_file(reranker.path());
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->purpose, model::Purpose::kReranking);
  EXPECT_EQ(reranker.load()->facts().separator, (std::vector<TokenId>{2, 2}));
  EXPECT_FALSE(Encoder::open({.model_path = reranker.path()}));
}

}  // namespace
}  // namespace docmind::engine
