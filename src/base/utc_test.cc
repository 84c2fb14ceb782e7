#include "base/utc.h"

#include <gtest/gtest.h>

namespace docmind {
namespace {

TEST(Utc, AMomentIsWrittenAsRfc3339HasIt) {
  EXPECT_EQ(utc_text(WallTime(std::chrono::milliseconds(0))), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(utc_text(WallTime(std::chrono::milliseconds(1'795'382'700'042))), "2026-11-22T21:25:00.042Z");
}

}  // namespace
}  // namespace docmind
