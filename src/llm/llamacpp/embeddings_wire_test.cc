#include "llm/llamacpp/embeddings_wire.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/base64.h"

namespace docmind::llamacpp {
namespace {

std::string vector_text(const std::vector<float>& v) {
  return to_base64({reinterpret_cast<const char*>(v.data()), v.size() * sizeof(float)});
}

std::string reply(const std::string& vector, const std::string& span, const std::string& rest = R"("tokens":5)") {
  return R"({"data":[{"index":0,"embedding":")" + vector + R"(","span_embeddings":[")" + span + R"("],)" + rest + "}]}";
}

const std::vector<llm::EmbedInput> kInputs{{.text = "a", .spans = {{0, 1}}}};

TEST(EmbeddingsWire, ReadsAnHonestReply) {
  const std::string body = reply(vector_text({1, 0}), vector_text({0, -1}));
  EXPECT_LE(body.size(), largest_reply(kInputs, 2));
  const auto vectors = parse_embeddings(body, kInputs, 2);
  ASSERT_TRUE(vectors) << vectors.error().message;
  EXPECT_EQ((*vectors)[0].vector, (std::vector<float>{1, 0}));
  EXPECT_EQ((*vectors)[0].spans[0], (std::vector<float>{0, -1}));
  EXPECT_EQ((*vectors)[0].tokens, 5U);
}

TEST(EmbeddingsWire, RefusesEveryLie) {
  const std::string good = vector_text({1, 0});
  const float inf = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const std::string& body :
       {reply(vector_text({1}), good), reply(good, vector_text({1, 2, 3})), reply("", good), reply("????", good),
        reply(vector_text({inf, 0}), good), reply(good, vector_text({nan, 0})), reply(good, good, R"("tokens":-1)"),
        reply(good, good, R"("tokens":0.5)"), reply(good, good, R"("tokens":99999999999)"),
        reply(good, good, R"("token":5)"), reply(good, good + "\",\"" + good), std::string("null"), std::string(),
        std::string(R"({"data":[1]})"), std::string(R"({"data":{"0":1}})"), std::string(5000, '['),
        R"({"data":[{"index":1,"embedding":")" + good + R"(","span_embeddings":[")" + good + R"("],"tokens":1}]})"}) {
    const auto vectors = parse_embeddings(body, kInputs, 2);
    ASSERT_FALSE(vectors) << body.substr(0, 100);
    EXPECT_EQ(vectors.error().code, Code::kDataLoss);
  }
}

TEST(EmbeddingsWire, WritesTextsAndSpans) {
  EXPECT_EQ(embeddings_request(kInputs), R"({"input":["a"],"spans":[[[0,1]]],"encoding_format":"base64"})");
}

TEST(EmbeddingsWire, RefusesAModelWithoutFacts) {
  const std::string hash(64, 'a');
  const auto body = [&](const std::string& facts) { return R"({"data":[{)" + facts + "}]}"; };
  const std::string good = R"("id":"m","dimensions":4,"window":16,"hash":")" + hash + "\"";
  ASSERT_TRUE(parse_models(body(good)));
  for (const std::string& facts : {std::string(), std::string(R"("id":"m","dimensions":4,"window":16,"hash":"xyz")"),
                                   R"("id":"","dimensions":4,"window":16,"hash":")" + hash + "\"",
                                   R"("id":"m","dimensions":0,"window":16,"hash":")" + hash + "\"",
                                   R"("id":"m","dimensions":1e9,"window":16,"hash":")" + hash + "\"",
                                   R"("id":"m","dimensions":4,"window":99999999,"hash":")" + hash + "\""}) {
    EXPECT_FALSE(parse_models(body(facts))) << facts;
  }
  EXPECT_FALSE(parse_models(R"({"data":[]})"));
}

}  // namespace
}  // namespace docmind::llamacpp
