// What happens to the file is a miss and is counted; it is never a wrong value, and never the end.
#include <array>
#include <cstdlib>
#include <fstream>

#include "base/rng.h"
#include "cache/entries/testing/kept_file.h"
#include "store/testing/fault_vfs.h"
#include "store/testing/raw_sql.h"

namespace docmind::cache {
namespace {

using store::testing::FaultVfs;
using store::testing::number_raw;
using store::testing::run_raw;
using testing::KeptFile;

// The full number is for the nightly tier.
int rounds(int usual, int full) { return std::getenv("NIGHTLY") != nullptr ? full : usual; }

std::string value_of(int key) {
  std::string value = "value of " + std::to_string(key) + ": ";
  while (value.size() < static_cast<std::size_t>(key % 7) * 700) value += std::to_string(key) + ",";
  return value;
}

class Damage : public ::testing::Test {
 protected:
  static constexpr int kKeys = 60;

  // A good file to be damaged again and again: closed, or as a kill would leave it, most of it in the log, or that with
  // an empty log.
  enum class Left { kClosed, kKilled, kKilledEmptyLog };
  void make(Left left) {
    KeptFile kept;
    for (int key = 0; key < kKeys; ++key) {
      kept.put(std::to_string(key), value_of(key), {key % 2 == 0 ? "even" : "odd"});
      if (key == 20) kept.put("purged", "secret", {"secret"});
      // Replaced, but not yet out of the file. Not where the log is damaged: that may undo the newest commits.
      if (key == 30 && left != Left::kKilled) kept.put("31", "of before");
    }
    ASSERT_EQ(*kept.get().purge("secret", {}, {}), 1U);
    for (int key = 0; key < 10; key += 5) kept.put(std::to_string(key), value_of(key));
    if (left == Left::kClosed) kept.close();
    if (left == Left::kKilledEmptyLog) run_raw(kept.options.path, "PRAGMA wal_checkpoint(TRUNCATE)");
    for (const char* end : {"", "-wal"}) {
      std::filesystem::path path = kept.options.path;
      path += end;
      auto bytes = kept.files.read(path, 1U << 30U);
      if (bytes && !bytes->empty()) good_.emplace_back(end, *std::move(bytes));
    }
  }

  void write(const KeptFile& kept) const {
    for (const auto& [end, bytes] : good_) {
      std::filesystem::path path = kept.options.path;
      path += end;
      std::ofstream(path, std::ios::binary) << bytes;
    }
  }

  // As a kill would leave it.
  static void copy(const KeptFile& from, const KeptFile& to) {
    for (const char* end : {"", "-wal"}) {
      std::filesystem::path path = from.options.path;
      std::filesystem::path target = to.options.path;
      path += end;
      target += end;
      std::filesystem::copy_file(path, target);
    }
  }

  // What is there is right, and the cache goes on. How many of the values there still were.
  static int expect_no_lie(KeptFile& kept, const std::string& what) {
    int there = 0;
    kept.open();
    for (int key = 0; key < kKeys; ++key) {
      const auto value = kept.value(std::to_string(key));
      if (!value) continue;
      ++there;
      EXPECT_EQ(*value, value_of(key)) << what;
    }
    EXPECT_EQ(kept.value("purged"), std::nullopt) << what;
    kept.put("new", "works", {"t"});
    EXPECT_EQ(kept.value("new"), "works") << what;
    EXPECT_GE(*kept.get().purge("even", {}, {}) + 1, 1U) << what;
    EXPECT_EQ(kept.value("2"), std::nullopt) << what;
    kept.open();  // A damage that showed only now may have taken it again; the file is a new one then.
    EXPECT_EQ(kept.value("new").value_or("works"), "works") << what;
    EXPECT_EQ(kept.value("2"), std::nullopt) << what;
    kept.put("newer", "works");
    EXPECT_EQ(kept.value("newer"), "works") << what;
    return there;
  }

