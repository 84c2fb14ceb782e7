// IEEE 754 binary16, the form vectors are stored in: 10 bits of mantissa are more than an embedding needs.
//
// Rounds to nearest, ties to even; beyond 65504 becomes infinity. Pure functions. Little-endian on disk.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace docmind {

using Half = std::uint16_t;
using Halves = std::vector<Half>;

Half to_half(float value);
float from_half(Half half);
Halves to_halves(std::span<const float> values);
std::vector<float> from_halves(std::span<const Half> halves);

}  // namespace docmind
