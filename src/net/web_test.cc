#include "net/web.h"

#include <gtest/gtest.h>

#include "net/testing/canned_server.h"
#include "sys/clock.h"

namespace docmind::net {
namespace {

using testing::CannedServer;

TEST(WebAddress, IsHttpsOrThisMachine) {
  EXPECT_EQ(*web_address("https://example.org"), "https://example.org/");
  EXPECT_EQ(*web_address("http://127.0.0.1:81/a?b=c"), "http://127.0.0.1:81/a?b=c");
  EXPECT_TRUE(web_address("http://localhost/"));
  EXPECT_TRUE(web_address("http://[::1]:81/"));
  const std::string hostile[] = {"",
                                 "example.org",
                                 "/a",
                                 "ftp://example.org/",
                                 "file:///etc/passwd",
                                 "http://example.org/",
                                 "https://",

                                 "https://a b/",
                                 "https://u:p@h/",
                                 "https://u@h/",
                                 "http://127.0.0.1.evil.example/",
                                 "https://a\r\nX: y/",
                                 std::string("https://a\0b/", 12),
                                 "https://" + std::string(20000, 'a')};
  for (const std::string& address : hostile) {
    EXPECT_FALSE(web_address(address)) << address;
  }
}

TEST(WebAddress, ResolvesWhatAServerSays) {
  EXPECT_EQ(*resolve("https://a.example/x/y?z", "/q"), "https://a.example/q");
  EXPECT_EQ(*resolve("https://a.example/x/y", "z?k=v"), "https://a.example/x/z?k=v");
  EXPECT_EQ(*resolve("https://a.example/x", "https://b.example/y"), "https://b.example/y");
  EXPECT_EQ(*resolve("https://a.example/x", "//b.example/y"), "https://b.example/y");
  EXPECT_EQ(*resolve("http://127.0.0.1:1/x", "http://127.0.0.1:2/y"), "http://127.0.0.1:2/y");
  for (const char* bad : {"", "http://b.example/y", "http://127.0.0.1/", "file:///etc/passwd", "gopher://x/", "a b",
                          "https://u:p@b.example/"}) {
    EXPECT_FALSE(resolve("https://a.example/x", bad)) << bad;
  }
}

class WebTest : public ::testing::Test {
 protected:
  Result<Response> get(const CannedServer& server, WebOptions options = {}, const char* method = "GET") {
    return web_->send({.method = method, .url = "http://127.0.0.1:" + std::to_string(server.port()) + "/f"}, options);
  }
  sys::RealClock clock_;
  std::unique_ptr<CurlWeb> web_ = *CurlWeb::open(clock_);
};

TEST_F(WebTest, GivesHeadAndBody) {
  const CannedServer server("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nETag: \"x\"\r\n\r\nabc");
  std::string etag, body;
  WebOptions options;
  options.on_head = [&](const Response& head) -> Result<> {
    etag = head.headers.find("etag").value_or("");
    EXPECT_EQ(head.status, 200);
    EXPECT_TRUE(body.empty());
    return {};
  };
  options.on_data = [&](std::string_view bytes) -> Result<> {
    body += bytes;
    return {};
  };
  EXPECT_EQ(get(server, options)->status, 200);
  EXPECT_EQ(etag, "\"x\"");
  EXPECT_EQ(body, "abc");
  EXPECT_EQ(get(server)->body, "abc");
}

TEST_F(WebTest, FollowsNothing) {
  const CannedServer server("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n");
  const auto reply = get(server);
  EXPECT_EQ(reply->status, 302);
  EXPECT_EQ(reply->headers.find("location"), "/elsewhere");
}

TEST_F(WebTest, AHeadThatIsRefusedEndsTheCall) {
  const CannedServer server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  WebOptions options;
  options.on_head = [](const Response&) -> Result<> { return Error{Code::kConflict, "no"}; };
  EXPECT_EQ(get(server, options).error().code, Code::kConflict);
}

TEST_F(WebTest, WhatIsCutStallsOrGrowsIsAnError) {
  const CannedServer cut("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_EQ(get(cut).error().code, Code::kUnavailable);
  const CannedServer stalls("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", CannedServer::Then::kHold);
  EXPECT_EQ(get(stalls, {.idle = std::chrono::milliseconds(50)}).error().code, Code::kDeadlineExceeded);
  const CannedServer grows("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabcdefghij");
  EXPECT_EQ(get(grows, {.max_body = 9}).error().code, Code::kResourceExhausted);
  const CannedServer other("SSH-2.0-nothing\r\n");
  EXPECT_EQ(get(other).error().code, Code::kDataLoss);
}

TEST_F(WebTest, AStopEndsIt) {
  const CannedServer stalls("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", CannedServer::Then::kHold);
  std::stop_source stop;
  WebOptions options;
  options.stop = stop.get_token();
  options.on_data = [&](std::string_view) -> Result<> {
    stop.request_stop();
    return {};
  };
  EXPECT_EQ(get(stalls, options).error().code, Code::kCancelled);
}

TEST_F(WebTest, PlainTextWhereTlsWasMeant) {
  const CannedServer server("HTTP/1.1 200 OK\r\n\r\n");
  const auto reply = web_->send({.url = "https://127.0.0.1:" + std::to_string(server.port()) + "/"}, {});
  EXPECT_FALSE(reply);
}

}  // namespace
}  // namespace docmind::net
