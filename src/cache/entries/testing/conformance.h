// What every implementation of Entries has to do, as typed tests: each room that has one includes this and instantiates
// it with a Subject of its own.
//
//   struct Subject {
//     Entries& entries();                      // Empty at first.
//     void pass(std::chrono::milliseconds);    // Time goes on by at least so much.
//     static constexpr std::uint64_t kMaxValue; // Of one value, as it was set up.
//   };
#pragma once
#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "cache/entries/entries.h"
#include "cache/entries/limits.h"

namespace docmind::cache {

template <typename Subject>
class EntriesConformance : public ::testing::Test {
 protected:
  Entries& entries() { return subject_.entries(); }
  void put(std::string_view key, std::string value, std::vector<std::string> tags = {}, Duration ttl = kForever,
           std::optional<std::uint64_t> since = {}) {
    const Result<> done = entries().put(
        key, {.value = std::move(value), .ttl = ttl, .cost = 0, .tags = std::move(tags), .since = since}, {}, {});
    ASSERT_TRUE(done) << done.error().message;
  }
  std::optional<std::string> value(std::string_view key) {
    const auto got = entries().get(key, {}, {});
    EXPECT_TRUE(got) << got.error().message;
    return got ? *got : std::nullopt;
  }
  std::uint64_t purge(std::string_view tag) {
    const auto purged = entries().purge(tag, {}, {});
    EXPECT_TRUE(purged) << purged.error().message;
    return purged ? *purged : 0;
  }
  bool erase(std::string_view key) {
    const auto erased = entries().erase(key, {}, {});
    EXPECT_TRUE(erased) << erased.error().message;
    return erased && *erased;
  }
  Code code_of_put(std::string_view key, Put put) {
    const Result<> done = entries().put(key, std::move(put), {}, {});
    return done ? Code::kInternal : done.error().code;
  }

  Subject subject_;
};

TYPED_TEST_SUITE_P(EntriesConformance);

TYPED_TEST_P(EntriesConformance, GivesWhatWasPutUnderThatKey) {
  EXPECT_EQ(this->value("k"), std::nullopt);
  this->put("k", "one");
  this->put("other", "two");
  EXPECT_EQ(this->value("k"), "one");
  this->put("k", "three");
  EXPECT_EQ(this->value("k"), "three");
  EXPECT_EQ(this->value("other"), "two");
  EXPECT_TRUE(this->erase("k"));
  EXPECT_FALSE(this->erase("k"));
  EXPECT_EQ(this->value("k"), std::nullopt);
  EXPECT_EQ(this->value("other"), "two");
  EXPECT_EQ(this->entries().stats()->entries, 1);
}

TYPED_TEST_P(EntriesConformance, KeysTagsAndValuesAreAnyBytes) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  const std::vector<std::string> keys = {"", std::string(1, '\0'), all, "a\r\nb", "k:t", "*", std::string("k\0t", 3)};
  for (const std::string& key : keys) this->put(key, all + key, {all, "t:" + std::to_string(key.size()), "x:y"});
  for (const std::string& key : keys) EXPECT_EQ(this->value(key), all + key);
  this->put("empty", "");
  EXPECT_EQ(this->value("empty"), "");
  EXPECT_EQ(this->purge("y"), 0);
  EXPECT_EQ(this->purge(all), keys.size());
  for (const std::string& key : keys) EXPECT_EQ(this->value(key), std::nullopt);
  EXPECT_EQ(this->value("empty"), "");
}

TYPED_TEST_P(EntriesConformance, GivesManyInTheirOrder) {
  EXPECT_TRUE(this->entries().get_many({}, {}, {})->empty());
  const std::string large(TypeParam::kMaxValue, 'x');
  std::vector<std::string> keys;
  Entries::Values wanted;
  for (int i = 0; i < 600; ++i) {
    keys.push_back("k" + std::to_string(i));
    wanted.emplace_back();
    if (i % 3 == 0) continue;
    const std::string value = i == 7 || i == 8 ? large : "value " + std::to_string(i);
    wanted.back() = value;
    this->put(keys.back(), value, {i % 50 == 1 ? "gone" : "t"});
  }
  keys.push_back("k1");  // Twice.
  wanted.push_back(wanted[1]);
  EXPECT_EQ(*this->entries().get_many(keys, {}, {}), wanted);
  this->purge("gone");
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (i % 50 == 1 || i == 600) wanted[i].reset();
  }
  EXPECT_EQ(*this->entries().get_many(keys, {}, {}), wanted);
}

