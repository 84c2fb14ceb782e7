#include "vectors/qdrant/qdrant.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "net/address.h"
#include "net/testing/canned_server.h"
#include "sys/rng.h"
#include "sys/testing/script_server.h"
#include "vectors/testing/store_conformance.h"

namespace docmind::vectors {
namespace {

using net::testing::CannedServer;

const std::string kPython = ".deps/servers/venv/bin/python";
const std::string kScript = "tests/servers/qdrant.py";

struct Opened {
  SteadyClock clock{};
  std::unique_ptr<net::Client> client = *net::Client::open({.connect_timeout = std::chrono::seconds(2)});

  Result<std::unique_ptr<Store>> at(QdrantOptions options, const Collection& collection = {.name = "things"}) {
    return std::unique_ptr<Store>(DM_TRY(Qdrant::open(std::move(options), collection, *client, clock)));
  }
};

// Qdrant's own engine behind a stand-in for its server: tests/servers/qdrant.py says what is real.
template <Search kSearch>
struct InQdrant {
  static constexpr bool kRemote = true;
  sys::ScriptServer server{kPython, kScript};
  Opened opened{};

  Result<std::unique_ptr<Store>> open(const Collection& collection) {
    return opened.at({.endpoint = {.port = server.port()},
                      .search = kSearch,
                      .shards = 2,
                      .replicas = 1,
                      .timeout = std::chrono::seconds(30)},
                     collection);
  }
  void stop() { server.stop(); }
  void start() { server.start(); }
};

INSTANTIATE_TYPED_TEST_SUITE_P(QdrantExact, StoreConformance, InQdrant<Search::kExact>);
INSTANTIATE_TYPED_TEST_SUITE_P(QdrantGraph, StoreConformance, InQdrant<Search::kGraph>);

// A real Qdrant that runs elsewhere: see tests/peers/qdrant.py.
struct AtItsAddress {
  static constexpr bool kRemote = false;
  const char* url = std::getenv("QDRANT_URL");
  Opened opened{};
  sys::RealRng rng{};
  std::string prefix = "docmind_test_" + std::to_string(rng.next());
  Result<std::unique_ptr<Store>> open(const Collection& collection) {
    const char* key = std::getenv("QDRANT_API_KEY");
    const net::Address address = DM_TRY(net::address_of(url));
    opened.client = DM_TRY(net::Client::open({.reach = net::Reach::kAnywhere}));
    return opened.at({.endpoint = address.endpoint,
                      .path = address.path,
                      .api_key = key == nullptr ? "" : key,
                      .prefix = prefix,
                      .timeout = std::chrono::seconds(30)},
                     collection);
  }
  ~AtItsAddress() {
    if (url == nullptr) return;
    if (auto store = open({.name = "things"})) EXPECT_TRUE((*store)->drop(Deadline::never(), {}));
  }
  std::string missing() const { return url == nullptr ? "QDRANT_URL is not set: there is no real Qdrant" : ""; }
  void stop() {}
  void start() {}
};

INSTANTIATE_TYPED_TEST_SUITE_P(QdrantReal, StoreConformance, AtItsAddress);

class QdrantTest : public testing::Test {
 protected:
  Deadline soon() const { return Deadline::in(std::chrono::seconds(60), opened_.clock); }
  std::string body_of_first(std::string_view method, std::string_view path, std::uint16_t port) {
    const net::Request request{.target = {.path = "/requests"}};
    const auto response = opened_.client->send({.port = port}, request, {.deadline = soon()});
    EXPECT_TRUE(response);
    const std::string asked = "\"method\": \"" + std::string(method) + "\", \"path\": \"" + std::string(path) + "\"";
    const std::size_t at = response->body.find(asked);
    if (at == std::string::npos) return "none of " + response->body;
    const std::size_t end = response->body.find("{\"method\"", at);
    return response->body.substr(at + asked.size(), end == std::string::npos ? end : end - at - asked.size());
  }

