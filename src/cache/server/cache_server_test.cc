#include "cache/server/cache_server.h"

#include <gtest/gtest.h>

#include <thread>

#include "net/testing/raw_socket.h"
#include "sys/clock.h"
#include "sys/testing/temp_folder.h"

namespace docmind::cache {
namespace {

using net::testing::RawSocket;

// A server on a free port, with its own file; ended before the test ends.
class CacheServerTest : public ::testing::Test {
 protected:
  void start(CacheServerOptions options = {}, std::uint64_t hot_bytes = 64U << 20U) {
    EntryFileOptions file{.path = folder_ / "cache.db"};
    file.hot_bytes = hot_bytes;
    auto entries = EntryFile::open(file, {clock_, files_, log_});
    ASSERT_TRUE(entries) << entries.error().message;
    entries_ = *std::move(entries);
    auto listening = listen_for_cache("127.0.0.1", 0);
    ASSERT_TRUE(listening) << listening.error().message;
    port_ = listening->port;
    auto server = CacheServer::open(std::move(options), std::move(listening->socket), *entries_, clock_);
    ASSERT_TRUE(server) << server.error().message;
    server_ = *std::move(server);
    thread_ = std::thread([this] { server_->run(stop_.get_token()); });
  }
  void end() {
    stop_.request_stop();
    if (thread_.joinable()) thread_.join();
  }
  void TearDown() override { end(); }

  RawSocket connect() const { return RawSocket::tcp(port_); }
  static std::string request(std::string_view method, std::string_view target, std::string_view body = "",
                             std::string_view fields = "") {
    std::string text = std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n";
    text += fields;
    if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    return text + "\r\n" + std::string(body);
  }
  // Status and body, on a connection of its own.
  std::pair<int, std::string> ask(std::string_view method, std::string_view target, std::string_view body = "",
                                  std::string_view fields = "") {
    RawSocket socket = connect();
    EXPECT_TRUE(socket.send(request(method, target, body, fields)));
    return read(socket);
  }
  static std::pair<int, std::string> read(RawSocket& socket) {
    const auto response = socket.read_response();
    if (!response) return {0, "nothing came"};
    return {std::stoi(response->substr(9)), response->substr(response->find("\r\n\r\n") + 4)};
  }
  using Reply = std::pair<int, std::string>;