TYPED_TEST_P(EntriesConformance, LargeValuesComeBackWhole) {
  std::string large(TypeParam::kMaxValue, 'x');
  this->put("plain", large);
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>((i * 2654435761U) >> 13U);
  this->put("noise", large);
  EXPECT_EQ(this->value("plain"), std::string(TypeParam::kMaxValue, 'x'));
  EXPECT_EQ(this->value("noise"), large);
}

TYPED_TEST_P(EntriesConformance, WhatIsTooLargeIsRefused) {
  EXPECT_EQ(this->code_of_put("k", {.value = std::string(TypeParam::kMaxValue + 1, 'x'), .ttl = kForever}),
            Code::kInvalidArgument);
  EXPECT_EQ(this->code_of_put(std::string(kMaxKeyBytes + 1, 'k'), {.value = "v", .ttl = kForever}),
            Code::kInvalidArgument);
  EXPECT_EQ(this->code_of_put("k", {.value = "v", .ttl = kForever, .tags = {""}}), Code::kInvalidArgument);
  EXPECT_EQ(this->code_of_put("k", {.value = "v", .ttl = kForever, .tags = {std::string(kMaxTagBytes + 1, 't')}}),
            Code::kInvalidArgument);
  EXPECT_EQ(
      this->code_of_put("k", {.value = "v", .ttl = kForever, .tags = std::vector<std::string>(kMaxTags + 1, "t")}),
      Code::kInvalidArgument);
  EXPECT_EQ(this->value("k"), std::nullopt);
  std::vector<std::string> most;
  for (std::size_t i = 0; i < kMaxTags; ++i) most.push_back(std::string(kMaxTagBytes - 4, 't') + std::to_string(i));
  this->put(std::string(kMaxKeyBytes, 'k'), "v", most);
  EXPECT_EQ(this->value(std::string(kMaxKeyBytes, 'k')), "v");
  EXPECT_EQ(this->purge(most.back()), 1);
}

TYPED_TEST_P(EntriesConformance, LivesForItsTimeAndNoLonger) {
  this->put("short", "v", {"t"}, std::chrono::milliseconds(40));
  this->put("forever", "v", {"t"});
  this->put("never", "v");
  this->put("never", "v", {}, Duration::zero());
  EXPECT_EQ(this->value("never"), std::nullopt);
  EXPECT_EQ(this->value("forever"), "v");
  this->subject_.pass(std::chrono::milliseconds(40));
  EXPECT_EQ(this->value("short"), std::nullopt);
  EXPECT_FALSE(this->erase("short"));
  EXPECT_EQ(this->value("forever"), "v");
  EXPECT_EQ(this->purge("t"), 1);  // What has ended is not counted.
}

TYPED_TEST_P(EntriesConformance, PurgesByTag) {
  for (int i = 0; i < 30; ++i) {
    this->put("k" + std::to_string(i), "v", {"all", i % 2 == 0 ? "even" : "odd", "n:" + std::to_string(i)});
  }
  EXPECT_EQ(this->purge("even"), 15);
  EXPECT_EQ(this->purge("even"), 0);
  for (int i = 0; i < 30; ++i) EXPECT_EQ(this->value("k" + std::to_string(i)).has_value(), i % 2 == 1) << i;
  EXPECT_EQ(this->entries().stats()->entries, 15);
  this->put("k1", "without the tag");
  EXPECT_EQ(this->purge("odd"), 14);
  EXPECT_EQ(this->value("k1"), "without the tag");
  this->put("k1", "again", {"odd"});
  EXPECT_EQ(this->value("k1"), "again");
  EXPECT_EQ(this->purge(""), 1);
  EXPECT_EQ(this->value("k1"), std::nullopt);
  EXPECT_EQ(this->entries().stats()->entries, 0);
}

