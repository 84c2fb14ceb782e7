// What DocMind is meant to reach, beside what this machine measured since its start: from the metrics' own text.
//
// Pure. A target counts as met only with the measurement that met it; one that nothing was measured for is not met,
// and one that this machine cannot show (it has no card) is neither.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace docmind::server {

enum class TargetState : std::uint8_t { kMet, kNotMet, kNotMeasured, kNotOnThisMachine };
std::string_view name_of(TargetState state);  // "met", "not_met", "not_measured", "not_on_this_machine"

struct Target {
  std::string_view name;
  std::string_view target;  // "< 100 ms"
  std::string_view unit;
  TargetState state = TargetState::kNotMeasured;
  std::optional<double> measured{};
  std::string from{};  // What it was measured from, or why it was not.
};

struct Measured {
  std::string_view metrics{};  // Of this process.
  double resident = 0;         // Bytes of memory; 0: nobody knows.
  std::size_t cards = 0;
};
std::vector<Target> targets(const Measured& measured);

}  // namespace docmind::server
