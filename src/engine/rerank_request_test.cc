#include "engine/rerank_request.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "engine/embeddings_request.h"

namespace docmind::engine {
namespace {

TEST(RerankRequest, InJinasAndCoheresShape) {
  const auto request = parse_rerank_request(
      R"({"model":"m","query":"q","documents":["a",{"text":"中文","id":3}],"top_n":1,"return_documents":true,"x":1})");
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->model, "m");
  EXPECT_EQ(request->query, "q");
  EXPECT_EQ(request->documents, (std::vector<std::string>{"a", "中文"}));
  EXPECT_EQ(request->top_n, 1U);
  EXPECT_TRUE(request->return_documents);
  EXPECT_FALSE(request->raw_scores);
  const auto least = parse_rerank_request(R"({"query":"q","documents":["","b"],"top_n":null,"model":null})");
  ASSERT_TRUE(least);
  EXPECT_EQ(least->top_n, 2U);
  EXPECT_FALSE(least->return_documents);
  EXPECT_EQ(parse_rerank_request(R"({"query":"q","documents":["a"],"top_n":1000000})")->top_n, 1U);
}

TEST(RerankRequest, MistakesAreNamed) {
  const std::pair<const char*, const char*> cases[] = {
      {"", ""},
      {"[]", "not a JSON object"},
      {R"({"documents":["a"]})", "query"},
      {R"({"query":"","documents":["a"]})", "query"},
      {R"({"query":["q"],"documents":["a"]})", "query"},
      {R"({"query":"q"})", "documents"},
      {R"({"query":"q","documents":[]})", "documents"},
      {R"({"query":"q","documents":"a"})", "documents"},
      {R"({"query":"q","documents":[3]})", "documents"},
      {R"({"query":"q","documents":[{"body":"a"}]})", "documents"},
      {R"({"query":"q","documents":["a"],"top_n":0})", "top_n"},
      {R"({"query":"q","documents":["a"],"top_n":-1})", "top_n"},
      {R"({"query":"q","documents":["a"],"top_n":1.5})", "top_n"},
      {R"({"query":"q","documents":["a"],"return_documents":1})", "return_documents"},
      {R"({"query":"q","documents":["a"],"raw_scores":"yes"})", "raw_scores"},
      {R"({"query":"q","documents":["a"],"model":3})", "model"}};
  for (const auto& [body, word] : cases) {
    const auto request = parse_rerank_request(body);
    ASSERT_FALSE(request) << body;
    EXPECT_EQ(request.error().code, Code::kInvalidArgument) << body;
    EXPECT_NE(request.error().message.find(word), std::string::npos) << request.error().message;
  }
  std::string many = R"({"query":"q","documents":["a")";
  for (std::size_t i = 0; i < kMaxInputs; ++i) many += R"(,"a")";
  EXPECT_NE(parse_rerank_request(many + "]}").error().message.find("1024"), std::string::npos);
}

TEST(RerankBody, BestFirstAndEqualOnesInTheirOrder) {
  const RerankRequest request{.query = "q", .documents = {"a", "b", "c", "d"}, .model = "", .top_n = 3};
  const auto body = *parse_json(rerank_body(request, "m", {.scores = {0, 2, -30, 2}, .tokens = 17}));
  EXPECT_EQ(body.at("model").as_string(), "m");
  EXPECT_EQ(body.at("usage").at("total_tokens").as_int64(), 17);
  const auto& results = body.at("results").as_array();
  ASSERT_EQ(results.size(), 3U);
  EXPECT_EQ(results[0].at("index").as_int64(), 1);
  EXPECT_EQ(results[1].at("index").as_int64(), 3);
  EXPECT_EQ(results[2].at("index").as_int64(), 0);
  EXPECT_NEAR(results[0].at("relevance_score").as_double(), 0.880797, 1e-6);
  EXPECT_EQ(results[2].at("relevance_score").to_number<double>(), 0.5);
  EXPECT_FALSE(results[0].as_object().contains("document"));
}

TEST(RerankBody, RawScoresAndDocumentsWhenAsked) {
  const RerankRequest request{
      .query = "q", .documents = {"a\xff", "b"}, .model = "", .top_n = 2, .return_documents = true, .raw_scores = true};
  const auto body = *parse_json(rerank_body(request, "m", {.scores = {-100, 100}, .tokens = 1}));
  const auto& results = body.at("results").as_array();
  EXPECT_EQ(results[0].at("relevance_score").to_number<double>(), 100);
  EXPECT_EQ(results[0].at("document").at("text").as_string(), "b");
  EXPECT_EQ(results[1].at("relevance_score").to_number<double>(), -100);
  // Without raw_scores very large ones stay numbers from 0 to 1.
  RerankRequest shown = request;
  shown.raw_scores = false;
  const auto bounded = *parse_json(rerank_body(shown, "m", {.scores = {-1e30F, 1e30F}, .tokens = 1}));
  EXPECT_EQ(bounded.at("results").at(0).at("relevance_score").to_number<double>(), 1);
  EXPECT_EQ(bounded.at("results").at(1).at("relevance_score").to_number<double>(), 0);
}

}  // namespace
}  // namespace docmind::engine
