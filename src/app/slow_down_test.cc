#include "app/slow_down.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace docmind::app {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

class SlowDownTest : public testing::Test {
 protected:
  Slowed look(const sys::Sensed& sensed, bool hot_card = false) {
    clock_.advance(seconds(5));
    return slow_down_.look(sensed, hot_card);
  }
  // After so many looks that see the same.
  Slowed after(int looks, const sys::Sensed& sensed, bool hot_card = false) {
    Slowed out;
    for (int i = 0; i < looks; ++i) out = look(sensed, hot_card);
    return out;
  }

  ManualClock clock_;
  SlowDown slow_down_{heeded_of("auto"), clock_};
};

TEST_F(SlowDownTest, ABatteryThatLastsCounts) {
  EXPECT_FALSE(after(3, {}).any());
  EXPECT_FALSE(after(2, {.on_battery = true}).any());
  EXPECT_EQ(look({.on_battery = true}), (Slowed{.battery = true}));
  EXPECT_TRUE(after(2, {}).battery);
  EXPECT_FALSE(look({}).battery);
}

TEST_F(SlowDownTest, ALooseCableDoesNotFlap) {
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(look({.on_battery = i % 2 == 0}).any());
  after(3, {.on_battery = true});
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(look({.on_battery = i % 2 == 0}).battery);
}

TEST_F(SlowDownTest, ThrottlesThatGoOnCountAndOneDoesNot) {
  EXPECT_FALSE(after(3, {.throttles = 70}).any()) << "those before us";
  EXPECT_FALSE(after(20, {.throttles = 71}).any()) << "once";
  std::uint64_t count = 71;
  Slowed slowed;
  for (int i = 0; i < 3; ++i) slowed = after(2, {.throttles = ++count});
  EXPECT_EQ(slowed, (Slowed{.throttle = true})) << "every ten seconds";
  EXPECT_TRUE(after(24, {.throttles = count}).throttle) << "two minutes";
  EXPECT_FALSE(after(4, {.throttles = count}).throttle);
}

TEST_F(SlowDownTest, HeatOfAZoneOrACard) {
  EXPECT_TRUE(after(5, {.too_hot = true}).throttle);
  EXPECT_FALSE(after(40, {}).throttle);
  EXPECT_TRUE(after(5, {}, true).throttle);
}

TEST_F(SlowDownTest, OnlyWhatTheSettingNames) {
  const sys::Sensed both{.on_battery = true, .too_hot = true};
  EXPECT_EQ(after(5, both), (Slowed{.battery = true, .throttle = true}));
  slow_down_.heed(heeded_of("battery"));
  EXPECT_EQ(look(both), (Slowed{.battery = true}));
  slow_down_.heed(heeded_of("throttle"));
  EXPECT_EQ(look(both), (Slowed{.throttle = true}));
  slow_down_.heed(heeded_of("never"));
  EXPECT_FALSE(look(both).any());
}

TEST(Slowed, IsSaidInASentence) {
  EXPECT_THAT((Slowed{.battery = true}.says()), HasSubstr("on its battery: models"));
  EXPECT_THAT((Slowed{.throttle = true}.says()), HasSubstr("slowed for heat"));
  EXPECT_THAT((Slowed{.battery = true, .throttle = true}.says()), HasSubstr("battery and is slowed for heat"));
  EXPECT_THAT(Slowed{}.says(), HasSubstr("all their threads"));
}

}  // namespace
}  // namespace docmind::app
