#include "server/model_routes.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "base/json_members.h"
#include "llm/testing/fake_backend.h"
#include "net/testing/recording_writer.h"

namespace docmind::server {
namespace {

using llm::testing::FakeBackend;

struct ModelRoutesTest : ::testing::Test {
  // Status 0: none, for it was streamed.
  net::Response answer_to(const std::string& path, const std::string& body) {
    return post(path, body)->value_or(net::Response{.status = 0});
  }
  Result<std::optional<net::Response>> post(const std::string& path, const std::string& body) {
    return routes.post({.method = "POST", .target = {.path = path}, .body = body}, out);
  }

  ManualClock clock;
  FakeBackend chat{"qwen"};
  FakeBackend embedder{"minilm"};
  FakeBackend reranker{"bge"};
  ModelRoutes routes{{{ModelUse::kText, &chat}, {ModelUse::kEmbedding, &embedder}, {ModelUse::kReranking, &reranker}},
                     std::chrono::hours(1),
                     clock};
  net::testing::RecordingWriter out;
};

TEST_F(ModelRoutesTest, ListsWhatIsLoaded) {
  const auto listed = routes.list(Deadline::never(), {});
  EXPECT_EQ(to_text(*listed),
            R"([{"id":"qwen","object":"model"},{"id":"minilm","object":"model"},{"id":"bge","object":"model"}])");
}

TEST_F(ModelRoutesTest, PassesABodyOnAsItIs) {
  chat.reply = {200, R"({"choices":[]})", ""};
  const std::string body = R"({"messages":[],"model":"qwen","ignore_eos":true,"no_such_field":1})";
  const net::Response reply = answer_to("/v1/chat/completions", body);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, R"({"choices":[]})");
  ASSERT_EQ(chat.asked.size(), 1U);
  EXPECT_EQ(chat.asked[0], (std::pair<std::string, std::string>("/v1/chat/completions", body)));
}

TEST_F(ModelRoutesTest, TheOnlyModelOfItsUseNeedsNoName) {
  EXPECT_TRUE(post("/v1/completions", R"({"prompt":"a"})"));
  EXPECT_TRUE(post("/v1/embeddings", R"({"input":"a"})"));
  EXPECT_TRUE(post("/v1/rerank", R"({"query":"a","documents":["b"]})"));
  EXPECT_EQ(chat.asked.size(), 1U);
  EXPECT_EQ(embedder.asked.size(), 1U);
  EXPECT_EQ(reranker.asked.size(), 1U);
}

TEST_F(ModelRoutesTest, RefusesOtherNamesOtherUsesAndOtherBodies) {
  EXPECT_EQ(post("/v1/completions", R"({"model":"gpt-4"})").error().code, Code::kNotFound);
  EXPECT_EQ(post("/v1/completions", R"({"model":"minilm"})").error().code, Code::kNotFound);
  for (const char* body : {"", "[]", "{", "\"a\""}) {
    EXPECT_EQ(post("/v1/completions", body).error().code, Code::kInvalidArgument) << body;
  }
  const ModelRoutes none({}, std::chrono::hours(1), clock);
  const auto nothing = none.post({.target = {.path = "/v1/rerank"}, .body = "{}"}, out);
  EXPECT_NE(nothing.error().hint.find("reranker.model"), std::string::npos);
  EXPECT_EQ(none.post({.target = {.path = "/v1/completions"}, .body = "{}"}, out).error().code, Code::kNotFound);
}

TEST_F(ModelRoutesTest, ErrorsOfTheModelKeepTheirStatus) {
  chat.reply = {429, R"({"error":{}})", "3"};
  const net::Response reply = answer_to("/v1/chat/completions", R"({"stream":true})");
  EXPECT_EQ(reply.status, 429);
  EXPECT_EQ(reply.headers.find("Retry-After"), "3");
  EXPECT_TRUE(out.response.body.empty());
}

TEST_F(ModelRoutesTest, StreamsPieceByPiece) {
  chat.pieces = {"data: 1\n\n", "data: [DONE]\n\n"};
  const auto reply = post("/v1/chat/completions", R"({"stream":true})");
  EXPECT_FALSE(*reply);
  EXPECT_EQ(out.response.body, "data: 1\n\ndata: [DONE]\n\n");
  EXPECT_EQ(out.response.headers.find("Content-Type"), "text/event-stream");
  EXPECT_TRUE(out.ended);
}

TEST_F(ModelRoutesTest, AStreamThatBreaksSaysWhyAndIsNotEnded) {
  chat.pieces = {"data: 1\n\n", "data: {\"cho"};
  chat.breaks = true;
  const auto reply = post("/v1/chat/completions", R"({"stream":true})");
  EXPECT_FALSE(*reply) << "no other reply may follow the pieces";
  EXPECT_FALSE(out.ended);
  const std::string begin = "data: 1\n\ndata: {\"cho\n\ndata: ";
  ASSERT_TRUE(out.response.body.starts_with(begin)) << out.response.body;
  EXPECT_TRUE(out.response.body.ends_with("\n\n"));
  const auto said = parse_json(std::string_view(out.response.body).substr(begin.size()));
  ASSERT_TRUE(said) << "an event is one line";
  EXPECT_EQ(json_text(json_member(json_member(*said, "error"), "code")), "unavailable");
  EXPECT_FALSE(json_text(json_member(json_member(*said, "error"), "message")).empty());
}

TEST_F(ModelRoutesTest, MetricsAreThoseOfTheModelsThatRun) {
  using Pages = std::vector<std::string>;
  EXPECT_EQ(routes.metrics(Deadline::never(), {}),
            (Pages{"texts{model=\"qwen\"} 1\n", "texts{model=\"minilm\"} 1\n", "texts{model=\"bge\"} 1\n"}));
  chat.down = reranker.down = true;
  EXPECT_EQ(routes.metrics(Deadline::never(), {}), (Pages{"", "texts{model=\"minilm\"} 1\n", ""}));
}

TEST_F(ModelRoutesTest, IsReadyOnceEveryModelHasAnswered) {
  chat.down = true;
  EXPECT_EQ(routes.ready(Deadline::never(), {}).error().code, Code::kUnavailable);
  chat.down = false;
  EXPECT_TRUE(routes.ready(Deadline::never(), {}));
  chat.down = true;
  EXPECT_TRUE(routes.ready(Deadline::never(), {})) << "what fails later is for /health";
}

}  // namespace
}  // namespace docmind::server