  Opened opened_{};
};

TEST_F(QdrantTest, MakesItsCollectionAsTheSettingsSay) {
  const sys::ScriptServer server(kPython, kScript, {"--key=secret"});
  auto store = opened_.at({.endpoint = {.port = server.port()},
                           .api_key = "secret",
                           .prefix = "mine",
                           .search = Search::kBinary,
                           .shards = 6,
                           .replicas = 2,
                           .timeout = std::chrono::seconds(30)},
                          {.name = "chunks", .fields = {{"document", FieldKind::kText}}});
  ASSERT_TRUE(store) << store.error().message;
  const auto ensured = (*store)->ensure(8, soon(), {});
  ASSERT_TRUE(ensured) << ensured.error().message;
  EXPECT_EQ(body_of_first("PUT", "/collections/mine_chunks", server.port()),
            ", \"body\": {\"vectors\": {\"text\": {\"size\": 8, \"distance\": \"Cosine\", \"datatype\": \"float16\", "
            "\"on_disk\": true}}, \"on_disk_payload\": true, \"shard_number\": 6, \"replication_factor\": 2, "
            "\"write_consistency_factor\": 2, \"quantization_config\": {\"binary\": {\"always_ram\": true}}}}, ");
  SeededRng rng(3);
  const std::vector<float> query = random_unit(rng, 8);
  ASSERT_TRUE((*store)->upsert(std::vector<Point>{{1, to_halves(query), {}}}, soon(), {}));
  EXPECT_EQ(ids_of((*store)->nearest({.vector = query, .k = 1}, soon(), {})), std::vector<std::int64_t>{1});
  EXPECT_NE(body_of_first("POST", "/collections/mine_chunks/points/query", server.port())
                .find("\"quantization\": {\"ignore\": false, \"rescore\": true, \"oversampling\": 4.0}"),
            std::string::npos);
}

TEST_F(QdrantTest, FindsByBitsAndScoresFromTheVectors) {
  const sys::ScriptServer server(kPython, kScript);
  auto store =
      opened_.at({.endpoint = {.port = server.port()}, .search = Search::kBinary, .timeout = std::chrono::seconds(30)});
  ASSERT_TRUE(store) << store.error().message;
  ASSERT_TRUE((*store)->ensure(256, soon(), {}));
  SeededRng rng(3);
  std::vector<Point> points;
  for (std::int64_t id = 0; id < 500; ++id) points.push_back({id, to_halves(random_unit(rng, 256)), {}});
  ASSERT_TRUE((*store)->upsert(points, soon(), {}));
  const std::vector<float> query = near_to(from_halves(points[77].vector), rng);
  const auto found = (*store)->nearest({.vector = query, .k = 3}, soon(), {});
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->size(), 3U);
  EXPECT_EQ(found->front().id, 77);
  EXPECT_NEAR(found->front().cosine, plain_cosine(query, points[77].vector), 1e-3);
}

TEST_F(QdrantTest, SaysThatTheKeyIsWrong) {
  const sys::ScriptServer server(kPython, kScript, {"--key=secret"});
  auto store = opened_.at({.endpoint = {.port = server.port()}, .api_key = "other"});
  ASSERT_TRUE(store);
  const auto ensured = (*store)->ensure(8, soon(), {});
  ASSERT_FALSE(ensured);
  EXPECT_EQ(ensured.error().code, Code::kUnauthorized);
  EXPECT_EQ(ensured.error().hint, "Set vectors.api_key.");
}

TEST_F(QdrantTest, SaysThatTheVersionIsTooOld) {
  const sys::ScriptServer server(kPython, kScript, {"--version=1.9.7"});
  auto store = opened_.at({.endpoint = {.port = server.port()}});
  ASSERT_TRUE(store);
  const auto ensured = (*store)->ensure(8, soon(), {});
  ASSERT_FALSE(ensured);
  EXPECT_EQ(ensured.error().code, Code::kConflict);
  EXPECT_NE(ensured.error().message.find("is version 1.9.7, and 1.12 is the first"), std::string::npos)
      << ensured.error().message;
}

TEST_F(QdrantTest, ReadsVersions) {
  EXPECT_TRUE(new_enough("1.12.0"));
  EXPECT_TRUE(new_enough("1.17.1-dev"));
  EXPECT_TRUE(new_enough("2.0"));
  for (const std::string_view old : {"1.11.9", "0.20", "1", "", "x", "1.x", "-1.13", ".12"}) {
    EXPECT_FALSE(new_enough(old)) << old;
  }
}

TEST_F(QdrantTest, BelievesNoAnswer) {
  const auto http = [](const std::string& body) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  };
  SeededRng rng(3);
  const std::vector<float> query = random_unit(rng, 4);
  for (const std::string body :
       {"", "rubbish", "[]", "{}", R"({"result":null})", R"({"result":{"points":3}})", R"({"result":{"points":[1]}})",
        R"({"result":{"points":[{"id":-1,"score":1}]}})", R"({"result":{"points":[{"id":1}]}})",
        R"({"result":{"points":[{"id":"abc","score":1}]}})", R"({"result":{"points":[{"id":1.5,"score":1}]}})",
        R"({"result":{"points":[{"id":18446744073709551615,"score":1}]}})",
        R"({"result":{"points":[{"id":1,"score":1,"payload":{"scope":7}}]}})",
        R"({"result":{"points":[{"id":1,"score":1,"payload":[]}]}})"}) {
    const CannedServer server(http(body));
    auto store =
        opened_.at({.endpoint = {.port = server.port()}}, {.name = "things", .fields = {{"scope", FieldKind::kText}}});
    ASSERT_TRUE(store);
    const auto found = (*store)->nearest({.vector = query, .k = 3, .payload = {"scope"}}, soon(), {});
    ASSERT_FALSE(found) << body;
    EXPECT_EQ(found.error().code, Code::kDataLoss) << body << ": " << found.error().message;
    if (body.find("points") != std::string::npos) continue;
    EXPECT_FALSE((*store)->ensure(4, soon(), {})) << body;
    EXPECT_FALSE((*store)->count(soon(), {})) << body;
    EXPECT_FALSE((*store)->counts("scope", soon(), {})) << body;
  }
  std::string many = R"({"result":{"points":[)";
  for (int i = 0; i < 100; ++i) many += (i > 0 ? "," : "") + std::string(R"({"id":1,"score":1})");
  const CannedServer server(http(many + "]}}"));
  auto store = opened_.at({.endpoint = {.port = server.port()}});
  EXPECT_FALSE((*store)->nearest({.vector = query, .k = 3}, soon(), {}));
}

TEST_F(QdrantTest, TakesNoEndlessAnswer) {
  const std::string much(65U << 20U, ' ');
  const CannedServer server("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(much.size()) + "\r\n\r\n" + much);
  auto store = opened_.at({.endpoint = {.port = server.port()}, .timeout = std::chrono::seconds(60)});
  const auto counted = (*store)->count(soon(), {});
  ASSERT_FALSE(counted);
  EXPECT_EQ(counted.error().code, Code::kResourceExhausted) << counted.error().message;
}

TEST_F(QdrantTest, OneThatHangsIsUnavailableWithinTheTimeout) {
  const CannedServer server("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", CannedServer::Then::kHold);
  auto store = opened_.at({.endpoint = {.port = server.port()}, .timeout = std::chrono::milliseconds(200)});
  const auto counted = (*store)->count(Deadline::never(), {});
  ASSERT_FALSE(counted);
  EXPECT_EQ(counted.error().code, Code::kUnavailable) << counted.error().message;
  const auto ended = (*store)->count(Deadline::in(std::chrono::milliseconds(50), opened_.clock), {});
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, Code::kDeadlineExceeded) << ended.error().message;
}

}  // namespace
}  // namespace docmind::vectors
