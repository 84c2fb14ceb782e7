// IEEE 754 half floats: 1 sign bit, 5 of exponent, 10 of fraction; how vectors are stored. Pure functions.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace docmind::retrieval {

std::uint16_t to_half(float value);  // Rounds to nearest even; beyond 65504 it becomes infinity.
float from_half(std::uint16_t half);

std::vector<std::uint16_t> to_halves(std::span<const float> values);
std::vector<float> from_halves(std::span<const std::uint16_t> halves);

}  // namespace docmind::retrieval
