#include "cache/redis/redis_entries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cache/entries/testing/conformance.h"
#include "cache/redis/impl/connection.h"
#include "cache/redis/testing/redis_process.h"

namespace docmind::cache {
namespace {

using testing::RedisProcess;

std::unique_ptr<RedisEntries> opened(RedisEntriesOptions options, const Clock& clock) {
  auto entries = RedisEntries::open(std::move(options), clock);
  EXPECT_TRUE(entries) << entries.error().message;
  return *std::move(entries);
}

// One server for all tests of the suite, a prefix for each.
struct RedisSubject {
  static constexpr std::uint64_t kMaxValue = 1U << 20U;
  static RedisProcess& server() {
    static RedisProcess one;
    return one;
  }
  RedisSubject() {
    static int next = 0;
    RedisEntriesOptions options{.url = server().url(), .prefix = "test" + std::to_string(next++)};
    options.timeout = std::chrono::seconds(10);
    options.max_value_bytes = kMaxValue;
    options.erase_together = 7;
    kept = opened(std::move(options), clock);
  }
  Entries& entries() { return *kept; }
  void pass(std::chrono::milliseconds time) {  // Its clock is the machine's.
    const TimePoint until = clock.now() + time + std::chrono::milliseconds(2);
    while (clock.now() < until) std::this_thread::yield();
  }
  sys::RealClock clock;
  std::unique_ptr<RedisEntries> kept;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Redis, EntriesConformance, RedisSubject);

class RedisEntriesTest : public ::testing::Test {
 protected:
  // Whatever the server said, in words for a comparison.
  std::string raw(const std::vector<std::string_view>& words) {
    Connection connection(1U << 20U);
    const boost::asio::ip::tcp::endpoint where(boost::asio::ip::make_address("127.0.0.1"), redis_.port());
    EXPECT_TRUE(connection.open({where}, soon(), {}));
    const auto reply = connection.call(words, soon(), {});
    EXPECT_TRUE(reply) << reply.error().message;
    if (!reply) return {};
    if (reply->kind == Reply::Kind::kNumber) return std::to_string(reply->number);
    std::string out = reply->text;
    for (const Reply& item : reply->items) out += item.text + " ";
    return out;
  }
  Deadline soon() const { return Deadline::in(std::chrono::seconds(20), clock_); }
  RedisEntriesOptions options() const {
    return {.url = redis_.url(), .prefix = "p", .timeout = std::chrono::seconds(10)};
  }
  static void put(Entries& entries, std::string_view key, std::vector<std::string> tags = {}, Duration ttl = kForever) {
    const Result<> done = entries.put(key, {.value = "v", .ttl = ttl, .tags = std::move(tags)}, {}, {});
    EXPECT_TRUE(done) << done.error().message;
  }
  static std::optional<std::string> value(Entries& entries, std::string_view key) {
    const auto got = entries.get(key, {}, {});
    EXPECT_TRUE(got) << got.error().message;
    return got ? *got : std::nullopt;
  }

