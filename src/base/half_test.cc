#include "base/half.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace docmind {
namespace {

TEST(Half, KeepsEveryHalfThroughFloat) {
  for (std::uint32_t bits = 0; bits <= 0xffffU; ++bits) {
    const float value = from_half(static_cast<Half>(bits));
    if (std::isnan(value)) continue;
    ASSERT_EQ(to_half(value), bits) << value;
  }
}

TEST(Half, RoundsToNearestEven) {
  EXPECT_EQ(to_half(1.0F), 0x3c00);
  EXPECT_EQ(to_half(1.0F + 1.0F / 2048), 0x3c00);  // Half way: to even.
  EXPECT_EQ(to_half(1.0F + 3.0F / 2048), 0x3c02);  // Half way: to even, upwards.
  EXPECT_EQ(to_half(1.0F + 1.1F / 2048), 0x3c01);
  EXPECT_EQ(to_half(65519.0F), 0x7bff);
  EXPECT_EQ(to_half(65520.0F), 0x7c00);
  EXPECT_EQ(to_half(-std::numeric_limits<float>::infinity()), 0xfc00);
  EXPECT_TRUE(std::isnan(from_half(to_half(std::numeric_limits<float>::quiet_NaN()))));
}

}  // namespace
}  // namespace docmind
