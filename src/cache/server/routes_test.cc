#include "cache/server/impl/routes.h"

#include <gtest/gtest.h>

#include "cache/server/impl/replies.h"

namespace docmind::cache {
namespace {

using namespace std::string_view_literals;

RouteOptions options() {
  RouteOptions out;
  out.normalise = [](std::string_view question) { return "<" + std::string(question) + ">"; };
  return out;
}

Asked ask(std::string_view method, std::string_view target, std::string_view body = "") {
  RequestHead head;
  head.method = method;
  head.target = target;
  return route(head, body, options());
}

net::Response refusal(const Asked& asked) {
  const auto* reply = std::get_if<AskReply>(&asked);
  EXPECT_NE(reply, nullptr);
  return reply == nullptr ? net::Response{} : reply->response;
}

TEST(Routes, AKeyIsAnyBytes) {
  EXPECT_EQ(std::get<AskValue>(ask("GET", "/v1/entries/a%2Fb/c%00%ff+d")).key, "a/b/c\0\xff+d"sv);
  EXPECT_EQ(std::get<AskValue>(ask("HEAD", "/v1/entries/%E9%92%A5")).key, "\xe9\x92\xa5");
  EXPECT_EQ(std::get<AskChange>(ask("DELETE", "/v1/entries/k")).change.kind, Change::Kind::kErase);
  for (const char* wrong : {"/v1/entries/", "/v1/entries/%4", "/v1/entries/%zz"}) {
    EXPECT_EQ(refusal(ask("GET", wrong)).status, 400) << wrong;
  }
  EXPECT_EQ(refusal(ask("GET", "/v1/entries/" + std::string(kMaxKeyBytes + 1, 'k'))).status, 400);
}

TEST(Routes, APutHasItsTimeCostAndTags) {
  const auto asked =
      std::get<AskChange>(ask("PUT", "/v1/entries/k?ttl=1.5&cost=20&tag=user%3Au&tag=a+b&since=7", "v\0v"sv));
  EXPECT_EQ(asked.change.put.value, "v\0v"sv);
  EXPECT_EQ(asked.change.put.ttl, std::chrono::milliseconds(1500));
  EXPECT_EQ(asked.change.put.cost, 20);
  EXPECT_EQ(asked.change.put.tags, (std::vector<std::string>{"user:u", "a b"}));
  EXPECT_EQ(asked.change.put.since, 7U);
  EXPECT_EQ(std::get<AskChange>(ask("PUT", "/v1/entries/k")).change.put.ttl, kForever);
  EXPECT_EQ(std::get<AskChange>(ask("PUT", "/v1/entries/k?ttl=1e30")).change.put.ttl, kForever);
  EXPECT_EQ(std::get<AskChange>(ask("PUT", "/v1/entries/k?ttl=0")).change.put.ttl, Duration(0));
  for (const char* wrong :
       {"ttl=", "ttl=-1", "ttl=nan", "ttl=inf", "ttl=1s", "cost=x", "since=-1", "color=red", "tag=%"}) {
    EXPECT_EQ(refusal(ask("PUT", std::string("/v1/entries/k?") + wrong)).status, 400) << wrong;
  }
}

TEST(Routes, TheAgentsViewComposesItsKey) {
  EXPECT_EQ(std::get<AskValue>(ask("GET", "/v1/agents/planner/standard/What%20is%20a%2Fb")).key,
            "planner::standard::<What is a/b>");
  EXPECT_EQ(std::get<AskChange>(ask("PUT", "/v1/agents/a/t/q?ttl=3", "v")).change.key, "a::t::<q>");
  for (const char* wrong : {"/v1/agents/a/t", "/v1/agents/a/t/", "/v1/agents//t/q", "/v1/agents/a%3A%3Ab/t/q"}) {
    EXPECT_EQ(refusal(ask("GET", wrong)).status, 400) << wrong;
  }
}

TEST(Routes, Batches) {
  EXPECT_EQ(std::get<AskValues>(ask("POST", "/v1/get", R"({"keys":["a","b"]})")).keys,
            (std::vector<std::string>{"a", "b"}));
  const auto put = std::get<AskChanges>(ask("POST", "/v1/put",
                                            R"({"entries":[{"key":"a","value":"1","ttl":2,"cost":3,"tags":["t"]},)"
                                            R"({"key":"b","value_base64":"AP8="}]})"));
  ASSERT_EQ(put.changes.size(), 2U);
  EXPECT_EQ(put.changes[0].put.ttl, std::chrono::seconds(2));
  EXPECT_EQ(put.changes[0].put.tags, std::vector<std::string>{"t"});
  EXPECT_EQ(put.changes[1].put.value, "\0\xff"sv);
  const auto purge = std::get<AskChanges>(ask("POST", "/v1/purge", R"({"tag":"user:u"})"));
  EXPECT_TRUE(purge.purge);
  EXPECT_EQ(purge.changes[0].key, "user:u");
  EXPECT_EQ(std::get<AskChanges>(ask("POST", "/v1/purge", R"({"all":true})")).changes[0].key, "");
}

TEST(Routes, WhatIsWrongIsSaidInASentence) {
  struct Wrong {
    const char* path;
    std::string body;
  };
  std::string many = R"({"keys":[)";
  for (std::size_t i = 0; i <= kMostInBatch; ++i) many += i == 0 ? "\"k\"" : ",\"k\"";
  many += "]}";
  for (const Wrong& wrong :
       {Wrong{"/v1/get", ""}, Wrong{"/v1/get", "[]"}, Wrong{"/v1/get", R"({"keys":[1]})"}, Wrong{"/v1/get", many},
        Wrong{"/v1/put", R"({"entries":[{"key":"a"}]})"}, Wrong{"/v1/put", R"({"entries":[7]})"},
        Wrong{"/v1/put", R"({"entries":[{"key":"a","value":"x","ttl":-1}]})"},
        Wrong{"/v1/put", R"({"entries":[{"key":"a","value":"x","value_base64":"AA=="}]})"},
        Wrong{"/v1/put", R"({"entries":[{"key":"a","value_base64":"?"}]})"}, Wrong{"/v1/purge", "{}"},
        Wrong{"/v1/purge", R"({"tag":"x","all":true})"}, Wrong{"/v1/purge", R"({"tag":""})"}}) {
    const net::Response response = refusal(ask("POST", wrong.path, wrong.body));
    EXPECT_EQ(response.status, 400) << wrong.path << " " << wrong.body.substr(0, 60);
    EXPECT_NE(response.body.find("\"message\":\""), std::string::npos) << response.body;
  }
  EXPECT_EQ(refusal(ask("POST", "/v1/get", std::string(200, '['))).status, 413);
  EXPECT_EQ(refusal(ask("GET", "/nothing")).status, 404);
  EXPECT_EQ(refusal(ask("PUT", "/stats")).status, 405);
  EXPECT_EQ(refusal(ask("GET", "/v1/get")).status, 405);
  EXPECT_EQ(refusal(ask("POST", "/v1/entries/k")).status, 405);
}

TEST(Routes, BodiesHaveTheLimitOfTheirRoute) {
  RouteOptions limits = options();
  limits.max_value_bytes = 5;
  limits.max_batch_bytes = 9;
  EXPECT_EQ(body_limit("/v1/entries/k", limits), 5U);
  EXPECT_EQ(body_limit("/v1/agents/a/t/q", limits), 5U);
  EXPECT_EQ(body_limit("/v1/put", limits), 9U);
  EXPECT_EQ(body_limit("/stats", limits), 0U);
}

TEST(Replies, StatsAndHealthSayWhatIsWrong) {
  EntriesStats stats;
  stats.value_bytes = 30;
  stats.stored_bytes = 10;
  EXPECT_NE(stats_json(stats, 1, 2).find("\"compression_ratio\":3"), std::string::npos);
  EXPECT_EQ(health(stats).body, R"({"status":"ok"})");
  stats.trouble = "The disk is full.";
  EXPECT_EQ(health(stats).body, R"({"status":"degraded","trouble":"The disk is full."})");
  EXPECT_NE(stats_json(stats, 1, 2).find("\"trouble\":\"The disk is full.\""), std::string::npos);
}

}  // namespace
}  // namespace docmind::cache