  sys::RealClock clock_;
  RedisProcess redis_;
};

TEST_F(RedisEntriesTest, TwoMachinesShareEntriesAndPurges) {
  const auto one = opened(options(), clock_);
  const auto other = opened(options(), clock_);
  put(*one, "k", {"t"});
  EXPECT_EQ(value(*other, "k"), "v");
  const std::uint64_t before = *other->moment();
  EXPECT_EQ(*one->purge("t", {}, {}), 1);
  EXPECT_EQ(value(*other, "k"), std::nullopt);
  EXPECT_TRUE(other->put("k", {.value = "old", .ttl = kForever, .tags = {"t"}, .since = before}, {}, {}));
  EXPECT_EQ(value(*one, "k"), std::nullopt);
  auto elsewhere = options();
  elsewhere.prefix = "q";
  const auto third = opened(elsewhere, clock_);
  put(*third, "k", {"t"});
  EXPECT_EQ(*one->purge("", {}, {}), 0);
  EXPECT_EQ(value(*third, "k"), "v");
}

// Nothing of a purged entry stays there, of tags neither.
TEST_F(RedisEntriesTest, LeavesNothingBehind) {
  auto few = options();
  few.erase_together = 2;
  const auto entries = opened(few, clock_);
  for (int i = 0; i < 20; ++i) put(*entries, std::to_string(i), {"t", "u" + std::to_string(i)});
  EXPECT_EQ(*entries->purge("t", {}, {}), 20);
  EXPECT_EQ(raw({"DBSIZE"}), "2");  // The moment, and what was purged last.
  EXPECT_EQ(raw({"KEYS", "p:e:*"}), "");
}

TEST_F(RedisEntriesTest, SetsOfTagsDoNotGrowWithWhatHasEnded) {
  const auto entries = opened(options(), clock_);
  put(*entries, "stays", {"t"});
  for (int i = 0; i < 50; ++i) put(*entries, std::to_string(i), {"t", "gone"}, std::chrono::milliseconds(1));
  const TimePoint until = clock_.now() + std::chrono::milliseconds(5);
  while (clock_.now() < until) std::this_thread::yield();
  put(*entries, "another", {"t"});
  EXPECT_EQ(raw({"ZCARD", "p:t:t"}), "2");
  EXPECT_EQ(raw({"EXISTS", "p:t:gone"}), "0");
  EXPECT_EQ(raw({"ZCARD", "p:a"}), "2");
}

TEST_F(RedisEntriesTest, TheOnesThatEndFirstMakeRoom) {
  auto three = options();
  three.max_entries = 3;
  const auto entries = opened(three, clock_);
  for (int i = 0; i < 6; ++i) put(*entries, std::to_string(i), {"t"}, std::chrono::hours(1 + (i + 3) % 6));
  EXPECT_EQ(entries->stats()->entries, 3);
  EXPECT_EQ(entries->stats()->evicted, 3);
  EXPECT_EQ(value(*entries, "3"), std::nullopt);  // It would have ended first.
  EXPECT_EQ(value(*entries, "2"), "v");
  EXPECT_GT(entries->stats()->bytes, 100);
}

// An entry whose sets the server has thrown away could not be purged: it counts no longer.
TEST_F(RedisEntriesTest, AnEntryCountsOnlyWhileItCouldBePurged) {
  const auto entries = opened(options(), clock_);
  put(*entries, "a", {"t"});
  put(*entries, "b", {"u"});
  EXPECT_EQ(raw({"DEL", "p:t:t"}), "1");
  EXPECT_EQ(value(*entries, "a"), std::nullopt);
  EXPECT_EQ(value(*entries, "b"), "v");
  EXPECT_EQ(raw({"DEL", "p:a"}), "1");
  EXPECT_EQ(value(*entries, "b"), std::nullopt);
  // The moment of before is gone with everything else: what has begun then is dropped.
  put(*entries, "b", {"u"});
  const std::uint64_t before = *entries->moment();
  raw({"FLUSHALL"});
  EXPECT_EQ(value(*entries, "b"), std::nullopt);
  EXPECT_TRUE(entries->put("c", {.value = "v", .ttl = kForever, .since = before}, {}, {}));
  EXPECT_EQ(value(*entries, "c"), std::nullopt);
  EXPECT_TRUE(entries->put("c", {.value = "v", .ttl = kForever, .since = *entries->moment()}, {}, {}));
  EXPECT_EQ(value(*entries, "c"), "v");
}

TEST_F(RedisEntriesTest, WhatSomebodyElseHasChangedIsNoAnswer) {
  const auto entries = opened(options(), clock_);
  std::string stored;
  const std::vector<std::string> keys = {"a", "b", "c", "d", "e"};
  const Entries::Values only_d = {{}, {}, {}, "v", {}};
  for (const std::string& key : keys) put(*entries, key, {"t"});
  raw({"HSET", "p:e:a", "v", "rubbish"});
  raw({"HSET", "p:e:b", "t", std::string_view("\xff\xff\xff\xff", 4)});
  raw({"DEL", "p:e:c"});
  raw({"SET", "p:e:c", "x"});
  stored = raw({"HGET", "p:e:d", "v"});
  raw({"HSET", "p:e:e", "v", stored});  // The value of another key, whole as it is.
  for (const char* key : {"a", "b", "c", "e"}) EXPECT_EQ(value(*entries, key), std::nullopt) << key;
  EXPECT_EQ(value(*entries, "d"), "v");
  EXPECT_EQ(entries->stats()->quarantined, 3);  // One has merely lost its tags.
  put(*entries, "a", {"t"});
  EXPECT_EQ(value(*entries, "a"), "v");
  // Many together: one of them is no entry, another none of ours.
  raw({"HSET", "p:e:a", "v", "rubbish"});
  EXPECT_EQ(*entries->get_many(keys, {}, {}), only_d);
  EXPECT_EQ(entries->stats()->quarantined, 4);
  put(*entries, "a", {"t"});
  raw({"DEL", "p:e:c"});
  raw({"SET", "p:e:c", "x"});
  EXPECT_EQ(*entries->get_many(keys, {}, {}), (Entries::Values{"v", {}, {}, "v", {}}));
  EXPECT_EQ(entries->stats()->quarantined, 5);
}

}  // namespace
}  // namespace docmind::cache
