#include "net/client.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "net/server.h"
#include "net/testing/canned_server.h"
#include "net/testing/gate.h"
#include "sys/clock.h"

namespace docmind::net {
namespace {

using testing::CannedServer;
using testing::Gate;

std::unique_ptr<Client> client(ClientOptions options = {}) {
  Result<std::unique_ptr<Client>> made = Client::open(options);
  EXPECT_TRUE(made);
  return *std::move(made);
}

// Our own server, over TCP and a Unix socket.
class ClientTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "net-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    auto made = Server::open({}, [this](const Request& request, ResponseWriter& out) { handle(request, out); });
    ASSERT_TRUE(made);
    server_ = *std::move(made);
    const auto port = server_->listen_tcp({});
    ASSERT_TRUE(port);
    tcp_.port = *port;
    unix_.unix_path = (folder_ / "s.sock").string();
    ASSERT_TRUE(server_->listen_unix(unix_.unix_path));
  }
  void TearDown() override {
    server_.reset();
    std::filesystem::remove_all(folder_);
  }

  void handle(const Request& request, ResponseWriter& out) {
    if (request.target.path == "/wait") {
      reached_.open();
      Gate stopped;
      const std::stop_callback wake(out.stop(), [&] { stopped.open(); });
      if (stopped.pass()) server_saw_it_.open();
      return;
    }
    if (request.target.path == "/stream") {
      (void)out.begin({});
      for (int i = 0; i < 100 && out.write(std::string(1000, 'x')); ++i) {
      }
      (void)out.end();
      return;
    }
    if (request.target.path == "/fail") return (void)out.send(error_response({Code::kConflict, "no", "wait"}));
    (void)out.send({.headers = {{"X-Echo", std::string(request.headers.find("X-Test").value_or(""))}},
                    .body = request.method + " " + request.target.text() + " " + request.body});
  }

  std::filesystem::path folder_;
  std::unique_ptr<Server> server_;
  Endpoint tcp_;
  Endpoint unix_;
  Gate reached_;
  Gate server_saw_it_;
};

TEST_F(ClientTest, SendsOverBothKindsOfSocket) {
  const auto http = client();
  for (const Endpoint& endpoint : {tcp_, unix_}) {
    const std::string body("a\0b", 3);
    const Request request{.method = "POST",
                          .target = {.path = "/a b", .query = {{"q", "\xC3\xA9&"}}},
                          .headers = {{"Content-Type", "application/json"}, {"X-Test", "1"}},
                          .body = body};
    const Result<Response> response = http->send(endpoint, request);
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->headers.find("x-echo"), "1");
    EXPECT_EQ(response->body, "POST /a%20b?q=%C3%A9%26 " + body);
  }
  EXPECT_EQ(http->send(unix_, {.method = "DELETE", .target = {.path = "/d"}})->body, "DELETE /d ");
  EXPECT_EQ(http->send(unix_, {.method = "HEAD", .target = {.path = "/h"}})->body, "");
}

TEST_F(ClientTest, ReusesItsConnection) {
  const auto http = client();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(http->send(unix_, {.method = "POST", .body = "x"}));
  EXPECT_EQ(server_->counts().connections, 1U);
}

TEST_F(ClientTest, LargeBodiesGoThrough) {
  const auto http = client();
  const std::string body(5'000'000, 'y');
  const Result<Response> response = http->send(unix_, {.method = "POST", .body = body});
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body.size(), body.size() + 7);
  EXPECT_EQ(http->send(unix_, {.method = "POST", .body = body}, {.max_body = 1000}).error().code,
            Code::kResourceExhausted);
}

