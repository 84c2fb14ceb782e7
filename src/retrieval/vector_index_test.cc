#include "retrieval/vector_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/rng.h"
#include "retrieval/half.h"

namespace docmind::retrieval {
namespace {

std::vector<float> random_unit(SeededRng& rng, std::size_t size) {
  std::vector<float> v(size);
  double norm = 0;
  for (float& x : v) {
    x = static_cast<float>(static_cast<double>(rng.next() >> 11U) * 0x1p-53 * 2 - 1);
    norm += static_cast<double>(x) * static_cast<double>(x);
  }
  for (float& x : v) x = static_cast<float>(static_cast<double>(x) / std::sqrt(norm));
  return v;
}

// The plain ranking in double precision, of the values as stored.
std::vector<std::int64_t> plain_ranking(const std::vector<float>& query,
                                        const std::vector<std::pair<std::int64_t, std::vector<std::uint16_t>>>& rows,
                                        std::size_t k) {
  std::vector<std::pair<double, std::int64_t>> scored;
  for (const auto& [id, halves] : rows) {
    double sum = 0;
    for (std::size_t i = 0; i < query.size(); ++i) {
      sum += static_cast<double>(query[i]) * static_cast<double>(from_half(halves[i]));
    }
    scored.emplace_back(-sum, id);
  }
  std::sort(scored.begin(), scored.end());
  std::vector<std::int64_t> ids;
  for (std::size_t i = 0; i < std::min(k, scored.size()); ++i) ids.push_back(scored[i].second);
  return ids;
}

std::vector<std::int64_t> ids_of(const std::vector<Neighbour>& found) {
  std::vector<std::int64_t> ids;
  for (const Neighbour& one : found) ids.push_back(one.id);
  return ids;
}

// 384 is the shipped model; 7 and 33 leave a rest after the last full vector register.
class Dimensions : public testing::TestWithParam<std::uint32_t> {};

TEST_P(Dimensions, RanksLikeThePlainFloatScan) {
  SeededRng rng(7);
  VectorIndex index(GetParam());
  std::vector<std::pair<std::int64_t, std::vector<std::uint16_t>>> rows;
  std::int64_t id = 1;
  for (int document = 0; document < 9; ++document) {
    std::vector<std::int64_t> ids;
    std::vector<std::uint16_t> halves;
    for (int row = 0; row <= document * 10; ++row) {
      const auto v = to_halves(random_unit(rng, GetParam()));
      rows.emplace_back(id, v);
      ids.push_back(id++);
      halves.insert(halves.end(), v.begin(), v.end());
    }
    ASSERT_TRUE(index.put("d" + std::to_string(document), ids, halves));
  }
  ASSERT_EQ(index.size(), rows.size());
  for (int round = 0; round < 20; ++round) {
    const auto query = random_unit(rng, GetParam());
    EXPECT_EQ(ids_of(index.nearest(query, 25, nullptr)), plain_ranking(query, rows, 25));
  }
}
INSTANTIATE_TEST_SUITE_P(Sizes, Dimensions, testing::Values(7, 33, 384));

TEST(VectorIndex, TiesGoToTheLowerId) {
  VectorIndex index(4);
  const auto one = to_halves(std::vector<float>{1, 0, 0, 0});
  ASSERT_TRUE(index.put("b", {9}, one));
  ASSERT_TRUE(index.put("a", {3}, one));
  ASSERT_TRUE(index.put("c", {5}, one));
  EXPECT_EQ(ids_of(index.nearest(std::vector<float>{1, 0, 0, 0}, 2, nullptr)), (std::vector<std::int64_t>{3, 5}));
}

TEST(VectorIndex, OnlyAllowedDocumentsAreScored) {
  VectorIndex index(2);
  ASSERT_TRUE(index.put("near", {1}, to_halves(std::vector<float>{1, 0})));
  ASSERT_TRUE(index.put("far", {2}, to_halves(std::vector<float>{0, 1})));
  const DocumentSet far{"far"};
  const DocumentSet none;
  EXPECT_EQ(ids_of(index.nearest(std::vector<float>{1, 0}, 10, &far)), (std::vector<std::int64_t>{2}));
  EXPECT_TRUE(index.nearest(std::vector<float>{1, 0}, 10, &none).empty());
}

TEST(VectorIndex, PutReplacesAndRemoveForgets) {
  VectorIndex index(2);
  ASSERT_TRUE(index.put("d", {1, 2}, to_halves(std::vector<float>{1, 0, 0, 1})));
  ASSERT_TRUE(index.put("d", {7}, to_halves(std::vector<float>{1, 0})));
  EXPECT_EQ(ids_of(index.nearest(std::vector<float>{1, 0}, 10, nullptr)), (std::vector<std::int64_t>{7}));
  index.remove("d");
  index.remove("never there");
  EXPECT_EQ(index.size(), 0U);
  EXPECT_EQ(index.bytes(), 0U);
  EXPECT_TRUE(index.nearest(std::vector<float>{1, 0}, 10, nullptr).empty());
}

TEST(VectorIndex, RefusesRowsThatDoNotFit) {
  VectorIndex index(2);
  EXPECT_EQ(index.put("d", {1}, {0, 0, 0}).error().code, Code::kInvalidArgument);
  EXPECT_EQ(index.put("d", {2, 1}, {0, 0, 0, 0}).error().code, Code::kInvalidArgument);
  EXPECT_EQ(index.put("d", {1, 1}, {0, 0, 0, 0}).error().code, Code::kInvalidArgument);
  EXPECT_EQ(index.size(), 0U);
  EXPECT_TRUE(index.nearest(std::vector<float>{1, 0, 0}, 10, nullptr).empty());
}

TEST(VectorIndex, CosinesOfChosenRows) {
  VectorIndex index(2);
  ASSERT_TRUE(index.put("d", {4, 8}, to_halves(std::vector<float>{1, 0, 0.5F, 0.5F})));
  const std::vector<std::int64_t> ids{8, 5, 4};
  EXPECT_EQ(index.cosines(std::vector<float>{1, 0}, "d", ids), (std::vector<float>{0.5F, 0, 1}));
  EXPECT_EQ(index.cosines(std::vector<float>{1, 0}, "unknown", ids), (std::vector<float>{0, 0, 0}));
}

TEST(VectorIndex, ARowOf384DimensionsTakes776Bytes) {
  VectorIndex index(384);
  std::vector<std::int64_t> ids(100);
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<std::int64_t>(i) + 1;
  ASSERT_TRUE(index.put("d", ids, std::vector<std::uint16_t>(100 * 384)));
  EXPECT_EQ(index.bytes(), 77600U);
}

TEST(Half, EveryHalfSurvivesTheWayThroughFloat) {
  for (std::uint32_t bits = 0; bits <= 0xffffU; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float value = from_half(half);
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(from_half(to_half(value))));
    } else {
      ASSERT_EQ(to_half(value), half) << bits;
    }
  }
}

TEST(Half, RoundsToNearestEven) {
  EXPECT_EQ(to_half(1.0F + 0x1p-11F), to_half(1.0F));                // Half way: down to even.
  EXPECT_EQ(from_half(to_half(1.0F + 0x1.8p-10F)), 1.0F + 0x1p-9F);  // Half way: up to even.
  EXPECT_EQ(from_half(to_half(1.0F + 0x1.1p-11F)), 1.0F + 0x1p-10F);
  EXPECT_EQ(to_half(65519.0F), to_half(65504.0F));
  EXPECT_EQ(from_half(to_half(65520.0F)), std::numeric_limits<float>::infinity());
  EXPECT_EQ(to_half(0x1p-26F), 0);
}

}  // namespace
}  // namespace docmind::retrieval
