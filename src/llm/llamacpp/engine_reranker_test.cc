#include "llm/llamacpp/engine_reranker.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "llm/testing/fake_backend.h"

namespace docmind::llamacpp {
namespace {

class EngineRerankerTest : public ::testing::Test {
 protected:
  Result<std::vector<double>> score(const std::vector<std::string>& documents) {
    return reranker_.score("q", documents, Deadline::never(), {});
  }
  llm::testing::FakeBackend backend_{"bge"};
  EngineReranker reranker_{backend_};
};

TEST_F(EngineRerankerTest, ScoresAreInTheOrderOfTheDocuments) {
  backend_.reply.body = R"({"results":[{"index":1,"relevance_score":3.5},{"index":0,"relevance_score":-2}]})";
  EXPECT_EQ(*score({"a", "中文\n"}), (std::vector<double>{-2, 3.5}));
  ASSERT_EQ(backend_.asked.size(), 1U);
  EXPECT_EQ(backend_.asked[0].first, "/v1/rerank");
  EXPECT_EQ(backend_.asked[0].second, R"({"query":"q","documents":["a","中文\n"],"raw_scores":true})");
}

TEST_F(EngineRerankerTest, NothingInNothingAsked) {
  EXPECT_TRUE(score({})->empty());
  EXPECT_TRUE(backend_.asked.empty());
}

TEST_F(EngineRerankerTest, LongListsGoInSeveralRequests) {
  std::string results;
  for (int i = 0; i < 256; ++i) {
    results += (i == 0 ? "" : ",") + std::string(R"({"relevance_score":1,"index":)") + std::to_string(i) + "}";
  }
  backend_.reply.body = R"({"results":[)" + results + "]}";
  EXPECT_EQ(score(std::vector<std::string>(512, "a"))->size(), 512U);
  EXPECT_EQ(backend_.asked.size(), 2U);
  backend_.asked.clear();
  backend_.reply.body = R"({"results":[{"index":0,"relevance_score":1}]})";
  EXPECT_EQ(score(std::vector<std::string>(3, std::string(700'000, 'a')))->size(), 3U);
  EXPECT_EQ(backend_.asked.size(), 3U);
}

TEST_F(EngineRerankerTest, HostileRepliesAreRefused) {
  for (const char* body : {"", "[]", "{}", R"({"results":[]})", R"({"results":[{"index":0,"relevance_score":1}]})",
                           R"({"results":[{"index":0,"relevance_score":1},{"index":0,"relevance_score":1}]})",
                           R"({"results":[{"index":0,"relevance_score":1},{"index":2,"relevance_score":1}]})",
                           R"({"results":[{"index":0,"relevance_score":1},{"index":-1,"relevance_score":1}]})",
                           R"({"results":[{"index":0,"relevance_score":1},{"index":1,"relevance_score":null}]})",
                           R"({"results":[{"index":0,"relevance_score":1},{"index":1,"relevance_score":1e999}]})",
                           R"({"results":[{"index":0,"relevance_score":1},3]})"}) {
    backend_.reply.body = body;
    EXPECT_EQ(score({"a", "b"}).error().code, Code::kDataLoss) << body;
  }
  backend_.reply.body = std::string(1U << 20U, ' ');
  EXPECT_EQ(score({"a", "b"}).error().code, Code::kDataLoss);
}

TEST_F(EngineRerankerTest, ErrorsOfTheEngineComeThrough) {
  backend_.reply = {429, R"({"error":{"code":"rate_limited","message":"busy","hint":"later"}})", "1"};
  EXPECT_EQ(score({"a"}).error().code, Code::kRateLimited);
  EXPECT_EQ(score({"a"}).error().message, "busy");
  backend_.down = true;
  EXPECT_EQ(score({"a"}).error().code, Code::kUnavailable);
}

}  // namespace
}  // namespace docmind::llamacpp
