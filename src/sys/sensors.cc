#include "sys/sensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

namespace docmind::sys {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostEntries = 4096;  // Of a folder: more processors than that are not looked at.
constexpr int kMostTrips = 64;

// The first word of a file of a line; empty without one.
std::string word_in(const fs::path& file) {
  std::string out;
  std::ifstream(file) >> out;
  return out;
}

std::optional<std::int64_t> number_in(const fs::path& file) {
  const std::string text = word_in(file);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "cpu0", "cpu1": those that are the prefix and a number.
std::vector<fs::path> numbered(const fs::path& folder, std::string_view prefix) {
  std::vector<fs::path> out;
  std::error_code failed;
  for (fs::directory_iterator it(folder, failed), end; !failed && it != end; it.increment(failed)) {
    const std::string name = it->path().filename().string();
    const bool fits = name.size() > prefix.size() && name.starts_with(prefix) &&
                      name.find_first_not_of("0123456789", prefix.size()) == std::string::npos;
    if (fits) out.push_back(it->path());
    if (out.size() == kMostEntries) break;
  }
  return out;
}

bool on_battery(const fs::path& supplies) {
  bool discharging = false;
  std::error_code failed;
  for (fs::directory_iterator it(supplies, failed), end; !failed && it != end; it.increment(failed)) {
    const fs::path& supply = it->path();
    if (word_in(supply / "scope") == "Device") continue;  // A mouse's.
    const std::string type = word_in(supply / "type");
    if (type == "Battery" || type == "UPS") {
      discharging = discharging || word_in(supply / "status") == "Discharging";
    } else if (number_in(supply / "online").value_or(0) != 0) {
      return false;
    }
  }
  return discharging;
}

std::uint64_t throttles(const fs::path& processors) {
  std::uint64_t out = 0;
  for (const fs::path& processor : numbered(processors, "cpu")) {
    for (const char* file : {"core_throttle_count", "package_throttle_count"}) {
      const auto count = number_in(processor / "thermal_throttle" / file).value_or(0);
      out += static_cast<std::uint64_t>(std::max<std::int64_t>(0, count));
    }
  }
  return out;
}

// Below this the kernel does nothing, or lets a fan run ("active"). Millidegrees.
std::optional<std::int64_t> slowing_from(const fs::path& zone) {
  std::optional<std::int64_t> out;
  for (int i = 0; i < kMostTrips; ++i) {
    const std::string type = word_in(zone / fmt::format("trip_point_{}_type", i));
    if (type.empty()) break;
    const auto from = number_in(zone / fmt::format("trip_point_{}_temp", i));
    if (type == "active" || !from || *from <= 0) continue;
    out = std::min(out.value_or(*from), *from);
  }
  return out;
}

bool too_hot(const fs::path& zones) {
  return std::ranges::any_of(numbered(zones, "thermal_zone"), [](const fs::path& zone) {
    const auto now = number_in(zone / "temp");
    const auto limit = now ? slowing_from(zone) : std::nullopt;
    return limit && *now >= *limit;
  });
}

}  // namespace

Sensed read_sensors(const fs::path& root) {
  return {.on_battery = on_battery(root / "class" / "power_supply"),
          .throttles = throttles(root / "devices" / "system" / "cpu"),
          .too_hot = too_hot(root / "class" / "thermal")};
}

}  // namespace docmind::sys
