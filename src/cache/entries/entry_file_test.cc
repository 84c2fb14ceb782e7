#include "cache/entries/entry_file.h"

#include <atomic>
#include <thread>

#include "base/rng.h"
#include "cache/entries/testing/kept_file.h"

namespace docmind::cache {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::KeptFile;

constexpr std::string_view kOdd{"k\0\xff 钥匙", 10};

TEST(EntryFile, GivesBackWhatWasPutAlsoAfterARestart) {
  KeptFile kept;
  const std::string bytes("\0\xff\x80 \r\n", 6);
  kept.put(kOdd, bytes);
  kept.put("", "under an empty key");
  kept.put("empty", "");
  EXPECT_EQ(kept.value(kOdd), bytes);
  kept.open();
  EXPECT_EQ(kept.value(kOdd), bytes);
  EXPECT_EQ(kept.value(""), "under an empty key");
  EXPECT_EQ(kept.value("empty"), "");
  EXPECT_EQ(kept.value("k"), std::nullopt);
  EXPECT_EQ(kept.stats().hits_disk, 3U);
  EXPECT_EQ(kept.value("empty"), "");
  EXPECT_EQ(kept.stats().hits_hot, 1U);
  EXPECT_EQ(kept.stats().misses, 1U);
}

TEST(EntryFile, TheLastPutCounts) {
  KeptFile kept;
  for (int i = 0; i < 20; ++i) kept.put("k", "value " + std::to_string(i));
  EXPECT_EQ(kept.value("k"), "value 19");
  EXPECT_EQ(kept.stats().entries, 1U);
  kept.open();
  EXPECT_EQ(kept.value("k"), "value 19");
  EXPECT_EQ(kept.stats().entries, 1U);
}

TEST(EntryFile, ErasesForGood) {
  KeptFile kept;
  kept.put("k", "v");
  EXPECT_TRUE(*kept.get().erase("k", {}, {}));
  EXPECT_FALSE(*kept.get().erase("k", {}, {}));
  EXPECT_EQ(kept.value("k"), std::nullopt);
  kept.open();
  EXPECT_EQ(kept.value("k"), std::nullopt);
}

TEST(EntryFile, ChangesOfOneCommitCountInOrder) {
  KeptFile kept;
  kept.put("old", "1", {"t"});
  std::vector<Change> changes;
  const auto put = [&](std::string key, std::string value, std::vector<std::string> tags = {}) {
    changes.push_back(
        {Change::Kind::kPut, std::move(key), {.value = std::move(value), .ttl = kForever, .tags = std::move(tags)}});
  };
  put("a", "1");
  put("a", "2");
  put("b", "1");
  changes.push_back({Change::Kind::kErase, "b", {}});
  put("c", "1", {"t"});
  put("old", "2", {"t"});
  changes.push_back({Change::Kind::kPurge, "t", {}});
  put("d", "1", {"t"});  // Begun before the purge ended: it is dropped.
  const auto answers = kept.get().change(std::move(changes), {}, {});
  ASSERT_TRUE(answers);
  std::vector<std::uint64_t> counts;
  for (const auto& answer : *answers) counts.push_back(*answer);
  EXPECT_EQ(counts, (std::vector<std::uint64_t>{0, 0, 0, 1, 0, 0, 2, 0}));
  for (int life = 0; life < 2; ++life) {
    EXPECT_EQ(kept.value("a"), "2");
    for (const char* gone : {"b", "c", "d", "old"}) EXPECT_EQ(kept.value(gone), std::nullopt) << gone;
    kept.open();
  }
}

TEST(EntryFile, RefusesWhatIsTooLargeAndTakesTheRest) {
  KeptFile kept;
  kept.options.max_value_bytes = 10;
  std::vector<Change> changes;
  changes.push_back({Change::Kind::kPut, "a", {.value = std::string(11, 'x'), .ttl = kForever}});
  changes.push_back({Change::Kind::kPut, "b", {.value = std::string(10, 'x'), .ttl = kForever}});
  changes.push_back({Change::Kind::kPut, std::string(kMaxKeyBytes + 1, 'k'), {.value = "x", .ttl = kForever}});
  changes.push_back({Change::Kind::kPut, "c", {.value = "x", .ttl = kForever, .tags = {""}}});
  const auto answers = kept.get().change(std::move(changes), {}, {});
  ASSERT_EQ(answers->size(), 4U);
  EXPECT_EQ((*answers)[0].error().code, Code::kInvalidArgument);
  EXPECT_TRUE((*answers)[1]);
  EXPECT_FALSE((*answers)[2]);
  EXPECT_FALSE((*answers)[3]);
  EXPECT_EQ(kept.value("b"), std::string(10, 'x'));
}

TEST(EntryFile, CompressesWhatIsWorthIt) {
  KeptFile kept;
  std::string noise;
  SeededRng rng(1);
  for (int i = 0; i < 50'000; ++i) noise.push_back(static_cast<char>(rng.next()));
  const std::string words(50'000, 'w');
  kept.put("noise", noise);
  EXPECT_EQ(kept.stats().stored_bytes, noise.size());
  kept.put("words", words);
  kept.put("short", "wwwwwwwwwwwwwwwwwwwwwwwwwwwwww");
  EXPECT_EQ(kept.stats().value_bytes, noise.size() + words.size() + 30);
  EXPECT_LT(kept.stats().stored_bytes, noise.size() + 1000);
  kept.open();
  EXPECT_EQ(kept.value("words"), words);
  EXPECT_EQ(kept.value("noise"), noise);
}

// --- L6: time ------------------------------------------------------------------------------------------------------

TEST(EntryFile, L6_ATimeToLiveOfNothingIsNeverStored) {
  KeptFile kept;
  kept.put("k", "old");
  kept.put("k", "v", {}, Duration(0));
  EXPECT_EQ(kept.value("k"), std::nullopt);
  kept.put("k", "v", {}, -seconds(1));
  EXPECT_EQ(kept.value("k"), std::nullopt);
  EXPECT_EQ(kept.stats().entries, 0U);
}

TEST(EntryFile, L6_EndsAtItsBoundary) {
  KeptFile kept;
  kept.put("k", "v", {}, seconds(10));
  kept.put("tiny", "v", {}, Duration(1));
  kept.clock.go_on(milliseconds(9'999));
  EXPECT_EQ(kept.value("k"), "v");
  EXPECT_EQ(kept.value("tiny"), std::nullopt);
  kept.clock.go_on(milliseconds(1));
  EXPECT_EQ(kept.value("k"), std::nullopt);
  EXPECT_EQ(kept.stats().expired, 2U);
  EXPECT_EQ(kept.stats().entries, 0U);
}

TEST(EntryFile, L6_AClockThatIsPutBackChangesNothing) {
  KeptFile kept;
  kept.put("k", "v", {}, seconds(10));
  kept.clock.go_on(seconds(5));
  kept.clock.set_wall(kept.clock.wall_ms() - 3'600'000);
  EXPECT_EQ(kept.value("k"), "v");
  kept.clock.go_on(milliseconds(4'999));
  EXPECT_EQ(kept.value("k"), "v");
  kept.clock.go_on(milliseconds(1));
  EXPECT_EQ(kept.value("k"), std::nullopt);
}

TEST(EntryFile, L6_AClockThatIsPutBackOverARestartNeitherLengthensNorLoses) {
  KeptFile kept;
  kept.put("k", "v", {}, seconds(10));
  kept.clock.go_on(seconds(8));
  kept.put("later", "v");
  kept.close();
  kept.clock.set_wall(kept.clock.wall_ms() - 3'600'000);
  kept.clock.restart();
  kept.open();
  EXPECT_EQ(kept.value("k"), "v");
  kept.clock.go_on(seconds(2));
  EXPECT_EQ(kept.value("k"), std::nullopt);
}

TEST(EntryFile, L6_EndsWhileNobodyRuns) {
  KeptFile kept;
  kept.put("k", "v", {}, seconds(10));
  kept.close();
  kept.clock.go_on(seconds(10));
  EXPECT_EQ(kept.value("k"), std::nullopt);
}

// --- L9: budgets ---------------------------------------------------------------------------------------------------

TEST(EntryFile, L9_KeepsToItsEntriesByLastUse) {
  KeptFile kept;
  kept.options.max_entries = 3;
  for (const char* key : {"a", "b", "c"}) kept.put(key, "v");
  EXPECT_EQ(kept.value("a"), "v");
  kept.put("d", "v");
  kept.put("a", "w");  // Replacing takes no room.
  EXPECT_EQ(kept.value("b"), std::nullopt);
  for (const char* key : {"a", "c", "d"}) EXPECT_TRUE(kept.value(key)) << key;
  EXPECT_EQ(kept.stats().evicted, 1U);
  kept.open();
  EXPECT_EQ(kept.stats().entries, 3U);
  EXPECT_EQ(kept.value("b"), std::nullopt);
}

TEST(EntryFile, L9_KeepsToItsBytesAlsoInTheFile) {
  KeptFile kept;
  kept.options.max_bytes = 1U << 20U;
  kept.options.compress_from = 1U << 30U;
  for (int i = 0; i < 1000; ++i) {
    kept.put(std::to_string(i), std::string(10'000, 'x'));
    ASSERT_LE(kept.stats().bytes, kept.options.max_bytes);
  }
  EXPECT_GT(kept.stats().entries, 90U);
  EXPECT_TRUE(kept.value("999"));
  kept.close();
  EXPECT_LT(std::filesystem::file_size(kept.options.path), 4U << 20U);
}

TEST(EntryFile, L9_AValueLargerThanAllRoomIsNotKept) {
  KeptFile kept;
  kept.options.max_bytes = 5000;
  kept.options.compress_from = 1U << 30U;
  kept.put("a", "v");
  kept.put("b", std::string(6000, 'x'));
  EXPECT_EQ(kept.value("b"), std::nullopt);
  kept.put("c", "v");
  EXPECT_EQ(kept.value("c"), "v");
  EXPECT_LE(kept.stats().bytes, 5000U);
}

TEST(EntryFile, L9_ASmallerBudgetIsKeptFromTheStart) {
  KeptFile kept;
  for (int i = 0; i < 50; ++i) kept.put(std::to_string(i), "v");
  kept.close();
  kept.options.max_entries = 10;
  kept.open();
  EXPECT_EQ(kept.stats().entries, 10U);
  EXPECT_TRUE(kept.value("49"));
  kept.close();
  kept.options.max_entries = 100;
  EXPECT_EQ(kept.stats().entries, 10U);
}

TEST(EntryFile, L9_WhatCostMuchStays) {
  KeptFile kept;
  kept.options.max_entries = 5;
  kept.put("dear", "v", {}, kForever, 30);
  for (int i = 0; i < 8; ++i) kept.put(std::to_string(i), "v");
  EXPECT_TRUE(kept.value("dear"));
}

TEST(EntryFile, ColdValuesComeFromTheFile) {
  KeptFile kept;
  kept.options.hot_bytes = 2'000;
  for (int i = 0; i < 100; ++i) kept.put(std::to_string(i), "value " + std::to_string(i));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(kept.value(std::to_string(i)), "value " + std::to_string(i));
  EXPECT_EQ(kept.stats().hits_disk, 100U);
  EXPECT_LE(kept.stats().hot_bytes, 2'000U);
  EXPECT_EQ(kept.get().glance("0").kind, EntryFile::Glance::Kind::kAskDisk);
  EXPECT_EQ(*kept.get().glance("99").value, "value 99");
  EXPECT_EQ(kept.get().glance("none").kind, EntryFile::Glance::Kind::kMiss);
}

// --- L2: purges ----------------------------------------------------------------------------------------------------

TEST(EntryFile, L2_PurgesByTagForGood) {
  KeptFile kept;
  kept.put("a", "1", {"user:u", "document:d"});
  kept.put("b", "2", {"user:u"});
  kept.put("c", "3", {"user:v"});
  kept.put("d", "4");
  EXPECT_EQ(*kept.get().purge("user:u", {}, {}), 2U);
  for (int life = 0; life < 2; ++life) {
    EXPECT_EQ(kept.value("a"), std::nullopt);
    EXPECT_EQ(kept.value("b"), std::nullopt);
    EXPECT_EQ(kept.value("c"), "3");
    kept.open();
  }
  EXPECT_EQ(*kept.get().purge("", {}, {}), 2U);
  EXPECT_EQ(kept.stats().entries, 0U);
  kept.open();
  EXPECT_EQ(kept.stats().entries, 0U);
}

TEST(EntryFile, L2_ByTagsThatWereReadFromTheFile) {
  KeptFile kept;
  kept.put("a", "1", {"user:u", "document:d"});
  kept.open();
  EXPECT_EQ(*kept.get().purge("document:d", {}, {}), 1U);
  EXPECT_EQ(kept.value("a"), std::nullopt);
}

TEST(EntryFile, L2_WhatIsPurgedIsGoneFromTheDisk) {
  KeptFile kept;
  const std::string secret = "a secret that nobody may find";
  kept.put("a", secret, {"t"});
  kept.put("a", secret + " again", {"t"});
  kept.put("b", "x");
  EXPECT_EQ(*kept.get().purge("t", {}, {}), 1U);
  for (const char* end : {"", "-wal"}) {
    std::filesystem::path path = kept.options.path;
    path += end;
    const auto bytes = kept.files.read(path, 1U << 30U);
    if (bytes) EXPECT_EQ(bytes->find(secret), std::string::npos) << end;
  }
}

TEST(EntryFile, L2_AValueMadeBeforeAPurgeIsDropped) {
  KeptFile kept;
  const auto put_since = [&](std::string_view key, std::vector<std::string> tags, std::uint64_t since) {
    EXPECT_TRUE(kept.get().put(key, {.value = "v", .ttl = kForever, .tags = std::move(tags), .since = since}, {}, {}));
  };
  const std::uint64_t before = *kept.get().moment();
  EXPECT_TRUE(kept.get().purge("t", {}, {}));
  put_since("a", {"t"}, before);
  put_since("b", {"other"}, before);
  put_since("c", {"t"}, *kept.get().moment());
  EXPECT_EQ(kept.value("a"), std::nullopt);
  EXPECT_EQ(kept.value("b"), "v");
  EXPECT_EQ(kept.value("c"), "v");
  EXPECT_TRUE(kept.get().purge("", {}, {}));
  put_since("b", {"other"}, before);
  put_since("e", {}, before);
  EXPECT_EQ(kept.value("b"), std::nullopt);
  EXPECT_EQ(kept.value("e"), std::nullopt);
  EXPECT_EQ(kept.stats().outrun, 3U);
  const std::uint64_t last = *kept.get().moment();
  kept.clock.go_on(seconds(1));
  kept.open();
  put_since("f", {}, last);  // Nobody knows what was purged since.
  EXPECT_EQ(kept.value("f"), std::nullopt);
}

TEST(EntryFile, L2_LongAgoMeansBeforeEveryPurge) {
  KeptFile kept;
  const std::uint64_t before = *kept.get().moment();
  std::vector<Change> purges;
  for (int i = 0; i < 1100; ++i) purges.push_back({Change::Kind::kPurge, "t" + std::to_string(i), {}});
  EXPECT_TRUE(kept.get().change(std::move(purges), {}, {}));
  EXPECT_TRUE(kept.get().put("k", {.value = "v", .ttl = kForever, .since = before}, {}, {}));
  EXPECT_EQ(kept.value("k"), std::nullopt);
}

// Many threads put what they had begun before; a purge comes between. What was put before it does not come back.
TEST(EntryFile, L2_APurgeBesideManyPuts) {
  KeptFile kept;
  EntryFile& file = kept.open();
  std::atomic<bool> purged = false;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const bool after = purged.load();
        const std::string key = std::to_string(t) + (after ? " after " : " before ") + std::to_string(i);
        EXPECT_TRUE(file.put(key, {.value = key, .ttl = kForever, .tags = {"t"}}, {}, {}));
      }
    });
  }
  EXPECT_TRUE(file.purge("t", {}, {}));
  purged = true;
  for (std::thread& thread : threads) thread.join();
  const std::uint64_t there = file.stats()->entries;
  EXPECT_TRUE(file.purge("t", {}, {}));
  EXPECT_EQ(file.stats()->purged + file.stats()->outrun, 200U);
  EXPECT_LE(there, 200U);
  EXPECT_EQ(file.stats()->entries, 0U);
}

// --- Many threads --------------------------------------------------------------------------------------------------

// Each key counts up; a reader never sees it go back, nor a value that belongs to another key.
TEST(EntryFile, ReadersSeeWholeValuesThatNeverGoBack) {
  KeptFile kept;
  kept.options.hot_bytes = 20'000;
  EntryFile& file = kept.open();
  constexpr int kKeys = 4;
  constexpr int kTimes = 100;
  const auto value_of = [](int key, int n) {
    return std::to_string(key) + ":" + std::to_string(n) + std::string(5'000, 'x');
  };
  for (int key = 0; key < kKeys; ++key) kept.put(std::to_string(key), value_of(key, 0));
  std::atomic<int> writing = kKeys;
  std::vector<std::thread> threads;
  for (int key = 0; key < kKeys; ++key) {
    threads.emplace_back([&, key] {
      for (int n = 1; n <= kTimes; ++n) {
        EXPECT_TRUE(file.put(std::to_string(key), {.value = value_of(key, n), .ttl = kForever}, {}, {}));
      }
      --writing;
    });
  }
  for (int reader = 0; reader < 2; ++reader) {
    threads.emplace_back([&] {
      std::vector<int> last(kKeys, 0);
      do {
        for (int key = 0; key < kKeys; ++key) {
          const auto got = file.get(std::to_string(key), {}, {});
          if (!got || !*got) {
            ADD_FAILURE() << "lost";
            return;
          }
          const int n = std::stoi((*got)->substr(2));
          if (n < last[static_cast<std::size_t>(key)] || **got != value_of(key, n))
            ADD_FAILURE() << (*got)->substr(0, 9);
          last[static_cast<std::size_t>(key)] = n;
        }
      } while (writing > 0);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int key = 0; key < kKeys; ++key) EXPECT_EQ(kept.value(std::to_string(key)), value_of(key, kTimes));
  EXPECT_EQ(kept.stats().entries, static_cast<std::uint64_t>(kKeys));
}

TEST(EntryFile, OneProcessAtATime) {
  KeptFile kept;
  kept.open();
  const auto second = EntryFile::open(kept.options, {kept.clock, kept.files, kept.log});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kConflict);
}

TEST(EntryFile, AFolderThatIsNotThereIsSaid) {
  KeptFile kept;
  kept.options.path = kept.folder / "none/cache.db";
  const auto opened = EntryFile::open(kept.options, {kept.clock, kept.files, kept.log});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::kInvalidArgument);
}

TEST(EntryFile, WhoHasBeenStoppedDoesNotWait) {
  KeptFile kept;
  kept.put("k", "v");
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(kept.value("k"), "v");
  kept.open();
  EXPECT_FALSE(kept.get().get("k", {}, stop.get_token()));
}

}  // namespace
}  // namespace docmind::cache