  std::vector<std::pair<std::string, std::string>> good_;
};

class BitFlips : public Damage, public ::testing::WithParamInterface<int> {};

TEST_P(BitFlips, NeverAWrongValueAlwaysRunning) {
  make(static_cast<Left>(GetParam()));
  SeededRng rng(static_cast<std::uint64_t>(GetParam() + 3));
  int seen = 0;
  const int times = rounds(60, 1000);
  for (int round = 0; round < times && !HasFailure(); ++round) {
    KeptFile kept;
    auto before = good_;
    auto& [end, bytes] = good_[rng.next() % good_.size()];
    for (std::uint64_t flips = 1 + rng.next() % 3; flips > 0; --flips) {
      char& byte = bytes[rng.next() % bytes.size()];
      byte = static_cast<char>(byte ^ (1 << rng.next() % 8));
    }
    write(kept);
    const int there = expect_no_lie(kept, "round " + std::to_string(round) + " of " + end);
    if (there < kKeys) ++seen;
    good_ = std::move(before);
  }
  EXPECT_GT(seen, 0);
}
std::string name_of_left(const ::testing::TestParamInfo<int>& test) {
  constexpr std::array<const char*, 3> kNames{"Closed", "Killed", "KilledEmptyLog"};
  return kNames[static_cast<std::size_t>(test.param)];
}
INSTANTIATE_TEST_SUITE_P(, BitFlips, ::testing::Range(0, 3), name_of_left);

// The newer row cannot be read, and the older one is still in the file: noted as gone, and not given.
TEST_F(Damage, L8_WhatWasReplacedDoesNotComeBack) {
  for (const char* damage : {"UPDATE entries SET head=0 WHERE id=2", "UPDATE entries SET value=x'00' WHERE id=2",
                             "UPDATE gone SET ids=zeroblob(8)", "UPDATE gone SET ids=x'00'", "UPDATE gone SET sum=1"}) {
    KeptFile kept;
    kept.put("a", "the first value");
    kept.put("a", "the second value");
    KeptFile killed;
    copy(kept, killed);
    run_raw(killed.options.path, "PRAGMA wal_checkpoint(TRUNCATE)");
    run_raw(killed.options.path, damage);
    EXPECT_EQ(killed.value("a"), std::nullopt) << damage;
    EXPECT_EQ(killed.stats().quarantined + killed.stats().renewed, 1U) << damage;
    killed.put("a", "the third value");
    killed.open();
    EXPECT_EQ(killed.value("a"), "the third value") << damage;
  }
}

TEST_F(Damage, WhatIsGoneAndStillInTheFileIsGoneAfterAKill) {
  KeptFile kept;
  kept.options.max_entries = 3;
  for (int i = 0; i < 5; ++i) kept.put("a", std::to_string(i));
  for (const char* key : {"b", "c", "d"}) kept.put(key, "v");  // "a" has to make room.
  KeptFile killed;
  copy(kept, killed);
  EXPECT_EQ(killed.value("a"), std::nullopt);
  EXPECT_EQ(killed.value("d"), "v");
  EXPECT_EQ(killed.stats().entries, 3U);
  EXPECT_TRUE(*killed.get().erase("d", {}, {}));  // That takes all of it out of the file.
  KeptFile erased;
  copy(killed, erased);
  EXPECT_EQ(number_raw(erased.options.path, "SELECT count(*) FROM entries"), 2);
  EXPECT_EQ(number_raw(erased.options.path, "SELECT count(*) FROM gone"), 0);
  killed.put("c", "", {}, Duration(0));  // So does this.
  KeptFile ended;
  copy(killed, ended);
  EXPECT_EQ(number_raw(ended.options.path, "SELECT count(*) FROM entries"), 1);
}

TEST_F(Damage, L8_ARowThatChangedIsAMissAndIsErased) {
  KeptFile kept;
  kept.put("a", "the first value");
  kept.put("b", "the second value");
  kept.close();
  run_raw(kept.options.path, "UPDATE entries SET value=CAST('the wrong value' AS BLOB) WHERE key=CAST('a' AS BLOB)");
  EXPECT_EQ(kept.value("a"), std::nullopt);
  EXPECT_EQ(kept.value("b"), "the second value");
  EXPECT_EQ(kept.stats().quarantined, 1U);
  EXPECT_EQ(kept.stats().renewed, 0U);
  kept.put("a", "again");
  kept.open();
  EXPECT_EQ(kept.value("a"), "again");
  EXPECT_EQ(kept.stats().quarantined, 0U);
}

// Whatever is changed beside the value: its time, its tags, its cost, its key, the key of another.
TEST_F(Damage, L8_ARowWhoseHeadChangedIsErasedAtTheStart) {
  for (const char* change : {"expires=expires-1", "stored=stored+1000000000000", "tags=CAST('x' AS BLOB)", "cost=9",
                             "key=CAST('b' AS BLOB)", "size=3", "id=77", "form=1", "head=0", "sum=zeroblob(16)"}) {
    KeptFile kept;
    kept.put("a", "the first value", {"t"}, std::chrono::seconds(50));
    kept.put("b", "the second value");
    kept.close();
    run_raw(kept.options.path, (std::string("UPDATE entries SET ") + change + " WHERE id=1").c_str());
    EXPECT_EQ(kept.value("a"), std::nullopt) << change;
    EXPECT_EQ(kept.value("b"), "the second value") << change;
    EXPECT_EQ(kept.stats().quarantined, 1U) << change;
    kept.open();
    EXPECT_EQ(kept.stats().entries, 1U) << change;
  }
}

TEST_F(Damage, TruncatedAnywhere) {
  make(Left::kClosed);
  const std::string whole = good_.front().second;
  SeededRng rng(5);
  int renewed = 0;
  for (int round = 0; round < rounds(30, 300) && !HasFailure(); ++round) {
    KeptFile kept;
    good_.front().second = whole.substr(0, rng.next() % whole.size());
    write(kept);
    expect_no_lie(kept, "cut to " + std::to_string(good_.front().second.size()));
    std::filesystem::path aside = kept.options.path;
    aside += ".damaged-1";
    renewed += std::filesystem::exists(aside) ? 1 : 0;
  }
  EXPECT_LE(renewed, rounds(30, 300));
}

TEST_F(Damage, AFileThatIsNoneOfOursIsPutAsideAndTwoAreKept) {
  KeptFile kept;
  for (int i = 0; i < 4; ++i) {
    kept.close();
    std::filesystem::remove(kept.options.path);
    std::ofstream(kept.options.path) << "this is no database, for the " << i << "th time" << std::string(5000, ' ');
    kept.put("k", "v");
    EXPECT_EQ(kept.value("k"), "v");
    EXPECT_EQ(kept.stats().renewed, 1U);
  }
  std::string names;
  for (const auto& entry : *kept.files.list(kept.folder.path())) names += entry.name + " ";
  EXPECT_NE(names.find("cache.db.damaged-1 cache.db.damaged-2"), std::string::npos) << names;
  EXPECT_EQ(names.find("damaged-3"), std::string::npos) << names;
  EXPECT_EQ(*kept.get().purge("", {}, {}), 1U);  // What was put aside may hold what is purged.
  EXPECT_FALSE(kept.files.stat(kept.folder / "cache.db.damaged-1"));
}

TEST_F(Damage, ANewerAnOlderAndAnotherProgramsFile) {
  for (const char* sql : {"PRAGMA user_version=9; INSERT INTO schema_migrations VALUES(9, 9)",
                          "PRAGMA application_id=77", "DROP TABLE entries",
                          "PRAGMA user_version=0; DELETE FROM schema_migrations; DROP TABLE entries; DROP TABLE gone",
                          "DROP TABLE gone"}) {
    KeptFile kept;
    kept.put("k", "v");
    kept.close();
    run_raw(kept.options.path, sql);
    kept.open();
    EXPECT_EQ(kept.value("k"), std::nullopt) << sql;
    kept.put("k", "w");
    kept.open();
    EXPECT_EQ(kept.value("k"), "w") << sql;
    EXPECT_EQ(kept.stats().trouble, "") << sql;
  }
}

TEST_F(Damage, AFileOfTheFormerVersionIsGoneOnWith) {
  KeptFile kept;
  kept.put("k", "v", {"t"});
  kept.close();
  run_raw(kept.options.path, "DROP TABLE gone; DELETE FROM schema_migrations WHERE version=2; PRAGMA user_version=1");
  EXPECT_EQ(kept.value("k"), "v");
  kept.put("k", "w");
  kept.open();
  EXPECT_EQ(kept.value("k"), "w");
  EXPECT_EQ(*kept.get().purge("t", {}, {}), 0U);
  EXPECT_EQ(kept.stats().renewed, 0U);
}

TEST_F(Damage, AFolderInItsPlace) {
  KeptFile kept;
  std::filesystem::create_directories(kept.options.path / "inside");
  kept.put("k", "v");
  EXPECT_EQ(kept.value("k"), "v");
  EXPECT_EQ(kept.stats().renewed, 1U);
}

// --- A full disk ---------------------------------------------------------------------------------------------------

TEST_F(Damage, AFullDiskIsSaidAndLivedWith) {
  FaultVfs faults;
  KeptFile kept;
  kept.options.vfs = FaultVfs::kName;
  kept.put("stored", "before", {"t"});
  faults.writes_before_full = 0;
  kept.put("a", "in memory");
  kept.put("stored", "after");
  EXPECT_EQ(kept.value("a"), "in memory");
  EXPECT_EQ(kept.value("stored"), "after");
  EXPECT_EQ(kept.stats().unstored, 2U);
  EXPECT_NE(kept.stats().trouble.find("disk is full"), std::string::npos) << kept.stats().trouble;
  EXPECT_FALSE(kept.get().erase("a", {}, {}));  // Not for good.
  EXPECT_EQ(kept.value("a"), std::nullopt);
  faults.writes_before_full = FaultVfs::kNever;
  kept.put("b", "there is room");
  EXPECT_EQ(kept.stats().trouble, "");
  EXPECT_EQ(kept.value("stored"), "after");
  kept.open();
  EXPECT_EQ(kept.value("b"), "there is room");
  EXPECT_EQ(kept.value("stored"), std::nullopt);  // Its row went with the first commit that there was room for.
  kept.close();
}

TEST_F(Damage, AFullDiskDoesNotStopAPurge) {
  FaultVfs faults;
  KeptFile kept;
  kept.options.vfs = FaultVfs::kName;
  kept.put("a", "1", {"t"});
  kept.put("b", "2");
  faults.writes_before_full = 0;
  EXPECT_EQ(*kept.get().purge("t", {}, {}), 1U);
  EXPECT_EQ(kept.value("a"), std::nullopt);
  kept.put("c", "3");
  EXPECT_EQ(kept.value("c"), "3");
  kept.close();
  faults.writes_before_full = FaultVfs::kNever;
  EXPECT_EQ(kept.value("a"), std::nullopt);
  kept.put("d", "4");
  kept.open();
  EXPECT_EQ(kept.value("d"), "4");
  kept.close();
}

TEST_F(Damage, WithRoomAgainTheFileIsTriedAgain) {
  FaultVfs faults;
  KeptFile kept;
  kept.options.vfs = FaultVfs::kName;
  faults.writes_before_full = 0;
  kept.put("a", "1");
  EXPECT_EQ(kept.value("a"), "1");
  EXPECT_NE(kept.stats().trouble, "");
  faults.writes_before_full = FaultVfs::kNever;
  kept.clock.go_on(std::chrono::seconds(10));
  kept.put("b", "2");
  EXPECT_EQ(kept.stats().trouble, "");
  kept.open();
  EXPECT_EQ(kept.value("b"), "2");
  kept.close();
}

// Full from the n-th write on, for every n there is.
TEST_F(Damage, FullAtEveryWrite) {
  FaultVfs faults;
  faults.syncs_for_real = false;
  for (int room = 0; room < 40 && !HasFailure(); ++room) {
    KeptFile kept;
    kept.options.vfs = FaultVfs::kName;
    faults.writes_before_full = room;
    for (int key = 0; key < 6; ++key) kept.put(std::to_string(key), value_of(key), {"t"});
    for (int key = 0; key < 6; ++key) EXPECT_EQ(kept.value(std::to_string(key)), value_of(key)) << room;
    EXPECT_TRUE(kept.get().purge("t", {}, {})) << room;
    for (int key = 0; key < 6; ++key) EXPECT_EQ(kept.value(std::to_string(key)), std::nullopt) << room;
    faults.writes_before_full = FaultVfs::kNever;
    kept.open();
    for (int key = 0; key < 6; ++key) EXPECT_EQ(kept.value(std::to_string(key)), std::nullopt) << room;
    kept.close();
  }
}

// The disk that fails a sync: the file is given up for a new one.
TEST_F(Damage, ADiskThatFails) {
  FaultVfs faults;
  KeptFile kept;
  kept.options.vfs = FaultVfs::kName;
  kept.put("a", "1", {"t"});
  faults.syncs_before_failure = 0;
  const auto purged = kept.get().purge("t", {}, {});
  EXPECT_EQ(kept.value("a"), std::nullopt);
  faults.syncs_before_failure = FaultVfs::kNever;
  kept.put("b", "2");
  EXPECT_EQ(kept.value("b"), "2");
  kept.open();
  EXPECT_EQ(kept.value("a"), std::nullopt);
  kept.close();
  (void)purged;
}

}  // namespace
}  // namespace docmind::cache