TEST_F(ClientTest, ABodyIsReadWhileItIsSent) {
  const auto http = client();
  std::string body;
  for (int i = 0; i < 500'000; ++i) body += std::to_string(i) + ' ';
  std::uint64_t most = 0;
  const SendOptions options{.body = {.size = body.size(), .read = [&](std::uint64_t at, std::span<char> into) {
                                       const std::string_view piece = std::string_view(body).substr(at, into.size());
                                       std::ranges::copy(piece, into.begin());
                                       most = std::max<std::uint64_t>(most, into.size());
                                       return Result<std::size_t>(piece.size());
                                     }}};
  for (int i = 0; i < 2; ++i) {  // The second over the same connection.
    const Result<Response> response = http->send(unix_, {.method = "POST", .target = {.path = "/b"}}, options);
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_TRUE(response->body == "POST /b " + body);
  }
  EXPECT_LE(most, 2U << 20U);
  EXPECT_EQ(server_->counts().connections, 1U);
}

TEST_F(ClientTest, ABodyThatCannotBeReadEndsTheCall) {
  const auto http = client();
  const auto sending = [&](Result<std::size_t> first) {
    // Of a kind that the server takes: else it may refuse before the body is read.
    return http->send(tcp_, {.method = "POST", .headers = {{"Content-Type", "application/json"}}},
                      {.body = {.size = 100, .read = [=](std::uint64_t, std::span<char>) { return first; }}});
  };
  EXPECT_EQ(sending(Error{Code::kDataLoss, "the disk is broken"}).error().message, "the disk is broken");
  EXPECT_EQ(sending(std::size_t{0}).error().code, Code::kInternal);
  EXPECT_EQ(sending(std::size_t{101}).error().code, Code::kInternal);
  EXPECT_TRUE(http->send(tcp_, {.method = "POST"})) << "the client is as good as before";
}

TEST_F(ClientTest, StreamsAsItComes) {
  const auto http = client();
  std::size_t got = 0;
  const SendOptions options{.on_data = [&](std::string_view bytes) -> Result<> {
    got += bytes.size();
    return {};
  }};
  const Result<Response> response = http->send(unix_, {.target = {.path = "/stream"}}, options);
  ASSERT_TRUE(response);
  EXPECT_EQ(got, 100'000U);
  EXPECT_EQ(response->body, "");
  const Result<Response> refused =
      http->send(unix_, {.target = {.path = "/stream"}},
                 {.on_data = [](std::string_view) -> Result<> { return Error{Code::kDataLoss, "not what I wanted"}; }});
  EXPECT_EQ(refused.error().message, "not what I wanted");
  const Result<Response> failed = http->send(unix_, {.target = {.path = "/fail"}}, options);
  ASSERT_TRUE(failed);
  EXPECT_NE(failed->body, "") << "a failure's body is for error_of(), not for the stream's reader";
}

TEST_F(ClientTest, CallTurnsAFailureIntoItsError) {
  const Result<Response> response = client()->call(unix_, {.target = {.path = "/fail"}});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::kConflict);
  EXPECT_EQ(response.error().hint, "wait");
}

TEST_F(ClientTest, AStopEndsTheCallAndTheServerSeesIt) {
  std::stop_source stop;
  std::thread stopper([&] {
    EXPECT_TRUE(reached_.pass());
    stop.request_stop();
  });
  const Result<Response> response = client()->send(unix_, {.target = {.path = "/wait"}}, {.stop = stop.get_token()});
  stopper.join();
  EXPECT_EQ(response.error().code, Code::kCancelled);
  EXPECT_TRUE(server_saw_it_.pass());
}

TEST_F(ClientTest, ADeadlineEndsTheCall) {
  const sys::RealClock clock;
  const SendOptions options{.deadline = Deadline::in(std::chrono::milliseconds(30), clock)};
  EXPECT_EQ(client()->send(unix_, {.target = {.path = "/wait"}}, options).error().code, Code::kDeadlineExceeded);
}

TEST_F(ClientTest, ManyThreadsShareAClient) {
  const auto http = client({.idle_connections = 2});
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const std::string body = std::to_string(t * 1000 + i);
        const Result<Response> response = http->send(unix_, {.method = "POST", .body = body});
        if (response && response->body == "POST / " + body) ++good;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 400);
}

TEST(Client, NobodyThere) {
  EXPECT_EQ(client()->send({.unix_path = "/tmp/none.sock"}, {}).error().code, Code::kUnavailable);
  EXPECT_EQ(client()->send({.port = 1}, {}).error().code, Code::kUnavailable);
}

