// Whether the machine lives on a battery, and whether its processors are being slowed for heat, as the kernel tells it
// below /sys. Sources: Documentation/ABI/testing/sysfs-class-power, sysfs-devices-system-cpu (thermal_throttle) and
// Documentation/driver-api/thermal/sysfs-api.rst of the Linux kernel.
//
// Thread safety: a plain function. What cannot be read is not there: a machine that tells nothing is never slowed.
#pragma once
#include <cstdint>
#include <filesystem>

namespace docmind::sys {

struct Sensed {
  bool on_battery = false;      // The machine's own battery gives power, and no mains is there.
  std::uint64_t throttles = 0;  // Times that processors were slowed, since the machine started, summed up.
  bool too_hot = false;         // A thermal zone is at the temperature from which the kernel slows what heats it.
};

// `root` is /sys.
Sensed read_sensors(const std::filesystem::path& root);

}  // namespace docmind::sys
