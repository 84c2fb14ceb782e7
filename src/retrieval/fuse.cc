#include "retrieval/fuse.h"

#include <algorithm>
#include <unordered_map>

namespace docmind::retrieval {

std::vector<Fused> fuse(std::span<const std::vector<std::int64_t>> rankings, double rank_constant) {
  std::vector<Fused> fused;
  std::unordered_map<std::int64_t, std::size_t> place;
  for (std::size_t ranking = 0; ranking < rankings.size(); ++ranking) {
    std::uint32_t rank = 0;
    for (const std::int64_t id : rankings[ranking]) {
      ++rank;
      const auto [at, fresh] = place.try_emplace(id, fused.size());
      if (fresh) fused.push_back({id, 0, std::vector<std::optional<std::uint32_t>>(rankings.size())});
      auto& known = fused[at->second].ranks[ranking];
      if (!known) known = rank;
    }
  }
  // Summed in the order of the rankings, so that equal ranks give equal sums to the last bit.
  for (Fused& one : fused) {
    for (const auto& rank : one.ranks) {
      if (rank) one.score += 1.0 / (rank_constant + *rank);
    }
  }
  std::sort(fused.begin(), fused.end(),
            [](const Fused& a, const Fused& b) { return a.score != b.score ? a.score > b.score : a.id < b.id; });
  return fused;
}

}  // namespace docmind::retrieval
