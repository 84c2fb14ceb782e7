// Vectors of length 1 in random directions. For tests.
#pragma once
#include <cmath>
#include <cstddef>
#include <vector>

#include "base/rng.h"

namespace docmind::vectors {

inline std::vector<float> random_unit(Rng& rng, std::size_t size) {
  std::vector<float> v(size);
  double norm = 0;
  for (float& x : v) {
    x = static_cast<float>(static_cast<double>(rng.next() >> 11U) * 0x1p-53 * 2 - 1);
    norm += static_cast<double>(x) * static_cast<double>(x);
  }
  for (float& x : v) x = static_cast<float>(static_cast<double>(x) / std::sqrt(norm));
  return v;
}

}  // namespace docmind::vectors