  sys::TempFolder folder_;
  sys::RealClock clock_;
  sys::RealFiles files_;
  obs::Log log_;
  std::unique_ptr<EntryFile> entries_;
  std::unique_ptr<CacheServer> server_;
  std::stop_source stop_;
  std::thread thread_;
  std::uint16_t port_ = 0;
};

constexpr std::string_view kJson = "Content-Type: application/json\r\n";

TEST_F(CacheServerTest, PutsGetsAndDeletes) {
  start();
  EXPECT_EQ(ask("GET", "/v1/entries/k").first, 404);
  EXPECT_EQ(ask("PUT", "/v1/entries/k", "value"), Reply(204, ""));
  EXPECT_EQ(ask("GET", "/v1/entries/k"), Reply(200, "value"));
  EXPECT_EQ(ask("DELETE", "/v1/entries/k"), Reply(204, ""));
  EXPECT_EQ(ask("DELETE", "/v1/entries/k").first, 404);
  EXPECT_EQ(ask("PUT", "/v1/entries/empty"), Reply(204, ""));
  EXPECT_EQ(ask("GET", "/v1/entries/empty"), Reply(200, ""));
  EXPECT_EQ(ask("PUT", "/v1/entries/never?ttl=0", "x").first, 204);
  EXPECT_EQ(ask("GET", "/v1/entries/never").first, 404);
}

TEST_F(CacheServerTest, PipelinedRequestsAreAnsweredInOrder) {
  start();
  RawSocket socket = connect();
  std::string all;
  for (int i = 0; i < 300; ++i) all += request("PUT", "/v1/entries/" + std::to_string(i), "v" + std::to_string(i));
  all += request("GET", "/v1/entries/299") + request("DELETE", "/v1/entries/299") + request("GET", "/v1/entries/299");
  all += request("GET", "/v1/entries/7") + request("GET", "/health") + request("PUT", "/v1/entries/7?ttl=x", "");
  all += request("GET", "/v1/entries/8", "", "Connection: close\r\n") + request("GET", "/v1/entries/9");
  ASSERT_TRUE(socket.send(all));
  for (int i = 0; i < 300; ++i) ASSERT_EQ(read(socket).first, 204) << i;
  EXPECT_EQ(read(socket), Reply(200, "v299"));
  EXPECT_EQ(read(socket).first, 204);
  EXPECT_EQ(read(socket).first, 404);
  EXPECT_EQ(read(socket), Reply(200, "v7"));
  EXPECT_EQ(read(socket), Reply(200, R"({"status":"ok"})"));
  EXPECT_EQ(read(socket).first, 400);
  EXPECT_EQ(read(socket), Reply(200, "v8"));
  EXPECT_EQ(socket.read_all(), "");  // The last one came after the end.
}

TEST_F(CacheServerTest, ValuesThatOnlyTheFileHas) {
  start({}, 10'000);
  std::string value(5'000, 'x');
  for (int i = 0; i < 10; ++i) {
    value.front() = static_cast<char>('0' + i);
    EXPECT_EQ(ask("PUT", "/v1/entries/" + std::to_string(i), value).first, 204);
  }
  RawSocket socket = connect();
  std::string all;
  for (int i = 0; i < 10; ++i) all += request("GET", "/v1/entries/" + std::to_string(i));
  ASSERT_TRUE(socket.send(all));
  for (int i = 0; i < 10; ++i) {
    value.front() = static_cast<char>('0' + i);
    EXPECT_EQ(read(socket), Reply(200, value));
  }
}

TEST_F(CacheServerTest, LargeValuesInPiecesAndWithContinue) {
  start();
  std::string value;
  for (int i = 0; value.size() < 3'000'000; ++i) value += std::to_string(i) + ",";
  RawSocket socket = connect();
  ASSERT_TRUE(
      socket.send("PUT /v1/entries/large HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: " +
                  std::to_string(value.size()) + "\r\n\r\n"));
  EXPECT_EQ(read(socket).first, 100);
  ASSERT_TRUE(socket.send(value));
  EXPECT_EQ(read(socket).first, 204);
  ASSERT_TRUE(socket.send(request("GET", "/v1/entries/large")));
  EXPECT_TRUE(read(socket) == Reply(200, value));
}

TEST_F(CacheServerTest, ClosesWhenAskedToAfterWhatTheFileDid) {
  start();
  RawSocket put = connect();
  ASSERT_TRUE(put.send(request("PUT", "/v1/entries/k", "v", "Connection: close\r\n")));
  EXPECT_EQ(put.read_all(), "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
  RawSocket batch = connect();
  ASSERT_TRUE(
      batch.send(request("POST", "/v1/get", R"({"keys":["k"]})", std::string(kJson) + "Connection: close\r\n")));
  const auto reply = batch.read_all();
  ASSERT_TRUE(reply);
  EXPECT_TRUE(reply->ends_with(R"({"entries":[{"key":"k","value":"v"}]})")) << *reply;
}

TEST_F(CacheServerTest, Batches) {
  start();
  EXPECT_EQ(ask("POST", "/v1/put",
                R"({"entries":[{"key":"a","value":"1","tags":["t"]},{"key":"b","value_base64":"AP8="}]})", kJson),
            Reply(200, R"({"stored":2,"failed":[]})"));
  EXPECT_EQ(ask("POST", "/v1/get", R"({"keys":["a","none","b"]})", kJson),
            Reply(200, R"({"entries":[{"key":"a","value":"1"},{"key":"b","value_base64":"AP8="}]})"));
  EXPECT_EQ(
      ask("POST", "/v1/put", R"({"entries":[{"key":"c","value":"1","tags":[""]},{"key":"d","value":"2"}]})", kJson),
      Reply(200, R"({"stored":1,"failed":[{"index":0,"error":"A tag is empty."}]})"));
  EXPECT_EQ(ask("POST", "/v1/purge", R"({"tag":"t"})", kJson), Reply(200, R"({"purged":1})"));
  EXPECT_EQ(ask("GET", "/v1/entries/a").first, 404);
  EXPECT_EQ(ask("POST", "/v1/purge", R"({"all":true})", kJson), Reply(200, R"({"purged":2})"));
  EXPECT_EQ(ask("POST", "/v1/put", R"({"entries":[]})", kJson), Reply(200, R"({"stored":0,"failed":[]})"));
  EXPECT_EQ(ask("POST", "/v1/get", R"({"keys":[]})", kJson), Reply(200, R"({"entries":[]})"));
}

TEST_F(CacheServerTest, AnAgentsEntryIsOneOfItsOwn) {
  CacheServerOptions options;
  options.normalise = [](std::string_view question) { return std::string(question.substr(0, question.find('?'))); };
  start(std::move(options));
  EXPECT_EQ(ask("PUT", "/v1/agents/planner/standard/Who%3F", "me").first, 204);
  EXPECT_EQ(ask("GET", "/v1/agents/planner/standard/Who%3F%3F"), Reply(200, "me"));
  EXPECT_EQ(ask("GET", "/v1/agents/writer/standard/Who").first, 404);
  EXPECT_EQ(ask("GET", "/v1/entries/planner::standard::Who"), Reply(200, "me"));
}

TEST_F(CacheServerTest, APurgeBeatsAValueMadeBefore) {
  start();
  const auto moment = ask("GET", "/v1/moment").second;
  const std::string since = moment.substr(10, moment.size() - 11);
  EXPECT_EQ(ask("POST", "/v1/purge", R"({"tag":"t"})", kJson).first, 200);
  EXPECT_EQ(ask("PUT", "/v1/entries/k?tag=t&since=" + since, "v").first, 204);
  EXPECT_EQ(ask("GET", "/v1/entries/k").first, 404);
}

TEST_F(CacheServerTest, StatsHealthMetrics) {
  start();
  EXPECT_EQ(ask("PUT", "/v1/entries/k", "value").first, 204);
  EXPECT_EQ(ask("GET", "/v1/entries/k").first, 200);
  EXPECT_NE(ask("GET", "/stats").second.find(R"("hits":1)"), std::string::npos);
  EXPECT_NE(ask("GET", "/metrics").second.find("docmind_cache_hits_total{cache_type=\"hot\"} 1"), std::string::npos);
  EXPECT_NE(ask("GET", "/metrics").second.find("docmind_cache_misses_total{cache_type=\"hot\"} "), std::string::npos);
  RawSocket socket = connect();
  ASSERT_TRUE(socket.send(request("HEAD", "/health", "", "Connection: close\r\n")));
  const auto reply = socket.read_all();
  ASSERT_TRUE(reply);
  EXPECT_TRUE(reply->starts_with("HTTP/1.1 200 OK\r\n")) << *reply;
  EXPECT_TRUE(reply->ends_with("\r\n\r\n")) << *reply;
}

TEST_F(CacheServerTest, HostileInputIsAnsweredAndTheServerGoesOn) {
  CacheServerOptions options;
  options.max_value_bytes = 100;
  start(std::move(options));
  const std::string host = "\r\nHost: localhost\r\n";
  for (const auto& [text, status] : std::vector<std::pair<std::string, int>>{
           {"nonsense\r\n\r\n", 400},
           {std::string(20'000, 'x'), 431},
           {std::string("GET /\0 HTTP/1.1", 15) + host + "\r\n", 400},
           {"PUT /v1/entries/k HTTP/1.1" + host + "Content-Length: 101\r\n\r\n", 413},
           {"GET /stats HTTP/1.1" + host + "Content-Length: 1\r\n\r\nx", 413},
           {"PUT /v1/entries/k HTTP/1.1" + host + "Content-Length: 18446744073709551615\r\n\r\n", 413},
           {"PUT /v1/entries/k HTTP/1.1" + host + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
           {"GET /v1/entries/k HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421},
           {"PUT /v1/entries/k HTTP/1.1" + host + "Origin: https://evil.example\r\nContent-Length: 1\r\n\r\nx", 403},
           {"POST /v1/purge HTTP/1.1" + host + "Content-Type: text/plain\r\nContent-Length: 12\r\n\r\n{\"all\":true}",
            415}}) {
    RawSocket socket = connect();
    ASSERT_TRUE(socket.send(text));
    const Reply reply = read(socket);
    EXPECT_EQ(reply.first, status) << text.substr(0, 60);
    EXPECT_NE(reply.second.find("\"message\":\""), std::string::npos) << reply.second;
  }
  RawSocket gone = connect();
  gone.send("PUT /v1/entries/k HTTP/1.1" + host + "Content-Length: 50\r\n\r\nhalf");
  gone.reset();
  EXPECT_EQ(ask("GET", "/v1/entries/k").first, 404);
  EXPECT_EQ(ask("PUT", "/v1/entries/k", "v").first, 204);
}

TEST_F(CacheServerTest, MoreConnectionsThanItMay) {
  CacheServerOptions options;
  options.connections = 2;
  start(std::move(options));
  RawSocket one = connect();
  ASSERT_TRUE(one.send(request("GET", "/health")));
  EXPECT_EQ(read(one).first, 200);
  RawSocket two = connect();
  ASSERT_TRUE(two.send(request("GET", "/health")));
  EXPECT_EQ(read(two).first, 200);
  RawSocket three = connect();
  EXPECT_EQ(read(three).first, 503);
  ASSERT_TRUE(one.send(request("GET", "/health")));
  EXPECT_EQ(read(one).first, 200);
}

TEST_F(CacheServerTest, WhoDoesNotReadDoesNotStopTheOthers) {
  start();
  const std::string value(1'000'000, 'x');
  EXPECT_EQ(ask("PUT", "/v1/entries/large", value).first, 204);
  RawSocket lazy = connect();
  std::string many;
  for (int i = 0; i < 50; ++i) many += request("GET", "/v1/entries/large");
  ASSERT_TRUE(lazy.send(many));
  EXPECT_EQ(ask("GET", "/health").first, 200);
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(read(lazy) == Reply(200, value)) << i;  // Not printed: it is long.
}

TEST_F(CacheServerTest, WritersAndReadersOnManyConnections) {
  start({}, 100'000);
  constexpr int kWriters = 3;
  constexpr int kTimes = 150;
  std::vector<std::thread> threads;
  for (int w = 0; w < kWriters; ++w) {
    threads.emplace_back([&, w] {
      RawSocket socket = connect();
      for (int n = 0; n < kTimes; ++n) {
        const std::string value = std::to_string(n) + " " + std::string(2'000, static_cast<char>('a' + w));
        socket.send(request("PUT", "/v1/entries/" + std::to_string(w), value));
        EXPECT_EQ(read(socket).first, 204);
        socket.send(request("GET", "/v1/entries/" + std::to_string(w)));
        EXPECT_EQ(read(socket), Reply(200, value));  // What was acknowledged is there.
      }
    });
  }
  for (int r = 0; r < 2; ++r) {
    threads.emplace_back([&] {
      RawSocket socket = connect();
      std::vector<int> last(kWriters, -1);
      for (int n = 0; n < kTimes; ++n) {
        const int w = n % kWriters;
        socket.send(request("GET", "/v1/entries/" + std::to_string(w)));
        const Reply reply = read(socket);
        if (reply.first == 404 && last[static_cast<std::size_t>(w)] < 0) continue;
        ASSERT_EQ(reply.first, 200);
        const int seen = std::stoi(reply.second);
        EXPECT_GE(seen, last[static_cast<std::size_t>(w)]);
        EXPECT_EQ(reply.second, std::to_string(seen) + " " + std::string(2'000, static_cast<char>('a' + w)));
        last[static_cast<std::size_t>(w)] = seen;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(CacheServerTest, EndsWithOpenConnectionsAndKeepsWhatItTook) {
  start();
  RawSocket idle = connect();
  RawSocket half = connect();
  ASSERT_TRUE(half.send("PUT /v1/entr"));
  EXPECT_EQ(ask("PUT", "/v1/entries/k", "v").first, 204);
  end();
  server_.reset();
  entries_.reset();
  stop_ = {};
  start();
  EXPECT_EQ(ask("GET", "/v1/entries/k"), Reply(200, "v"));
}

TEST_F(CacheServerTest, APortThatIsTakenIsSaid) {
  start();
  const auto second = listen_for_cache("127.0.0.1", port_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kConflict);
  EXPECT_EQ(listen_for_cache("localhost", 0).error().code, Code::kInvalidArgument);
}

}  // namespace
}  // namespace docmind::cache
