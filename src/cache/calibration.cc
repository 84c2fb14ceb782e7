#include "cache/calibration.h"

#include <algorithm>
#include <array>

namespace docmind::cache {
namespace {

// As ./dev bench cache-threshold prints them, ascending by distance; 1: by the guards alone.
constexpr auto kBundled = std::to_array<Calibration>({{0.1, 351, 0, 0.0085}, {1, 351, 0, 0.0085}});

}  // namespace

std::optional<Calibration> calibration_of(std::string_view embedder, double max_distance) {
  if (embedder != kBundledEmbedder) return std::nullopt;
  const auto found = std::ranges::find_if(kBundled, [&](const Calibration& c) { return c.distance >= max_distance; });
  return found == kBundled.end() ? std::nullopt : std::optional(*found);
}

}  // namespace docmind::cache
