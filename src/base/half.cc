#include "base/half.h"

#include <bit>
#include <cmath>

namespace docmind {

Half to_half(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = (bits >> 16U) & 0x8000U;
  const std::uint32_t magnitude = bits & 0x7fffffffU;
  if (magnitude > 0x7f800000U) return static_cast<Half>(sign | 0x7e00U);   // NaN
  if (magnitude >= 0x477ff000U) return static_cast<Half>(sign | 0x7c00U);  // Rounds to beyond 65504.
  if (magnitude < 0x38800000U) {  // Subnormal: adding 0.5 lets the FPU round the bits that are left.
    const float shifted = std::bit_cast<float>(magnitude) + 0.5F;
    return static_cast<Half>(sign | (std::bit_cast<std::uint32_t>(shifted) - 0x3f000000U));
  }
  const std::uint32_t odd = (magnitude >> 13U) & 1U;
  return static_cast<Half>(sign | ((magnitude - 0x38000000U + 0xfffU + odd) >> 13U));
}

float from_half(Half half) {
  const std::uint32_t sign = (half & 0x8000U) << 16U;
  const std::uint32_t exponent = (half >> 10U) & 0x1fU;
  const std::uint32_t mantissa = half & 0x3ffU;
  if (exponent == 0x1fU) return std::bit_cast<float>(sign | 0x7f800000U | (mantissa << 13U));
  if (exponent == 0) {
    const float value = std::ldexp(static_cast<float>(mantissa), -24);
    return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(value));
  }
  return std::bit_cast<float>(sign | ((exponent + 112U) << 23U) | (mantissa << 13U));
}

Halves to_halves(std::span<const float> values) {
  Halves out(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) out[i] = to_half(values[i]);
  return out;
}

std::vector<float> from_halves(std::span<const Half> halves) {
  std::vector<float> out(halves.size());
  for (std::size_t i = 0; i < halves.size(); ++i) out[i] = from_half(halves[i]);
  return out;
}

}  // namespace docmind
