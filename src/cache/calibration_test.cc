#include "cache/calibration.h"

#include <gtest/gtest.h>

#include <cmath>

namespace docmind::cache {
namespace {

TEST(Calibration, IsOfOneModelAndADistance) {
  const auto at = calibration_of(kBundledEmbedder, 0.1);
  ASSERT_TRUE(at);
  EXPECT_EQ(at->distance, 0.1);
  EXPECT_GT(at->served, 0U);
  EXPECT_LT(at->wrong_at_most, 0.01);
  EXPECT_EQ(calibration_of(kBundledEmbedder, 0.05)->distance, 0.1);
  EXPECT_EQ(calibration_of(kBundledEmbedder, 0.5)->distance, 1);
  EXPECT_FALSE(calibration_of("another", 0.1));
}

// 1 - 0.05^(1/n), where none was wrong.
TEST(Calibration, TheBoundIsClopperAndPearsons) {
  for (const double distance : {0.1, 1.0}) {
    const auto at = calibration_of(kBundledEmbedder, distance);
    ASSERT_TRUE(at);
    ASSERT_EQ(at->wrong, 0U);
    EXPECT_NEAR(at->wrong_at_most, 1 - std::pow(1 - at->confidence, 1.0 / static_cast<double>(at->served)), 5e-5);
  }
}

}  // namespace
}  // namespace docmind::cache
