#include "cache/server/impl/request.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace docmind::cache {
namespace {

constexpr std::size_t kMost = 1000;
constexpr std::string_view kHost = "Host: 127.0.0.1:8899\r\n";

int status_of(const std::string& lines) {
  const HeadRead got = read_head(lines, kMost);
  if (const auto& refused = got.refused) return refused->status;
  return got.head ? 200 : 0;
}

TEST(ReadHead, ReadsWhatItNeeds) {
  const std::string text =
      "PUT /v1/entries/k?ttl=1 HTTP/1.1\r\nhost: a\r\nContent-Length:  12 \r\nExpect: 100-continue\r\n\r\nbody";
  const HeadRead got = read_head(text, kMost);
  ASSERT_TRUE(got.head);
  EXPECT_EQ(got.head->method, "PUT");
  EXPECT_EQ(got.head->target, "/v1/entries/k?ttl=1");
  EXPECT_EQ(got.head->host, "a");
  EXPECT_EQ(got.head->body, 12U);
  EXPECT_EQ(got.head->size, text.size() - 4);
  EXPECT_TRUE(got.head->keep_alive);
  EXPECT_TRUE(got.head->expects_continue);
  EXPECT_TRUE(got.head->plain);
}

TEST(ReadHead, WaitsForTheWholeOfIt) {
  const std::string text = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  for (std::size_t size = 0; size < text.size(); ++size) EXPECT_EQ(status_of(text.substr(0, size)), 0) << size;
  EXPECT_EQ(status_of(text), 200);
  EXPECT_EQ(status_of(std::string(kMost, 'x')), 431);
}

TEST(ReadHead, RefusesWhatTwoCouldReadDifferently) {
  const auto with = [](std::string_view fields) {
    return "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
  };
  EXPECT_EQ(status_of(with("")), 200);
  for (const char* fields :
       {"Content-Length: 1\r\nContent-Length: 1\r\n", "Transfer-Encoding: chunked\r\n", "Content-Length: +1\r\n",
        "Content-Length: 1,1\r\n", "Content-Length: 99999999999999999999\r\n", "Content-Length:\r\n", "No colon\r\n",
        " folded: x\r\n", "Space : x\r\n", ": x\r\n", "X: a\rb\r\n", "X: \x01\r\n", "Expect: more\r\n"}) {
    EXPECT_EQ(status_of(with(fields)), 400) << fields;
  }
  EXPECT_EQ(status_of(with(std::string("X: \0\r\n", 6))), 400);
  for (const char* line : {"GET /", "GET / HTTP/2.0", "GET  / HTTP/1.1", "/ HTTP/1.1", "G\tT / HTTP/1.1",
                           "GET x HTTP/1.1", "GET /a b HTTP/1.1", "GET http://a/ HTTP/1.1", " GET / HTTP/1.1"}) {
    EXPECT_EQ(status_of(std::string(line) + "\r\nHost: a\r\n\r\n"), 400) << line;
  }
}

TEST(ReadHead, BoundsTheNumberOfHeaders) {
  std::string text = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < 70; ++i) text += "a:b\r\n";
  EXPECT_EQ(status_of(text + "\r\n"), 431);
}

TEST(ReadHead, AnyBytesAreReadOrRefused) {
  SeededRng rng(11);
  const std::string good = "PUT /v1/entries/k HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc";
  for (int round = 0; round < 20'000; ++round) {
    std::string text = good;
    for (std::uint64_t n = 1 + rng.next() % 4; n > 0; --n)
      text[rng.next() % text.size()] = static_cast<char>(rng.next());
    const HeadRead got = read_head(text, kMost);
    EXPECT_FALSE(got.head && got.refused);
  }
}

TEST(RefuseForeign, AsTheMainServerDoes) {
  const auto check = [](const std::string& method, const std::string& fields, std::string& known) {
    const std::string text = method + " / HTTP/1.1\r\n" + fields + "\r\n";
    const HeadRead got = read_head(text, kMost);
    if (const auto& head = got.head) {
      const auto refusal = refuse_foreign(*head, {}, known);
      return refusal ? refusal->status : 200;
    }
    return 0;
  };
  std::string known;
  EXPECT_EQ(check("GET", "Host: evil.example\r\n", known), 421);
  EXPECT_EQ(check("GET", "", known), 421);
  EXPECT_EQ(known, "");
  EXPECT_EQ(check("PUT", std::string(kHost), known), 200);
  EXPECT_EQ(known, "127.0.0.1:8899");
  EXPECT_EQ(check("PUT", std::string(kHost), known), 200);
  EXPECT_EQ(check("PUT", "Host: evil.example\r\n", known), 421);
  EXPECT_EQ(check("PUT", std::string(kHost) + std::string(kHost), known), 421);
  EXPECT_EQ(check("PUT", std::string(kHost) + "Origin: http://evil.example\r\n", known), 403);
  EXPECT_EQ(check("PUT", std::string(kHost) + "Sec-Fetch-Site: cross-site\r\n", known), 403);
  EXPECT_EQ(check("POST", std::string(kHost) + "Content-Type: text/plain\r\n", known), 415);
  EXPECT_EQ(check("POST", std::string(kHost) + "Content-Type: application/json\r\n", known), 200);
}

}  // namespace
}  // namespace docmind::cache
