// How often the semantic layer is wrong at most, as was measured for an embedding model; docs/adr/0011 says how.
//
// Of pairs of questions between which the guards find no difference and whose vectors lie at most `distance` apart,
// so many were served, and so many of them ask different things. `wrong_at_most` is the upper bound of Clopper and
// Pearson (1934) on that share. It holds for questions like those of ./dev bench cache-threshold, which makes the
// table. Values; pure functions.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace docmind::cache {

struct Calibration {
  double distance = 0;
  std::uint64_t served = 0;
  std::uint64_t wrong = 0;
  double wrong_at_most = 0;
  double confidence = 0.95;
};

// Hash of the model file that comes with the program.
inline constexpr std::string_view kBundledEmbedder = "0de4e276cd546aab2e52339cdc29b0efd23bb151a210a6e9a9a6ff15d4e0ff49";

// That of the least measured distance which is not below `max_distance`. Nothing: of this model nothing was measured.
std::optional<Calibration> calibration_of(std::string_view embedder, double max_distance);

}  // namespace docmind::cache
