#include "llm/openai/http_embedder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cmath>
#include <condition_variable>
#include <cstring>
#include <mutex>

#include "base/base64.h"
#include "base/json.h"
#include "base/json_members.h"
#include "net/server.h"

namespace docmind::openai {
namespace {

namespace json = boost::json;
using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A server of embeddings: a text's vector is the number of its a's, of its b's, and 1.
class Embeddings {
 public:
  Embeddings() {
    server_ = *net::Server::open({}, [this](const net::Request& request, net::ResponseWriter& out) {
      std::unique_lock lock(mutex_);
      if (hangs) {
        changed_.wait(lock, out.stop(), [] { return false; });
        return;
      }
      (void)out.send(answer(request));
    });
    port = *server_->listen_tcp({});
  }
  ~Embeddings() { server_->stop(Deadline::never()); }
  Embeddings(const Embeddings&) = delete;
  Embeddings& operator=(const Embeddings&) = delete;

  std::vector<std::vector<std::string>> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

  std::uint16_t port = 0;
  // Set before the first request.
  bool as_numbers = false;
  bool backwards = false;
  bool hangs = false;
  std::string instead{};
  int status = 200;

 private:
  net::Response answer(const net::Request& request) {
    const json::value body = *parse_json(request.body);
    std::vector<std::string> texts;
    for (const json::value& one : json_list(json_member(body, "input"))) texts.emplace_back(json_text(one));
    requests_.push_back(texts);
    if (!instead.empty()) return net::json_response(status, instead);
    json::array data;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const auto count = [&](char c) { return static_cast<float>(std::ranges::count(texts[i], c)); };
      const std::vector<float> vector = {count('a'), count('b'), 1};
      std::string bytes(vector.size() * sizeof(float), '\0');
      std::memcpy(bytes.data(), vector.data(), bytes.size());
      json::value wire =
          as_numbers ? json::value(json::array(vector.begin(), vector.end())) : json::value(to_base64(bytes));
      data.insert(backwards ? data.begin() : data.end(),
                  json::object{{"index", i}, {"object", "embedding"}, {"embedding", std::move(wire)}});
    }
    return net::json_response(
        200, to_text(json::object{{"data", std::move(data)}, {"usage", {{"prompt_tokens", 10 * texts.size()}}}}));
  }

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<std::vector<std::string>> requests_;
  std::unique_ptr<net::Server> server_;
};

struct HttpEmbedderTest : ::testing::Test {
  std::unique_ptr<HttpEmbedder> embedder(HttpEmbedderOptions options = {}) {
    options.upstream.endpoint.port = server.port;
    options.model = "minilm";
    options.model_hash = "ab12";
    return *HttpEmbedder::open(std::move(options), *client, clock);
  }
  Result<std::vector<llm::Embedding>> embed(HttpEmbedder& by, std::vector<llm::EmbedInput> inputs) {
    return by.embed(inputs, Deadline::never(), {});
  }
  std::vector<std::string> texts() {  // Without the trial.
    std::vector<std::string> out;
    for (const auto& request : server.requests()) out.insert(out.end(), request.begin(), request.end());
    out.erase(out.begin());
    return out;
  }

  Embeddings server;
  std::unique_ptr<net::Client> client = *net::Client::open();
  ManualClock clock;
};

TEST_F(HttpEmbedderTest, SaysWhatItIs) {
  const auto by = embedder({.window = 100});
  const auto info = by->info(Deadline::never(), {});
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_EQ(info->name, "minilm");
  EXPECT_EQ(info->model_hash, "ab12");
  EXPECT_EQ(info->dimensions, 3U);
  EXPECT_EQ(info->window, 100U);
  ASSERT_TRUE(by->info(Deadline::never(), {}));
  EXPECT_THAT(server.requests(), SizeIs(1));
}

TEST_F(HttpEmbedderTest, VectorsComeInOrderAndNormalisedHoweverTheyAreWritten) {
  for (const bool numbers : {false, true}) {
    server.as_numbers = numbers;
    server.backwards = true;
    const auto made = embed(*embedder(), {{"aa bb aa", {{0, 2}, {3, 5}}}, {"船", {}}});
    ASSERT_TRUE(made) << made.error().message;
    ASSERT_THAT(*made, SizeIs(2));
    const auto near = [](float v) { return FloatNear(v, 1e-6F); };
    EXPECT_THAT((*made)[0].vector,
                ElementsAre(near(4 / std::sqrt(21.F)), near(2 / std::sqrt(21.F)), near(1 / std::sqrt(21.F))));
    EXPECT_THAT((*made)[0].spans[0], ElementsAre(near(2 / std::sqrt(5.F)), near(0), near(1 / std::sqrt(5.F))));
    EXPECT_THAT((*made)[0].spans[1], ElementsAre(near(0), near(2 / std::sqrt(5.F)), near(1 / std::sqrt(5.F))));
    EXPECT_THAT((*made)[1].vector, ElementsAre(near(0), near(0), near(1)));
    EXPECT_GT((*made)[0].tokens, 0U);
  }
}

TEST_F(HttpEmbedderTest, WhiteSpaceAloneHasNoVector) {
  const auto made = embed(*embedder(), {{"", {}}, {" \n\t", {{0, 1}}}, {"b  ", {{1, 3}}}});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_THAT((*made)[0].vector, ElementsAre(0, 0, 0));
  EXPECT_THAT((*made)[1].vector, ElementsAre(0, 0, 0));
  EXPECT_THAT((*made)[2].spans[0], ElementsAre(0, 0, 0));
  EXPECT_EQ((*made)[1].tokens, 0U);
  EXPECT_THAT(texts(), ElementsAre("b  "));
  EXPECT_THAT(*embed(*embedder(), {}), IsEmpty());
}

TEST_F(HttpEmbedderTest, LongTextsGoInWindowsAndManyInBatches) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "aaaa ";
  std::string chinese;
  for (int i = 0; i < 50; ++i) chinese += "船";
  const auto made = embed(*embedder({.window = 40, .batch_inputs = 4, .batch_bytes = 70}), {{text, {}}, {chinese, {}}});
  ASSERT_TRUE(made) << made.error().message;
  std::string whole;
  for (const std::string& one : texts()) {
    whole += one;
    EXPECT_LE(one.size(), 32U);
  }
  EXPECT_EQ(whole, text + chinese);
  for (const auto& request : server.requests()) {
    EXPECT_LE(request.size(), 4U);
    std::size_t bytes = 0;
    for (const std::string& one : request) bytes += one.size();
    EXPECT_LE(bytes, 70U);
  }
  EXPECT_GT((*made)[0].vector[0], 0.99F);
  EXPECT_FLOAT_EQ((*made)[1].vector[2], 1);
}

