#include "retrieval/fuse.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/rng.h"

namespace docmind::retrieval {
namespace {

using Ranking = std::vector<std::int64_t>;

TEST(Fuse, KnownSums) {
  const std::vector<Ranking> rankings{{7, 3}, {3, 9}};
  const auto fused = fuse(rankings);
  ASSERT_EQ(fused.size(), 3U);
  EXPECT_EQ(fused[0].id, 3);
  EXPECT_DOUBLE_EQ(fused[0].score, 1.0 / 62 + 1.0 / 61);
  EXPECT_EQ(fused[0].ranks, (std::vector<std::optional<std::uint32_t>>{2, 1}));
  EXPECT_EQ(fused[1].id, 7);
  EXPECT_DOUBLE_EQ(fused[1].score, 1.0 / 61);
  EXPECT_EQ(fused[1].ranks, (std::vector<std::optional<std::uint32_t>>{1, std::nullopt}));
  EXPECT_EQ(fused[2].id, 9);
}

TEST(Fuse, NothingInNothingOut) {
  EXPECT_TRUE(fuse({}).empty());
  const std::vector<Ranking> empty{{}, {}};
  EXPECT_TRUE(fuse(empty).empty());
}

TEST(Fuse, TiesGoToTheLowerId) {
  const std::vector<Ranking> rankings{{5, 2}, {2, 5}};
  const auto fused = fuse(rankings);
  EXPECT_EQ(fused[0].id, 2);
  EXPECT_EQ(fused[0].score, fused[1].score);
}

TEST(Fuse, ARepeatedIdCountsOnce) {
  const std::vector<Ranking> rankings{{4, 4, 6}};
  const auto fused = fuse(rankings);
  ASSERT_EQ(fused.size(), 2U);
  EXPECT_DOUBLE_EQ(fused[0].score, 1.0 / 61);
  EXPECT_EQ(fused[1].ranks[0], 3U);
}

std::vector<Ranking> random_rankings(SeededRng& rng) {
  std::vector<Ranking> rankings(1 + rng.next() % 4);
  for (Ranking& ranking : rankings) {
    for (std::uint64_t n = rng.next() % 30; n > 0; --n) {
      const auto id = static_cast<std::int64_t>(rng.next() % 40);
      if (std::find(ranking.begin(), ranking.end(), id) == ranking.end()) ranking.push_back(id);
    }
  }
  return rankings;
}

TEST(Fuse, HoldsWhatItPromisesOnRandomRankings) {
  SeededRng rng(11);
  for (int round = 0; round < 500; ++round) {
    const auto rankings = random_rankings(rng);
    const auto fused = fuse(rankings);
    std::set<std::int64_t> expected;
    for (const Ranking& ranking : rankings) expected.insert(ranking.begin(), ranking.end());
    ASSERT_EQ(fused.size(), expected.size());
    for (std::size_t i = 0; i < fused.size(); ++i) {
      ASSERT_TRUE(expected.contains(fused[i].id));
      double sum = 0;
      for (std::size_t r = 0; r < rankings.size(); ++r) {
        const auto at = std::find(rankings[r].begin(), rankings[r].end(), fused[i].id);
        ASSERT_EQ(fused[i].ranks[r].has_value(), at != rankings[r].end());
        if (at != rankings[r].end()) sum += 1.0 / (60 + static_cast<double>(at - rankings[r].begin()) + 1);
      }
      ASSERT_NEAR(fused[i].score, sum, 1e-12);
      if (i > 0) {
        ASSERT_TRUE(fused[i - 1].score > fused[i].score ||
                    (fused[i - 1].score == fused[i].score && fused[i - 1].id < fused[i].id));
      }
    }
  }
}

// A better place in one ranking never makes the fused place worse.
TEST(Fuse, MovingUpNeverHurts) {
  SeededRng rng(13);
  const auto place = [](const std::vector<Fused>& fused, std::int64_t id) {
    return std::find_if(fused.begin(), fused.end(), [&](const Fused& f) { return f.id == id; }) - fused.begin();
  };
  for (int round = 0; round < 300; ++round) {
    auto rankings = random_rankings(rng);
    Ranking& first = rankings.front();
    if (first.size() < 2) continue;
    const std::size_t at = 1 + rng.next() % (first.size() - 1);
    const std::int64_t id = first[at];
    const auto before = place(fuse(rankings), id);
    std::swap(first[at], first[at - 1]);
    ASSERT_LE(place(fuse(rankings), id), before);
  }
}

}  // namespace
}  // namespace docmind::retrieval