TEST(Client, StaysOnThisMachine) {
  for (const char* host : {"example.test", "10.0.0.1", "169.254.169.254", "0.0.0.0", "127.0.0.1.example.test",
                           "2130706433", "[::ffff:10.0.0.1]", "localhost.example.test", ""}) {
    EXPECT_EQ(client()->send({.host = host, .port = 80}, {}).error().code, Code::kInvalidArgument) << host;
  }
  for (const char* host : {"a/b", "user@host", "host?x", "host#x", "a b", "a%00b"}) {
    EXPECT_EQ(client({.reach = Reach::kAnywhere})->send({.host = host, .port = 80}, {}).error().code,
              Code::kInvalidArgument);
  }
}

TEST(Client, HeadersCannotSmuggle) {
  EXPECT_EQ(client()->send({.port = 1}, {.headers = {{"X", "a\r\nY: b"}}}).error().code, Code::kInvalidArgument);
}

struct Broken {
  const char* what;
  std::string bytes;
  Code code;
};

TEST(Client, BrokenAnswersAreErrors) {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  std::string flood;
  for (int i = 0; i < 10'000; ++i) flood += "HTTP/1.1 100 Continue\r\n\r\n";
  const std::vector<Broken> cases = {
      {"nothing", "", Code::kUnavailable},
      {"no HTTP", "SSH-2.0-OpenSSH\r\n", Code::kDataLoss},
      {"cut in the header", ok + "Content-Le", Code::kUnavailable},
      {"cut in the body", ok + "Content-Length: 10\r\n\r\nabc", Code::kUnavailable},
      {"cut in a chunk", ok + "Transfer-Encoding: chunked\r\n\r\nA\r\nabc", Code::kUnavailable},
      {"bad chunk", ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n", Code::kUnavailable},
      {"endless header", ok + "X: " + std::string(200'000, 'x'), Code::kResourceExhausted},
      {"headers without end",
       ok + std::string(70'000 / 7, 'x') + ": y\r\n" +
           [] {
             std::string many;
             for (int i = 0; i < 10'000; ++i) many += "X: abcdefg\r\n";
             return many;
           }(),
       Code::kResourceExhausted},
      {"flood of 1xx", flood, Code::kResourceExhausted},
      {"endless body", ok + "\r\n" + std::string(5'000, 'x'), Code::kResourceExhausted},
  };
  for (const Broken& broken : cases) {
    const CannedServer server(broken.bytes);
    const Result<Response> response = client()->send({.port = server.port()}, {}, {.max_body = 1000});
    ASSERT_FALSE(response) << broken.what;
    EXPECT_EQ(static_cast<int>(response.error().code), static_cast<int>(broken.code))
        << broken.what << ": " << response.error().message;
  }
}

TEST(Client, AResetIsUnavailable) {
  const CannedServer server("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", CannedServer::Then::kReset);
  EXPECT_EQ(client()->send({.port = server.port()}, {}).error().code, Code::kUnavailable);
}

TEST(Client, ASilentServerMeetsTheDeadline) {
  const CannedServer server("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", CannedServer::Then::kHold);
  const sys::RealClock clock;
  const SendOptions options{.deadline = Deadline::in(std::chrono::milliseconds(30), clock)};
  EXPECT_EQ(client()->send({.port = server.port()}, {}, options).error().code, Code::kDeadlineExceeded);
}

TEST(Client, AServerMayThinkLongButNotFallSilent) {
  const CannedServer server("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", CannedServer::Then::kHold);
  const sys::RealClock clock;
  std::string got;
  SendOptions options{.clock = &clock, .idle = std::chrono::milliseconds(30)};
  options.on_data = [&](std::string_view piece) -> Result<> {
    got += piece;
    return {};
  };
  EXPECT_EQ(client()->send({.port = server.port()}, {}, options).error().code, Code::kDeadlineExceeded);
  EXPECT_EQ(got, "abc");
  const CannedServer mute("", CannedServer::Then::kHold);
  options = {.clock = &clock, .first_byte = std::chrono::milliseconds(30)};
  EXPECT_EQ(client()->send({.port = mute.port()}, {}, options).error().code, Code::kDeadlineExceeded);
}

TEST(Client, FollowsNoRedirectAndNoProxy) {
  const CannedServer server("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);
  const Result<Response> response = client()->send({.port = server.port()}, {});
  ::unsetenv("http_proxy");
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 302);
}

}  // namespace
}  // namespace docmind::net