TEST_F(HttpEmbedderTest, WhatIsNoAnswerIsAnError) {
  constexpr const char* kOne = R"({"index":0,"embedding":[1,2]})";
  for (const auto& [body, part] : std::vector<std::pair<std::string, std::string>>{
           {"<html>", "not the JSON"},
           {"[]", "not one vector for each text"},
           {R"({"data":[]})", "not one vector for each text"},
           {std::string(R"({"data":[)") + kOne + "," + kOne + "]}", "not one vector for each text"},
           {R"({"data":[{"index":1,"embedding":[1]}]})", "not told apart"},
           {R"({"data":[{"embedding":[1]}]})", "not told apart"},
           {R"({"data":[{"index":0}]})", "a vector is missing"},
           {R"({"data":[{"index":0,"embedding":[]}]})", "has 0 numbers"},
           {R"({"data":[{"index":0,"embedding":[1,null]}]})", "something else than numbers"},
           {R"({"data":[{"index":0,"embedding":[1,1e300]}]})", "not finite"},
           {R"({"data":[{"index":0,"embedding":[0,0]}]})", "no direction"},
           {R"({"data":[{"index":0,"embedding":"AAAA"}]})", "no base64 of floats"},
           {R"({"data":[{"index":0,"embedding":"AADAfw=="}]})", "not finite"}}) {
    server.instead = body;
    const auto made = embed(*embedder(), {{"a", {}}});
    ASSERT_FALSE(made) << body;
    EXPECT_EQ(made.error().code, Code::kDataLoss) << body;
    EXPECT_THAT(made.error().message, HasSubstr(part)) << body;
  }
}

TEST_F(HttpEmbedderTest, ARefusalIsTheServersOwn) {
  server.instead = R"({"error":{"message":"this model does not support embeddings"}})";
  server.status = 400;
  const auto made = embed(*embedder(), {{"a", {}}});
  EXPECT_EQ(made.error().code, Code::kInvalidArgument);
  EXPECT_THAT(made.error().message, HasSubstr("does not support embeddings"));
}

TEST_F(HttpEmbedderTest, OtherDimensionsThanAtFirstAreRefused) {
  const auto by = embedder();
  ASSERT_TRUE(by->info(Deadline::never(), {}));
  server.instead = R"({"data":[{"index":0,"embedding":[1,2]}]})";
  const auto made = embed(*by, {{"a", {}}});
  EXPECT_THAT(made.error().message, HasSubstr("has 2 numbers, others have 3"));
}

TEST_F(HttpEmbedderTest, IsLeftWhenStopped) {
  server.hangs = true;
  std::stop_source stopped;
  stopped.request_stop();
  EXPECT_EQ(
      embedder()->embed(std::vector<llm::EmbedInput>{{"a", {}}}, Deadline::never(), stopped.get_token()).error().code,
      Code::kCancelled);
}

TEST_F(HttpEmbedderTest, IsNotOpenedWithoutWhatItsVectorsAreKeptUnder) {
  for (const HttpEmbedderOptions& odd : {HttpEmbedderOptions{.model = "m"}, HttpEmbedderOptions{.model_hash = "ab"},
                                         HttpEmbedderOptions{.model = "m", .model_hash = "ab", .window = 8},
                                         HttpEmbedderOptions{.model = "m", .model_hash = "ab", .batch_inputs = 0}}) {
    EXPECT_EQ(HttpEmbedder::open(odd, *client, clock).error().code, Code::kInvalidArgument);
  }
}

}  // namespace
}  // namespace docmind::openai
