#include "retrieval/vector_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/half.h"
#include "base/rng.h"
#include "vectors/testing/random_unit.h"

namespace docmind::retrieval {
namespace {

using vectors::random_unit;

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

DocumentVectors rows_of(std::vector<std::int64_t> ids, const std::vector<float>& values, std::string space = "m") {
  const auto dimensions = static_cast<std::uint32_t>(ids.empty() ? 1 : values.size() / ids.size());
  return {std::move(space), dimensions, std::move(ids), to_halves(values)};
}

std::vector<std::int64_t> nearest(const VectorIndex& index, const std::vector<float>& query, std::size_t k,
                                  const DocumentSet* allowed = nullptr, std::string_view space = "m") {
  return ids_of(index.nearest({query, space}, k, allowed));
}

using Ids = std::vector<std::int64_t>;

// 384 is the shipped model; 7 and 33 leave a rest after the last full vector register.
class Dimensions : public testing::TestWithParam<std::uint32_t> {};

TEST_P(Dimensions, RanksLikeThePlainFloatScan) {
  SeededRng rng(7);
  VectorIndex index;
  std::vector<std::pair<std::int64_t, std::vector<std::uint16_t>>> rows;
  std::int64_t id = 1;
  for (int document = 0; document < 9; ++document) {
    DocumentVectors held{"m", GetParam(), {}, {}};
    for (int row = 0; row <= document * 10; ++row) {
      const auto v = to_halves(random_unit(rng, GetParam()));
      rows.emplace_back(id, v);
      held.ids.push_back(id++);
      held.halves.insert(held.halves.end(), v.begin(), v.end());
    }
    ASSERT_TRUE(index.put(document, std::move(held)));
  }
  ASSERT_EQ(index.size(), rows.size());
  for (int round = 0; round < 20; ++round) {
    const auto query = random_unit(rng, GetParam());
    EXPECT_EQ(nearest(index, query, 25), plain_ranking(query, rows, 25));
  }
}
INSTANTIATE_TEST_SUITE_P(Sizes, Dimensions, testing::Values(7, 33, 384));

TEST(VectorIndex, TiesGoToTheLowerId) {
  VectorIndex index;
  ASSERT_TRUE(index.put(2, rows_of({9}, {1, 0, 0, 0})));
  ASSERT_TRUE(index.put(1, rows_of({3}, {1, 0, 0, 0})));
  ASSERT_TRUE(index.put(3, rows_of({5}, {1, 0, 0, 0})));
  EXPECT_EQ(nearest(index, {1, 0, 0, 0}, 2), (Ids{3, 5}));
}

TEST(VectorIndex, OnlyAllowedDocumentsAreScored) {
  VectorIndex index;
  ASSERT_TRUE(index.put(1, rows_of({1}, {1, 0})));
  ASSERT_TRUE(index.put(2, rows_of({2}, {0, 1})));
  const DocumentSet far{2};
  const DocumentSet none;
  EXPECT_EQ(nearest(index, {1, 0}, 10, &far), Ids{2});
  EXPECT_TRUE(nearest(index, {1, 0}, 10, &none).empty());
}

TEST(VectorIndex, VectorsOfAnotherModelAreNeverMet) {
  VectorIndex index;
  ASSERT_TRUE(index.put(1, rows_of({1}, {1, 0}, "old")));
  ASSERT_TRUE(index.put(2, rows_of({2}, {0, 1}, "new")));
  ASSERT_TRUE(index.put(3, rows_of({3}, {1, 0, 0}, "new")));
  EXPECT_EQ(nearest(index, {1, 0}, 10, nullptr, "new"), Ids{2});
  EXPECT_EQ(index.cosines({std::vector<float>{1, 0}, "new"}, 1, Ids{1}), std::vector<float>{0});
}

TEST(VectorIndex, PutReplacesAndRemoveForgets) {
  VectorIndex index;
  ASSERT_TRUE(index.put(1, rows_of({1, 2}, {1, 0, 0, 1})));
  ASSERT_TRUE(index.put(1, rows_of({7}, {1, 0})));
  EXPECT_EQ(nearest(index, {1, 0}, 10), Ids{7});
  ASSERT_TRUE(index.put(1, rows_of({}, {})));
  EXPECT_EQ(index.size(), 0U);
  ASSERT_TRUE(index.put(2, rows_of({8}, {1, 0})));
  index.remove(2);
  index.remove(99);
  EXPECT_EQ(index.bytes(), 0U);
  EXPECT_TRUE(nearest(index, {1, 0}, 10).empty());
}

TEST(VectorIndex, RefusesRowsThatDoNotFit) {
  VectorIndex index;
  EXPECT_EQ(index.put(1, {"m", 2, {1}, {0, 0, 0}}).error().code, Code::kInvalidArgument);
  EXPECT_EQ(index.put(1, {"m", 2, {2, 1}, {0, 0, 0, 0}}).error().code, Code::kInvalidArgument);
  EXPECT_EQ(index.put(1, {"m", 2, {1, 1}, {0, 0, 0, 0}}).error().code, Code::kInvalidArgument);
  EXPECT_EQ(index.size(), 0U);
}

TEST(VectorIndex, CosinesOfChosenRows) {
  VectorIndex index;
  ASSERT_TRUE(index.put(1, rows_of({4, 8}, {1, 0, 0.5F, 0.5F})));
  const std::vector<float> query{1, 0};
  EXPECT_EQ(index.cosines({query, "m"}, 1, Ids{8, 5, 4}), (std::vector<float>{0.5F, 0, 1}));
  EXPECT_EQ(index.cosines({query, "m"}, 77, Ids{8, 5, 4}), (std::vector<float>{0, 0, 0}));
}

TEST(VectorIndex, ARowOf384DimensionsTakes776Bytes) {
  VectorIndex index;
  DocumentVectors rows{"m", 384, Ids(100), std::vector<std::uint16_t>(100 * 384)};
  for (std::size_t i = 0; i < rows.ids.size(); ++i) rows.ids[i] = static_cast<std::int64_t>(i) + 1;
  ASSERT_TRUE(index.put(1, std::move(rows)));
  EXPECT_EQ(index.bytes(), 77600U);
}

}  // namespace
}  // namespace docmind::retrieval
