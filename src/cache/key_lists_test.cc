#include "cache/impl/key_lists.h"

#include <gtest/gtest.h>

#include <set>

#include "base/hash.h"
#include "cache/testing/fake_entries.h"

namespace docmind::cache {
namespace {

class KeyListsTest : public ::testing::Test {
 protected:
  // All of one list.
  static std::string key(std::size_t i) { return "00" + content_hash(std::to_string(i)).hex().substr(2); }
  void keep(std::size_t i) {
    ASSERT_TRUE(entries_.put(key(i), {.value = "answer", .ttl = kForever}, {}, {}));
    ASSERT_TRUE(lists_.add(key(i), {}, {}));
  }
  std::set<std::string> all(KeyLists& lists) {
    std::set<std::string> out;
    lists.read_all([&](const std::string& key, const std::string&) { out.insert(key); }, {}, {});
    return out;
  }
  std::size_t keys_in_list() { return entries_.get("answers library 00", {}, {})->value_or("").size() / 64; }

  FakeEntries entries_;
  KeyLists lists_{entries_, "library"};
};

TEST_F(KeyListsTest, KnowsWhatWasKeptInThisLibraryAlone) {
  for (std::size_t i = 0; i < 300; ++i) keep(i);
  EXPECT_EQ(all(lists_).size(), 300);
  KeyLists other(entries_, "another");
  EXPECT_TRUE(all(other).empty());
  ASSERT_TRUE(entries_.erase(key(7), {}, {}));
  EXPECT_EQ(all(lists_).size(), 299);
  EXPECT_FALSE(all(lists_).contains(key(7)));
}

TEST_F(KeyListsTest, KeepingOneReadsFewOthersHoweverManyThereAre) {
  constexpr std::size_t kMany = 4000;
  for (std::size_t i = 0; i < kMany; ++i) keep(i);
  EXPECT_LT(entries_.reads(), 4 * kMany);
  EXPECT_EQ(all(lists_).size(), kMany);
  KeyLists later(entries_, "library");  // As after a start, which reads them all.
  EXPECT_EQ(all(later).size(), kMany);
  const std::uint64_t before = entries_.reads();
  ASSERT_TRUE(later.add(key(kMany), {}, {}));
  EXPECT_EQ(entries_.reads() - before, 1);
}

TEST_F(KeyListsTest, AListDoesNotGrowWithWhatIsGone) {
  for (std::size_t i = 0; i < 4000; ++i) {
    keep(i);
    if (i >= 10) {
      ASSERT_TRUE(entries_.erase(key(i - 10), {}, {}));
    }
    ASSERT_LE(keys_in_list(), 257);
  }
  EXPECT_EQ(all(lists_).size(), 10);
}

TEST_F(KeyListsTest, WhatCannotBeReadStaysInItsList) {
  for (std::size_t i = 0; i < 300; ++i) keep(i);
  entries_.fail(true);
  EXPECT_TRUE(all(lists_).empty());
  EXPECT_FALSE(lists_.add(key(300), {}, {}));
  entries_.fail(false);
  EXPECT_EQ(all(lists_).size(), 300);
}

}  // namespace
}  // namespace docmind::cache
