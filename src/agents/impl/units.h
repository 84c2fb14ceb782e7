// What is counted: units however they are written, and amounts in different ones. Pure.
#pragma once
#include <string_view>

namespace docmind::agents {

// What says how many and what of: "second", "kilometre", "percent"...; empty for other words. Lower case in.
std::string_view unit_of(std::string_view word);

// One that only measures and is no word: "MB", "km", "€". Canonical in.
bool is_measured(std::string_view unit);

// Whether two amounts are the same however they are measured: 12 months and a year, 30 minutes and half an hour, 2 TB
// and 2,000 GB or 2,048 GB. An empty unit is a number of things.
struct Quantity {
  double amount = 0;
  std::string_view unit{};
};
bool same_quantity(Quantity a, Quantity b);

}  // namespace docmind::agents