TYPED_TEST_P(EntriesConformance, APutThatHadBegunBeforeAPurgeIsDropped) {
  const std::uint64_t before = *this->entries().moment();
  this->put("kept", "v", {"a"}, kForever, before);
  EXPECT_EQ(this->value("kept"), "v");
  EXPECT_EQ(this->purge("a"), 1);
  this->put("k", "v", {"a", "b"}, kForever, before);
  EXPECT_EQ(this->value("k"), std::nullopt);
  this->put("k", "v", {"b"}, kForever, before);
  EXPECT_EQ(this->value("k"), "v");
  const std::uint64_t after = *this->entries().moment();
  EXPECT_GT(after, before);
  this->put("k", "v", {"a"}, kForever, after);
  EXPECT_EQ(this->value("k"), "v");
  this->purge("");
  this->put("k", "v", {}, kForever, after);
  EXPECT_EQ(this->value("k"), std::nullopt);
  EXPECT_EQ(this->entries().stats()->outrun, 2);
}

// Many purges later it is no longer known which they were: then every put from before is dropped.
TYPED_TEST_P(EntriesConformance, APutOlderThanAnyKnownPurgeIsDropped) {
  const std::uint64_t before = *this->entries().moment();
  for (int i = 0; i < 1'030; ++i) this->purge("t" + std::to_string(i));
  this->put("k", "v", {"a"}, kForever, before);
  EXPECT_EQ(this->value("k"), std::nullopt);
  this->put("k", "v", {"a"}, kForever, *this->entries().moment());
  EXPECT_EQ(this->value("k"), "v");
}

TYPED_TEST_P(EntriesConformance, AStopAndAPassedDeadlineAreNoCrash) {
  std::stop_source stop;
  stop.request_stop();
  this->put("k", "v");
  (void)this->entries().get("k", {}, stop.get_token());
  (void)this->entries().put("k", {.value = "w", .ttl = kForever}, {}, stop.get_token());
  (void)this->entries().erase("k", {}, stop.get_token());
  (void)this->entries().purge("t", {}, stop.get_token());
  this->put("k", "x");
  EXPECT_EQ(this->value("k"), "x");
}

// Whoever purges has all gone that was put before; nobody is ever given what belongs to another key.
TYPED_TEST_P(EntriesConformance, ManyAtOnce) {
  constexpr int kKeys = 20;
  std::atomic<int> wrong = 0;
  std::atomic<std::uint64_t> purged_rounds = 0;  // Values of rounds up to this have been purged.
  std::atomic<std::uint64_t> round = 1;
  const auto work = [&](int seed) {
    for (int i = 0; i < 150; ++i) {
      const std::string key = "k" + std::to_string((seed * 31 + i * 7) % kKeys);
      if (i % 3 == 0) {
        const std::uint64_t since = *this->entries().moment();
        const std::uint64_t mine = round;
        const std::string value = key + " " + std::to_string(mine);
        if (!this->entries().put(key, {.value = value, .ttl = kForever, .tags = {"t"}, .since = since}, {}, {}))
          ++wrong;
      } else {
        const std::uint64_t gone = purged_rounds;
        const auto got = this->entries().get(key, {}, {});
        if (!got) ++wrong;
        if (!got || !*got) continue;
        const std::size_t space = (*got)->find(' ');
        if ((*got)->substr(0, space) != key || std::stoull((*got)->substr(space + 1)) <= gone) ++wrong;
      }
    }
  };
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) threads.emplace_back(work, t);
  for (int i = 0; i < 20; ++i) {
    const std::uint64_t before = round++;  // Who has this round has asked for its moment before.
    if (!this->entries().purge("t", {}, {})) ++wrong;
    purged_rounds = before;
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

REGISTER_TYPED_TEST_SUITE_P(EntriesConformance, GivesWhatWasPutUnderThatKey, KeysTagsAndValuesAreAnyBytes,
                            GivesManyInTheirOrder, LargeValuesComeBackWhole, WhatIsTooLargeIsRefused,
                            LivesForItsTimeAndNoLonger, PurgesByTag, APutThatHadBegunBeforeAPurgeIsDropped,
                            APutOlderThanAnyKnownPurgeIsDropped, AStopAndAPassedDeadlineAreNoCrash, ManyAtOnce);

}  // namespace docmind::cache
