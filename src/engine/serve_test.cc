#include "engine/serve.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cmath>
#include <cstring>
#include <thread>

#include "base/base64.h"
#include "base/hash.h"
#include "base/json.h"
#include "engine/testing/tiny_causal.h"
#include "engine/testing/tiny_encoder.h"
#include "engine/testing/tiny_reranker.h"
#include "net/client.h"
#include "obs/log.h"
#include "sys/clock.h"

namespace docmind::engine {
namespace {

namespace json = boost::json;

// An engine that runs with a model.
template <typename Model>
class Serving : public testing::Test {
 protected:
  void SetUp() override {
    options_.chat.model_path = model_.path();
    options_.chat.threads = 2;
    options_.socket_path = (model_.folder() / "e.sock").string();
    engine_ = std::jthread([this](const std::stop_token& stop) {
      const auto served = serve(options_, {clock_, files_, log_}, stop);
      EXPECT_TRUE(served) << served.error().message;
    });
    client_ = *net::Client::open();
    while (send("GET", "/health").status != 200) std::this_thread::yield();
  }

  net::Response send(std::string method, std::string path, std::string body = {}) {
    net::Request request;
    request.method = std::move(method);
    request.target.path = std::move(path);
    request.body = std::move(body);
    auto response = client_->send({.unix_path = options_.socket_path}, request);
    return response ? *std::move(response) : net::Response{.status = 0, .headers = {}, .body = {}};
  }
  json::value ok(std::string method, std::string path, std::string body = {}) {
    const net::Response response = send(std::move(method), std::move(path), std::move(body));
    EXPECT_EQ(response.status, 200) << response.body;
    return *parse_json(response.body);
  }

