// What the specifications ask of a DocMind in production, each as a figure that a measurement is held against.
//
// Values. docs/validation.md tells how each is measured. The first seven ids are the specification's own names.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace docmind::validate {

enum class Bound : std::uint8_t {
  kBelow,    // < high
  kAbove,    // > low
  kAtLeast,  // >= low
  kWithin,   // low <= x <= high
  kHolds,    // x != 0
};

struct Requirement {
  std::string_view id;
  std::string_view name;
  Bound bound = Bound::kHolds;
  double low = 0;
  double high = 0;
  std::string_view unit{};    // Of the figure: "ms".
  std::string_view wanted{};  // What holds: "fp8 in the model's name".
  std::string_view remedy;    // What to do where it is missed.
};

// In the order they are shown, each id once.
std::span<const Requirement> requirements();

bool met(const Requirement& requirement, double measured);

// "< 100 ms", "0.8 to 0.95", or what holds.
std::string target_of(const Requirement& requirement);

}  // namespace docmind::validate
