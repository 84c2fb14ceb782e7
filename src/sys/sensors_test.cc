#include "sys/sensors.h"

#include <gtest/gtest.h>

#include "sys/testing/temp_folder.h"

namespace docmind::sys {
namespace {

class SensorsTest : public testing::Test {
 protected:
  void supply(const std::string& name, const std::string& file, const std::string& text) {
    folder_.write("class/power_supply/" + name + "/" + file, text + "\n");
  }
  void zone(const std::string& file, const std::string& text) {
    folder_.write("class/thermal/thermal_zone0/" + file, text + "\n");
  }
  Sensed read() const { return read_sensors(folder_.path()); }

  TempFolder folder_;
};

TEST_F(SensorsTest, AMachineThatTellsNothing) {
  EXPECT_FALSE(read().on_battery);
  EXPECT_EQ(read().throttles, 0U);
  EXPECT_FALSE(read().too_hot);
}

TEST_F(SensorsTest, ABatteryThatGivesPower) {
  supply("BAT0", "type", "Battery");
  supply("BAT0", "status", "Full");
  supply("AC", "type", "Mains");
  supply("AC", "online", "1");
  EXPECT_FALSE(read().on_battery);
  supply("BAT0", "status", "Discharging");
  EXPECT_FALSE(read().on_battery) << "a weak charger beside it";
  supply("AC", "online", "0");
  EXPECT_TRUE(read().on_battery);
  supply("BAT0", "status", "Not charging");
  EXPECT_FALSE(read().on_battery);
}

TEST_F(SensorsTest, AMouseIsNotTheMachine) {
  supply("hidpp_battery_0", "type", "Battery");
  supply("hidpp_battery_0", "scope", "Device");
  supply("hidpp_battery_0", "status", "Discharging");
  EXPECT_FALSE(read().on_battery);
  supply("ups", "type", "UPS");
  supply("ups", "status", "Discharging");
  EXPECT_TRUE(read().on_battery);
}

TEST_F(SensorsTest, ThrottlesAreSummedUp) {
  folder_.write("devices/system/cpu/cpu0/thermal_throttle/core_throttle_count", "3\n");
  folder_.write("devices/system/cpu/cpu0/thermal_throttle/package_throttle_count", "4\n");
  folder_.write("devices/system/cpu/cpu12/thermal_throttle/core_throttle_count", "5\n");
  folder_.write("devices/system/cpu/cpu12/thermal_throttle/package_throttle_count", "-7\n");
  folder_.write("devices/system/cpu/cpu3/thermal_throttle/core_throttle_count", "many\n");
  folder_.write("devices/system/cpu/cpufreq/thermal_throttle/core_throttle_count", "100\n");
  EXPECT_EQ(read().throttles, 12U);
}

TEST_F(SensorsTest, AZoneAtTheTemperatureThatSlows) {
  zone("temp", "81000");
  EXPECT_FALSE(read().too_hot);
  zone("trip_point_0_type", "active");
  zone("trip_point_0_temp", "50000");
  zone("trip_point_1_type", "critical");
  zone("trip_point_1_temp", "105000");
  zone("trip_point_2_type", "passive");
  zone("trip_point_2_temp", "-274000");  // As firmware says: none.
  EXPECT_FALSE(read().too_hot) << "a fan runs";
  zone("trip_point_2_temp", "82000");
  EXPECT_FALSE(read().too_hot);
  zone("temp", "82000");
  EXPECT_TRUE(read().too_hot);
  zone("temp", "");
  EXPECT_FALSE(read().too_hot);
}

}  // namespace
}  // namespace docmind::sys
