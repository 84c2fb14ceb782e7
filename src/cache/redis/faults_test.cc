// What goes wrong with a Redis: it dies, hangs, comes back empty or older, is full, refuses, or is none at all.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "cache/redis/impl/connection.h"
#include "cache/redis/redis_entries.h"
#include "cache/redis/testing/redis_process.h"
#include "net/testing/canned_server.h"

namespace docmind::cache {
namespace {

using net::testing::CannedServer;
using std::chrono::milliseconds;
using ::testing::HasSubstr;
using testing::RedisProcess;

class RedisFaults : public ::testing::Test {
 protected:
  std::unique_ptr<RedisEntries> open(const RedisUrl& url, milliseconds timeout = milliseconds(20'000)) {
    RedisEntriesOptions options{.url = url, .prefix = "p", .timeout = timeout, .last_purge = last_};
    options.purged = [this](const PurgeReceipt& receipt) {
      last_ = receipt;
      return Result<>();
    };
    return *RedisEntries::open(std::move(options), clock_);
  }
  static Error error(const Result<>& result) { return result ? Error{Code::kInternal, "it worked"} : result.error(); }
  static Error put(Entries& entries, std::string_view key, std::vector<std::string> tags = {},
                   std::string value = "v") {
    return error(entries.put(key, {.value = std::move(value), .ttl = kForever, .tags = std::move(tags)}, {}, {}));
  }
  static bool works(const Error& error) { return error.message == "it worked"; }
  static std::string value(Entries& entries, std::string_view key) {
    const auto got = entries.get(key, {}, {});
    if (!got) return "error: " + got.error().message;
    return got->value_or("none");
  }
  Error examined(const RedisUrl& url) {
    const auto report = open(url, milliseconds(5'000))->examine({}, {});
    return report ? Error{Code::kInternal, "it worked"} : report.error();
  }
  template <typename Fn>
  double seconds(Fn fn) const {
    const TimePoint start = clock_.now();
    fn();
    return std::chrono::duration<double>(clock_.now() - start).count();
  }
  std::string raw(const RedisProcess& redis, const std::vector<std::string_view>& words) {
    Connection connection(1U << 20U);
    const boost::asio::ip::tcp::endpoint where(boost::asio::ip::make_address("127.0.0.1"), redis.port());
    EXPECT_TRUE(connection.open({where}, {}, {}));
    const auto reply = connection.call(words, {}, {});
    return reply ? reply->text : reply.error().message;
  }

  sys::RealClock clock_;
  std::optional<PurgeReceipt> last_;
};

TEST_F(RedisFaults, NobodyThereIsSaidAtOnce) {
  const RedisUrl url{.host = "127.0.0.1", .port = *net::free_port(0)};
  EXPECT_LT(seconds([&] {
              EXPECT_EQ(examined(url).code, Code::kUnavailable);
              EXPECT_THAT(examined(url).message, HasSubstr("Nobody answers there"));
            }),
            2);
}

TEST_F(RedisFaults, KilledInTheMiddleAndStartedAgain) {
  RedisProcess redis;
  const auto entries = open(redis.url());
  EXPECT_TRUE(works(put(*entries, "k")));
  redis.kill();
  EXPECT_EQ(put(*entries, "k").code, Code::kUnavailable);
  EXPECT_THAT(value(*entries, "k"), HasSubstr("error: "));
  EXPECT_FALSE(entries->purge("t", {}, {}));
  EXPECT_FALSE(entries->erase("k", {}, {}));
  EXPECT_FALSE(entries->stats());
  redis.start();  // Empty.
  EXPECT_EQ(value(*entries, "k"), "none");
  EXPECT_TRUE(works(put(*entries, "k")));
  EXPECT_EQ(value(*entries, "k"), "v");
  redis.kill();
  redis.start();  // The connection that lies idle is dead: the first call makes a new one.
  EXPECT_EQ(value(*entries, "k"), "none");
}

TEST_F(RedisFaults, HangingEndsByItsTimeAndByAStop) {
  RedisProcess redis;
  const auto entries = open(redis.url(), milliseconds(100));
  while (!works(put(*entries, "k"))) {
  }
  redis.halt();
  EXPECT_THAT(value(*entries, "k"), HasSubstr("did not answer within 100 ms"));
  EXPECT_THAT(value(*entries, "k"),
              HasSubstr("did not answer within 100 ms"));  // A new connection is taken by the kernel.
  const auto patient = open(redis.url());
  std::stop_source stop;
  std::thread stopping([&] { stop.request_stop(); });
  const auto got = patient->get("k", {}, stop.get_token());
  stopping.join();
  EXPECT_EQ(got.error().code, Code::kCancelled);
  const auto late = patient->get("k", Deadline::in(milliseconds(1), clock_), {});
  EXPECT_EQ(late.error().code, Code::kDeadlineExceeded);
  redis.go_on();
  EXPECT_EQ(value(*patient, "k"), "v");
}

// Restarted from what was saved before the purge: the one who has purged sees to it.
TEST_F(RedisFaults, AServerThatHasForgottenAPurgeIsPurged) {
  RedisProcess redis;
  auto entries = open(redis.url());
  EXPECT_TRUE(works(put(*entries, "k", {"t"})));
  EXPECT_TRUE(works(put(*entries, "other")));
  EXPECT_EQ(raw(redis, {"SAVE"}), "OK");
  EXPECT_EQ(*entries->purge("t", {}, {}), 1);
  redis.kill();
  redis.start();
  {
    last_.reset();
    const auto stranger = open(redis.url());
    EXPECT_EQ(value(*stranger, "k"), "v");  // Who has not purged cannot know.
  }
  EXPECT_EQ(value(*entries, "k"), "none");
  EXPECT_EQ(value(*entries, "other"), "none");
  EXPECT_EQ(last_.value_or(PurgeReceipt{.tag = "none"}).tag, "");
  EXPECT_TRUE(works(put(*entries, "k", {"t"})));

  // And in a later life of the process.
  EXPECT_EQ(raw(redis, {"SAVE"}), "OK");
  EXPECT_EQ(*entries->purge("t", {}, {}), 1);
  entries.reset();
  redis.kill();
  redis.start();
  entries = open(redis.url());
  EXPECT_EQ(value(*entries, "k"), "none");
  EXPECT_TRUE(works(put(*entries, "k", {"t"})));
  entries = open(redis.url());
  EXPECT_EQ(value(*entries, "k"), "v");  // It knows of the newest purge now.
}

TEST_F(RedisFaults, AnAppendOnlyFileKeepsPurges) {
  RedisProcess redis({"--appendonly", "yes", "--appendfsync", "always"});
  const auto entries = open(redis.url());
  EXPECT_TRUE(works(put(*entries, "k", {"t"})));
  EXPECT_TRUE(works(put(*entries, "other")));
  EXPECT_EQ(*entries->purge("t", {}, {}), 1);
  redis.kill();
  redis.start();
  last_.reset();
  const auto stranger = open(redis.url());
  EXPECT_EQ(value(*stranger, "k"), "none");
  EXPECT_EQ(value(*stranger, "other"), "v");
  const auto report = stranger->examine({}, {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->durability, RedisDurability::kAlways);
  EXPECT_TRUE(report->remarks().empty());
  EXPECT_THAT(report->server, HasSubstr("Redis "));
}

TEST_F(RedisFaults, FullItGivesAndPurgesAndSaysThatItIsFull) {
  RedisProcess redis;
  const auto entries = open(redis.url());
  EXPECT_TRUE(works(put(*entries, "k", {"t"}, std::string(100'000, 'x'))));
  EXPECT_EQ(raw(redis, {"CONFIG", "SET", "maxmemory", "1mb"}), "OK");
  const Error full = put(*entries, "other", {"t"});
  EXPECT_EQ(full.code, Code::kResourceExhausted);
  EXPECT_THAT(full.message, HasSubstr("no room left"));
  EXPECT_THAT(entries->stats()->trouble, HasSubstr("no room left"));
  EXPECT_EQ(value(*entries, "k"), std::string(100'000, 'x'));
  EXPECT_EQ(*entries->purge("t", {}, {}), 1);
  EXPECT_EQ(value(*entries, "k"), "none");
  const auto report = open(redis.url())->examine({}, {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(report->remarks(), ::testing::Contains(HasSubstr("no room left (maxmemory with noeviction)")));
  EXPECT_THAT(report->remarks(), ::testing::Contains(HasSubstr("append-only file is off")));
  raw(redis, {"CONFIG", "SET", "maxmemory", "0"});
  EXPECT_TRUE(works(put(*entries, "other")));
  EXPECT_EQ(entries->stats()->trouble, "");
}

TEST_F(RedisFaults, PasswordsUsersAndDatabases) {
  RedisProcess redis({"--requirepass", "secret"});
  EXPECT_EQ(examined(redis.url()).code, Code::kUnauthorized);
  RedisUrl url = redis.url();
  url.password = "wrong";
  EXPECT_THAT(examined(url).message, HasSubstr("refuses user or password"));
  url.password = "secret";
  EXPECT_TRUE(works(examined(url)));
  const auto all = open(url);
  EXPECT_TRUE(works(put(*all, "k")));
  url.database = 3;
  EXPECT_EQ(value(*open(url), "k"), "none");
  url.database = 99;
  EXPECT_EQ(examined(url).code, Code::kUnavailable);
}

// What docs/shared-cache.md says that a user needs.
TEST_F(RedisFaults, AUserWithTheCommandsAndKeysItNeeds) {
  RedisProcess redis;
  EXPECT_EQ(raw(redis, {"ACL",
                        "SETUSER",
                        "docmind",
                        "on",
                        ">pass",
                        "~p:*",
                        "+info",
                        "+eval",
                        "+time",
                        "+hget",
                        "+hset",
                        "+hmget",
                        "+hstrlen",
                        "+zadd",
                        "+zcard",
                        "+zcount",
                        "+zpopmin",
                        "+zrandmember",
                        "+zrange",
                        "+zrem",
                        "+zremrangebyrank",
                        "+zremrangebyscore",
                        "+zrevrange",
                        "+zscore",
                        "+del",
                        "+exists",
                        "+rename",
                        "+persist",
                        "+pexpireat",
                        "+lindex",
                        "+llen",
                        "+lpop",
                        "+rpush",
                        "+memory|usage"}),
            "OK");
  RedisUrl url = redis.url();
  url.user = "docmind";
  url.password = "pass";
  const auto entries = open(url);
  EXPECT_TRUE(works(put(*entries, "k", {"t"})));
  EXPECT_EQ(value(*entries, "k"), "v");
  EXPECT_TRUE(entries->stats());
  EXPECT_EQ(*entries->purge("t", {}, {}), 1);
  EXPECT_TRUE(entries->examine({}, {}));
  auto elsewhere = RedisEntriesOptions{.url = url, .prefix = "q"};
  elsewhere.timeout = std::chrono::seconds(10);
  const Error refused = put(**RedisEntries::open(elsewhere, clock_), "k");
  EXPECT_EQ(refused.code, Code::kUnauthorized);
}

TEST_F(RedisFaults, AReplicaIsNotUsed) {
  RedisProcess redis;
  EXPECT_EQ(raw(redis, {"REPLICAOF", "127.0.0.1", "1"}), "OK");
  EXPECT_THAT(examined(redis.url()).message, HasSubstr("read-only replica"));
}

TEST_F(RedisFaults, WhatIsNoRedisIsToldAndNeverBelieved) {
  const std::string info = "redis_version:7.0.15\r\nrole:master\r\n";
  const std::string hello = "$" + std::to_string(info.size()) + "\r\n" + info + "\r\n";
  for (const std::string& says :
       {std::string("HTTP/1.1 400 Bad Request\r\n\r\n"), std::string(5'000, 'x'), std::string("$-2\r\n"),
        std::string("*999999999\r\n"), std::string("$9223372036854775807\r\n"), std::string("*-7\r\n"),
        std::string("$5\r\nab"), std::string(":1\r\n"), std::string("+OK\r\n"), std::string(64, '*') + "1\r\n",
        std::string("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n"), hello + hello, hello}) {
    CannedServer server(says);
    const auto entries = open({.host = "127.0.0.1", .port = server.port()}, milliseconds(2'000));
    EXPECT_THAT(value(*entries, "k"), HasSubstr("error: ")) << says.substr(0, 40);
    EXPECT_FALSE(works(put(*entries, "k"))) << says.substr(0, 40);
  }
}

TEST_F(RedisFaults, AnAnswerThatIsTooLargeIsCutOff) {
  CannedServer server("$900000000\r\n" + std::string(20U << 20U, 'x'));
  const auto entries = open({.host = "127.0.0.1", .port = server.port()});
  EXPECT_THAT(value(*entries, "k"), HasSubstr("larger than any"));
}

TEST_F(RedisFaults, WhatAServerSaysOfItselfIsTold) {
  const auto told = [&](std::string info) {
    CannedServer server("$" + std::to_string(info.size()) + "\r\n" + info + "\r\n");
    return examined({.host = "127.0.0.1", .port = server.port()}).message;
  };
  EXPECT_THAT(told("redis_version:7.0.15\r\nrole:slave\r\n"), HasSubstr("read-only replica"));
  EXPECT_THAT(told("redis_version:7.0.15\r\nrole:master\r\ncluster_enabled:1\r\n"), HasSubstr("cluster"));
  EXPECT_THAT(told("redis_version:7.0.15\r\nrole:master\r\nloading:1\r\n"), HasSubstr("still loading"));
  EXPECT_THAT(told("memcached:1\r\n"), HasSubstr("no Redis"));
  CannedServer loading("-LOADING Redis is loading the dataset in memory\r\n");
  EXPECT_THAT(examined({.host = "127.0.0.1", .port = loading.port()}).message, HasSubstr("still loading"));
  CannedServer readonly("-READONLY You can't write against a read only replica.\r\n");
  EXPECT_THAT(examined({.host = "127.0.0.1", .port = readonly.port()}).message, HasSubstr("read-only replica"));
}

TEST_F(RedisFaults, AHostThatIsNotThere) {
  EXPECT_EQ(examined({.host = "no-such-host.invalid", .port = 1}).code, Code::kUnavailable);
}

}  // namespace
}  // namespace docmind::cache