  Model model_;
  sys::RealClock clock_;
  sys::RealFiles files_;
  obs::Log log_;
  EngineOptions options_;
  std::unique_ptr<net::Client> client_;
  std::jthread engine_;
};

using ServeTest = Serving<TinyModel>;
using ServeReranker = Serving<TinyReranker>;

class ServeChat : public Serving<TinyCausal> {
 protected:
  void SetUp() override {
    options_.chat.context = 1024;
    options_.chat.kv_folder = (model_.folder() / "kv").string();
    Serving::SetUp();
  }
};

TEST_F(ServeTest, SaysWhatItsModelIs) {
  const json::value models = ok("GET", "/v1/models");
  const json::value& model = models.at("data").as_array().at(0);
  EXPECT_EQ(model.at("id"), "tiny");
  EXPECT_EQ(model.at("dimensions"), 32);
  EXPECT_EQ(model.at("window"), 16);
  EXPECT_EQ(model.at("pooling"), "mean");
  EXPECT_EQ(model.at("hash"), json::value(content_hash(*files_.read(model_.path(), 1U << 20U)).hex()));
}

TEST_F(ServeTest, BothEncodingsGiveTheSameVectors) {
  const std::string body = R"({"input":["the cat sat. a dog"],"spans":[[[0,12],[13,18]]],"model":"tiny",)";
  const json::value numbers = ok("POST", "/v1/embeddings", body + R"("encoding_format":"float"})");
  const json::value packed = ok("POST", "/v1/embeddings", body + R"("encoding_format":"base64"})");
  const json::value& a = numbers.at("data").as_array().at(0);
  const json::value& b = packed.at("data").as_array().at(0);
  const auto same = [](const json::value& list, const json::value& text) {
    const auto expected = json::value_to<std::vector<float>>(list);
    const std::string bytes = *from_base64(std::string_view(text.as_string()));
    std::vector<float> vector(32);
    ASSERT_EQ(bytes.size(), vector.size() * sizeof(float));
    std::memcpy(vector.data(), bytes.data(), bytes.size());
    double squares = 0;
    for (std::size_t i = 0; i < vector.size(); ++i) {
      EXPECT_NEAR(vector[i], expected[i], 1e-6);
      squares += vector[i] * vector[i];
    }
    EXPECT_NEAR(squares, 1, 1e-5);
  };
  same(a.at("embedding"), b.at("embedding"));
  ASSERT_EQ(a.at("span_embeddings").as_array().size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    same(a.at("span_embeddings").as_array()[i], b.at("span_embeddings").as_array()[i]);
  }
  EXPECT_EQ(numbers.at("usage").at("prompt_tokens"), 8);
}

TEST_F(ServeTest, AnswersAPlainOpenAiRequest) {
  const json::value reply = ok("POST", "/v1/embeddings", R"({"input":"the cat"})");
  EXPECT_EQ(reply.at("data").as_array().size(), 1U);
  EXPECT_EQ(reply.at("data").as_array()[0].at("embedding").as_array().size(), 32U);
}

TEST_F(ServeTest, CountsTokens) {
  EXPECT_EQ(ok("POST", "/tokenize", R"({"texts":["the cat sat.",""," cats"]})").at("counts"),
            json::value(json::array{4, 0, 2}));
}

TEST_F(ServeTest, RefusesWhatItDoesNotUnderstand) {
  std::string too_many = R"({"input":["")";
  for (int i = 0; i < 1024; ++i) too_many += R"(,"")";
  for (const std::string& body : std::vector<std::string>{
           "", "[]", "{", "{}", R"({"input":[]})", R"({"input":[1]})", R"({"input":{"a":1}})", "{\"input\":\"\xff\"}",
           R"({"input":"a","spans":[]})", R"({"input":"a","spans":[[[0]]]})", R"({"input":"a","spans":[[[0,2]]]})",
           R"({"input":"a","spans":[[[-1,1]]]})", R"({"input":"a","spans":[[[0.5,1]]]})",
           R"({"input":"ab","spans":[[[1,2],[0,1]]]})", R"({"input":"a","encoding_format":"hex"})",
           R"({"input":"a","model":7})", too_many + "]}"}) {
    const net::Response response = send("POST", "/v1/embeddings", body);
    EXPECT_EQ(response.status, 400) << body.substr(0, 80);
    EXPECT_NE(response.body.find("\"message\""), std::string::npos);
  }
  EXPECT_EQ(send("POST", "/v1/embeddings", R"({"input":"a","model":"other"})").status, 404);
  EXPECT_EQ(send("POST", "/tokenize", R"({"texts":7})").status, 400);
  EXPECT_EQ(send("GET", "/v1/embeddings").status, 404);
  EXPECT_EQ(send("GET", "/nothing").status, 404);
  EXPECT_EQ(send("POST", "/v1/embeddings", R"({"input":"the cat"})").status, 200);
}

TEST_F(ServeTest, TwoClientsAtOnce) {
  std::string texts = "\"the cat sat on the mat\"";
  for (int i = 0; i < 50; ++i) texts += ",\"a dog, a cat. the mat\"";
  std::vector<std::jthread> clients;
  for (int c = 0; c < 2; ++c) {
    clients.emplace_back([&] {
      for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(ok("POST", "/v1/embeddings", "{\"input\":[" + texts + "]}").at("data").as_array().size(), 51U);
      }
    });
  }
}

TEST_F(ServeTest, ComputesWithAShareOfItsThreads) {
  const auto threads = [](const json::value& told) { return told.at("threads").to_number<int>(); };
  EXPECT_EQ(threads(ok("GET", "/threads")), 2);
  EXPECT_EQ(ok("GET", "/threads").at("of"), 2);
  const auto vector = [&] { return ok("POST", "/v1/embeddings", R"({"input":["the cat"," a dog"]})"); };
  const json::value before = vector();
  EXPECT_EQ(threads(ok("POST", "/threads", R"({"share":0.5})")), 1);
  EXPECT_EQ(threads(ok("POST", "/threads", R"({"share":0.01})")), 1) << "at least one";
  EXPECT_EQ(vector(), before);
  EXPECT_EQ(threads(ok("POST", "/threads", R"({"share":1})")), 2);
  EXPECT_EQ(vector(), before);
  for (const char* bad :
       {"", "{}", "[]", R"({"share":0})", R"({"share":-1})", R"({"share":1.1})", R"({"share":"x"})"}) {
    EXPECT_EQ(send("POST", "/threads", bad).status, 400) << bad;
  }
  EXPECT_EQ(threads(ok("GET", "/threads")), 2);
}

TEST_F(ServeReranker, ScoresDocuments) {
  const json::value models = ok("GET", "/v1/models");
  EXPECT_EQ(models.at("data").at(0).at("capabilities").at(0), "rerank");
  EXPECT_EQ(models.at("data").at(0).at("hash").as_string().size(), 64U);
  const std::string body = R"({"query":"the cat","documents":["the cat sat","a dog","the mat"]})";
  const json::value all = ok("POST", "/v1/rerank", body);
  EXPECT_EQ(all.at("results").as_array().size(), 3U);
  EXPECT_EQ(ok("POST", "/threads", R"({"share":0.5})").at("threads"), 1);
  EXPECT_EQ(ok("POST", "/v1/rerank", body).at("results"), all.at("results"));
  EXPECT_EQ(send("POST", "/v1/rerank", R"({"model":"other","query":"a","documents":["b"]})").status, 404);
  EXPECT_EQ(send("POST", "/v1/rerank", R"({"query":7})").status, 400);
  EXPECT_EQ(send("POST", "/v1/embeddings", R"({"input":"a"})").status, 404);
}

TEST_F(ServeChat, WritesAndTellsWhatItHolds) {
  EXPECT_EQ(ok("GET", "/v1/models").at("data").at(0).at("hash").as_string().size(), 64U);
  const std::string body =
      R"({"messages":[{"role":"user","content":"Hello there, ferry!"}],"max_tokens":8,"temperature":0})";
  const auto written = [&] {
    return ok("POST", "/v1/chat/completions", body).at("choices").at(0).at("message").at("content");
  };
  const json::value before = written();
  EXPECT_EQ(ok("POST", "/threads", R"({"share":0.5})").at("threads"), 1);
  EXPECT_EQ(written(), before);
  // An answer is out a moment before its text has left.
  std::string metrics;
  do metrics = send("GET", "/metrics").body;
  while (metrics.find("docmind_engine_texts{state=\"running\"} 0\n") == std::string::npos);
  const auto value = [&](const std::string& series) {
    const auto at = metrics.find("\n" + series + " ");
    EXPECT_NE(at, std::string::npos) << series << "\n" << metrics;
    return at == std::string::npos ? -1 : std::stod(metrics.substr(at + series.size() + 2));
  };
  EXPECT_EQ(value("docmind_engine_tokens_total{source=\"generated\"}"), 16);
  EXPECT_GT(value("docmind_engine_tokens_total{source=\"computed\"}"), 0);
  EXPECT_GT(value("docmind_engine_steps_total"), 8);
  EXPECT_GT(value("docmind_engine_cells{state=\"kept\"}"), 0);
  EXPECT_GT(value("docmind_engine_memory_bytes{part=\"weights\"}"), 0);
  EXPECT_EQ(value("docmind_engine_saved_files_total{event=\"refused\"}"), 0);
}

TEST(Serve, SaysWhyItCannotStart) {
  const TinyModel model;
  sys::RealClock clock;
  sys::RealFiles files;
  const obs::Log log;
  const auto start = [&](const std::string& path, const std::string& socket) {
    EngineOptions options;
    options.chat.model_path = path;
    options.socket_path = socket;
    return serve(options, {clock, files, log}, {}).error().code;
  };
  const std::string socket = (model.folder() / "e.sock").string();
  EXPECT_EQ(start("/nowhere.gguf", socket), Code::kNotFound);
  EXPECT_EQ(start(model.folder().write("bad.gguf", "GGUF"), socket), Code::kInvalidArgument);
  EXPECT_EQ(start(model.path(), "/tmp/" + std::string(200, 'x')), Code::kInvalidArgument);
}

}  // namespace
}  // namespace docmind::engine
