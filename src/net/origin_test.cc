#include "net/origin.h"

#include <gtest/gtest.h>

namespace docmind::net {
namespace {

int status(const Request& request, const HostRules& rules = {}) {
  const std::optional<Response> refusal = refuse_foreign(request, rules);
  return refusal ? refusal->status : 200;
}

TEST(RefuseForeign, KnowsItsOwnNames) {
  for (const char* host : {"127.0.0.1", "127.0.0.1:8080", "localhost:1", "LOCALHOST:65535", "[::1]", "[::1]:8080"}) {
    EXPECT_EQ(status({.headers = {{"Host", host}}}), 200) << host;
  }
  for (const char* host :
       {"", "evil.test", "evil.test:8080", "0.0.0.0:8080", "127.0.0.1.evil.test", "localhost.evil.test",
        "localhost:", "localhost:x", "localhost:8080@evil.test", "evil.test#localhost", "[::1", "[::1]x",
        "localhost:123456", "127.0.0.1:80:80", "localhost "}) {
    EXPECT_EQ(status({.headers = {{"Host", host}}}), 421) << host;
  }
  EXPECT_EQ(status({}), 421);
  EXPECT_EQ(status({.headers = {{"Host", "localhost"}, {"Host", "localhost"}}}), 421);
  EXPECT_EQ(status({.headers = {{"Host", "Docs.Example:80"}}}, {.allowed = {"docs.example"}}), 200);
}

TEST(RefuseForeign, ANumberLeadsNowhereElse) {
  const HostRules all{.numbers = true};
  for (const char* host : {"192.168.1.5:8080", "10.0.0.1", "[fe80::1]:80", "[2001:db8::7]", "0.0.0.0:1"}) {
    EXPECT_EQ(status({.headers = {{"Host", host}}}, all), 200) << host;
    EXPECT_EQ(status({.headers = {{"Host", host}}}), 421) << host;
  }
  for (const char* host :
       {"evil.test", "1.2.3.4.evil.test", "1.2.3", "0x7f.1", "[evil]", "1.2.3.4.5", "[]", "fe80::1"}) {
    EXPECT_EQ(status({.headers = {{"Host", host}}}, all), 421) << host;
  }
}

TEST(RefuseForeign, OriginMustBeOurs) {
  const auto from = [](const char* method, const char* origin) {
    return status({.method = method, .headers = {{"Host", "localhost:80"}, {"Origin", origin}}});
  };
  EXPECT_EQ(from("GET", "http://localhost:80"), 200);
  EXPECT_EQ(from("POST", "http://localhost:80"), 200);
  for (const char* origin : {"http://evil.test", "null", "", "http://localhost", "http://localhost:81",
                             "ftp://localhost:80", "http://localhost:80.evil.test", "http://127.0.0.1:80"}) {
    EXPECT_EQ(from("GET", origin), 403) << origin;
    EXPECT_EQ(from("POST", origin), 403) << origin;
  }
}

TEST(RefuseForeign, NothingChangesForAFormOfAnotherSite) {
  const auto post = [](Headers headers) {
    headers.add("Host", "localhost");
    return status({.method = "POST", .headers = std::move(headers)});
  };
  EXPECT_EQ(post({{"Content-Type", "application/json; charset=utf-8"}}), 200);
  EXPECT_EQ(post({{"Content-Type", "multipart/form-data; boundary=x"}}), 200);
  EXPECT_EQ(post({{"Content-Type", "text/plain"}}), 415);
  EXPECT_EQ(post({{"Content-Type", "application/x-www-form-urlencoded"}}), 415);
  EXPECT_EQ(post({}), 415);
  EXPECT_EQ(post({{"Origin", "http://localhost"}}), 200);
  for (const char* site : {"cross-site", "same-site", "anything"}) {
    EXPECT_EQ(post({{"Content-Type", "application/json"}, {"Sec-Fetch-Site", site}}), 403) << site;
    EXPECT_EQ(status({.method = "DELETE", .headers = {{"Host", "localhost"}, {"Sec-Fetch-Site", site}}}), 403) << site;
  }
  EXPECT_EQ(status({.method = "DELETE", .headers = {{"Host", "localhost"}}}), 200);
}

}  // namespace
}  // namespace docmind::net
