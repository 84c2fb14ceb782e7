// Reciprocal rank fusion: several rankings of the same things made into one, from the ranks alone.
//
// score(d) = sum over the rankings that hold d of 1 / (k + rank(d)), ranks from 1 (Cormack, Clarke, Büttcher, SIGIR
// 2009, with their k = 60). Pure functions.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace docmind::retrieval {

inline constexpr double kRankConstant = 60;

struct Fused {
  std::int64_t id = 0;
  double score = 0;
  std::vector<std::optional<std::uint32_t>> ranks;  // One per ranking, from 1; absent where it did not hold the id.
};

// By score downwards, ties by id upwards. An id that stands twice in one ranking counts with its first place.
std::vector<Fused> fuse(std::span<const std::vector<std::int64_t>> rankings, double rank_constant = kRankConstant);

}  // namespace docmind::retrieval
