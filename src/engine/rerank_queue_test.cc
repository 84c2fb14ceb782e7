// A reranker against transformers (testing/tiny_xlmr/rerank.json, written by tests/golden/make_rerank_golden.py), and
// what the queue promises.
#include "engine/rerank_queue.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <thread>

#include "base/json.h"
#include "engine/testing/tiny_encoder.h"
#include "engine/testing/tiny_reranker.h"

namespace docmind::engine {
namespace {

class RerankQueueTest : public testing::Test {
 protected:
  RerankScores score(RerankQueue& queue, const std::string& query, const std::vector<std::string>& documents) {
    const auto scores = queue.score(query, documents, Deadline::never(), {});
    EXPECT_TRUE(scores) << scores.error().message;
    return scores ? *scores : RerankScores{};
  }
  static std::string words(std::size_t count, const std::string& last = "") {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += i % 3 == 0 ? "the " : i % 3 == 1 ? "cat " : "sat ";
    return text + last;
  }

  TinyReranker model_;
  std::unique_ptr<Encoder> reranker_ = model_.load();
};

TEST_F(RerankQueueTest, ScoresAreThoseOfTransformers) {
  RerankQueue queue(*reranker_, contexts_of(*reranker_, 1), 4);
  sys::RealFiles files;
  const boost::json::value golden = *parse_json(*files.read(TinyReranker::checkpoint() + "/rerank.json", 1U << 20U));
  for (const auto& item : golden.as_array()) {
    const std::string query(item.at("query").as_string());
    const auto documents = boost::json::value_to<std::vector<std::string>>(item.at("documents"));
    const auto expected = boost::json::value_to<std::vector<float>>(item.at("scores"));
    const RerankScores scores = score(queue, query, documents);
    ASSERT_EQ(scores.scores.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_NEAR(scores.scores[i], expected[i], 5e-4) << query << " / " << documents[i];
    }
    EXPECT_EQ(scores.tokens, item.at("tokens").to_number<std::uint64_t>()) << query;
  }
}

TEST_F(RerankQueueTest, TheSameRequestHasTheSameScoresInAnyCompany) {
  RerankQueue queue(*reranker_, contexts_of(*reranker_, 2), 64);
  constexpr std::size_t kCallers = 6;
  const auto ask = [&](std::size_t caller) {
    std::vector<std::string> documents;
    for (std::size_t i = 0; i < 40; ++i) documents.push_back(words(caller + i));
    return score(queue, words(caller, "dog"), documents).scores;
  };
  std::vector<std::vector<float>> alone;
  for (std::size_t c = 0; c < kCallers; ++c) alone.push_back(ask(c));
  std::vector<std::jthread> callers;
  for (std::size_t c = 0; c < kCallers; ++c) {
    callers.emplace_back([&, c] { EXPECT_EQ(ask(c), alone[c]); });
  }
}

TEST_F(RerankQueueTest, ALongDocumentIsAsGoodAsItsBestPart) {
  RerankQueue queue(*reranker_, contexts_of(*reranker_, 1), 4);
  const std::string query = "a dog";
  // The window of 32 leaves 26 tokens beside the query; one token per word.
  const RerankScores fits = score(queue, query, {words(26)});
  EXPECT_EQ(fits.tokens, 32U);
  const RerankScores cut = score(queue, query, {words(27)});
  EXPECT_EQ(cut.tokens, 64U);
  const RerankScores parts = score(queue, query, {words(26), words(27).substr(words(1).size())});
  EXPECT_NEAR(cut.scores[0], std::max(parts.scores[0], parts.scores[1]), 2e-3);
  EXPECT_NE(parts.scores[0], parts.scores[1]);
  const RerankScores longer = score(queue, query, {words(500)});
  EXPECT_EQ(longer.tokens % 32, 0U);
}

TEST_F(RerankQueueTest, WhatCannotBeScoredIsAnError) {
  RerankQueue queue(*reranker_, contexts_of(*reranker_, 1), 4);
  const auto code = [&](const std::string& query, const std::vector<std::string>& documents) {
    return queue.score(query, documents, Deadline::never(), {}).error().code;
  };
  EXPECT_EQ(code(words(20), {"a"}), Code::kResourceExhausted);
  EXPECT_EQ(code(words(2000), {"a"}), Code::kResourceExhausted);
  EXPECT_EQ(code("\xff", {"a"}), Code::kInvalidArgument);
  EXPECT_EQ(code("a", {"a", "\xc3"}), Code::kInvalidArgument);
  EXPECT_EQ(code("a", std::vector<std::string>(200, words(4000))), Code::kResourceExhausted);
  std::stop_source gone;
  gone.request_stop();
  const std::vector<std::string> one{"a"};
  EXPECT_EQ(queue.score("a", one, Deadline::never(), gone.get_token()).error().code, Code::kCancelled);
  EXPECT_TRUE(queue.score("a", {}, Deadline::never(), {})->scores.empty());
}

TEST_F(RerankQueueTest, OnlyARerankerIsTaken) {
  const TinyModel bert;
  EXPECT_FALSE(Encoder::open({.model_path = bert.path(), .use = EncoderUse::kScores}));
  EXPECT_FALSE(Encoder::open({.model_path = model_.path()}));
}

}  // namespace
}  // namespace docmind::engine
