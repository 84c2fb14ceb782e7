#include "cache/entries/impl/index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "base/rng.h"

namespace docmind::cache {
namespace {

Known known(std::uint64_t name, std::uint8_t weight = 1, std::int64_t id = 1) {
  return {.hash = {name, 0}, .id = id, .bytes = 10, .size = 4, .stored = 4, .weight = weight};
}
Hot hot(std::size_t bytes) { return std::make_shared<HotValue>(HotValue{"", std::string(bytes, 'x')}); }

std::uint64_t go(Index& index) {
  const Index::Place place = index.next_to_go();
  const std::uint64_t name = index.at(place).hash.low;
  index.gone(place);
  return name;
}

TEST(Index, EqualWeightsGoInOrderOfUse) {
  Index index(0);
  for (const std::uint64_t name : {1, 2, 3}) index.add(known(name));
  index.use(index.find({1, 0}));
  EXPECT_EQ(go(index), 2U);
  index.add(known(4));
  index.use(index.find({3, 0}));
  EXPECT_EQ(go(index), 1U);
  EXPECT_EQ(go(index), 4U);
  EXPECT_EQ(go(index), 3U);
  EXPECT_EQ(index.next_to_go(), Index::kNone);
  EXPECT_EQ(index.bytes(), 0U);
}

TEST(Index, WhatCostMuchStaysLongerButNotForEver) {
  Index index(0);
  index.add(known(1, 4));
  int outlived = 0;
  for (std::uint64_t name = 2; name < 100; ++name) {
    index.add(known(name));
    if (go(index) == 1) break;
    ++outlived;
  }
  EXPECT_GT(outlived, 2);
  EXPECT_LT(outlived, 10);
}

// The same order as a plain search for the least rank, whatever happens.
TEST(Index, OrderIsThatOfGreedyDualSize) {
  struct Plain {
    std::uint64_t name, rank, turn;
    std::uint8_t weight;
  };
  Index index(0);
  std::vector<Plain> plain;
  std::uint64_t least = 0;
  std::uint64_t turn = 0;
  SeededRng rng(7);
  for (int step = 0; step < 20'000; ++step) {
    const std::uint64_t name = rng.next() % 300;
    const auto found = std::ranges::find(plain, name, &Plain::name);
    if (found != plain.end()) {
      index.use(index.find({name, 0}));
      found->rank = least + found->weight;
      found->turn = ++turn;
    } else if (plain.size() < 100) {
      const auto weight = static_cast<std::uint8_t>(1 + rng.next() % 16);
      index.add(known(name, weight));
      plain.push_back({name, least + weight, ++turn, weight});
    } else {
      const auto next =
          std::ranges::min_element(plain, {}, [](const Plain& one) { return std::pair(one.rank, one.turn); });
      least = next->rank;
      ASSERT_EQ(go(index), next->name);
      plain.erase(next);
    }
  }
}

TEST(Index, WeightIsSecondsForAKibibyte) {
  EXPECT_EQ(weight_of(0, 100), 1);
  EXPECT_EQ(weight_of(3.5, 100), 3);
  EXPECT_EQ(weight_of(3.5, 2000), 1);
  EXPECT_EQ(weight_of(1e300, 1), 16);
  EXPECT_EQ(weight_of(-5, 1), 1);
  EXPECT_EQ(weight_of(std::numeric_limits<double>::quiet_NaN(), 1), 1);
}

TEST(Index, ValuesInMemoryKeepToTheirBudget) {
  Index index(4 * hot(100)->bytes());
  for (std::uint64_t name = 0; name < 10; ++name) index.warm(index.add(known(name)), hot(100));
  EXPECT_EQ(index.hot_entries(), 4U);
  EXPECT_EQ(index.entries(), 10U);
  EXPECT_EQ(index.hot(index.find({5, 0})), nullptr);
  EXPECT_NE(index.hot(index.find({6, 0})), nullptr);
  index.use(index.find({6, 0}));
  index.warm(index.find({1, 0}), hot(100));
  EXPECT_NE(index.hot(index.find({6, 0})), nullptr);
  EXPECT_EQ(index.hot(index.find({7, 0})), nullptr);
  index.warm(index.find({1, 0}), hot(100'000));  // More than there is room for.
  EXPECT_EQ(index.hot(index.find({1, 0})), nullptr);
  EXPECT_EQ(index.hot_entries(), 3U);
}

TEST(Index, WhatIsInMemoryAloneGoesWithItsValue) {
  Index index(2 * hot(100)->bytes());
  for (std::uint64_t name = 0; name < 5; ++name) index.warm(index.add(known(name, 1, 0)), hot(100));
  EXPECT_EQ(index.entries(), 2U);
  index.warm(index.add(known(9, 1, 0)), hot(100'000));
  EXPECT_EQ(index.find({9, 0}), Index::kNone);
}

}  // namespace
}  // namespace docmind::cache
