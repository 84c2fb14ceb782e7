// What `docmind bench` measures: each figure with its unit, and which way is better.
//
// Values. docs/cli.md tells how each is measured.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

namespace docmind::speed {

enum class Better : std::uint8_t { kLess, kMore };

struct Figure {
  std::string_view id;    // "search.time"
  std::string_view part;  // What is asked for on the command line: "search".
  std::string_view name;
  std::string_view unit;
  Better better = Better::kLess;
};

// In the order they are shown, each id once; the figures of a part stand together.
std::span<const Figure> figures();
// The parts in that order, each once.
std::span<const std::string_view> parts();

// Null: there is none.
const Figure* figure(std::string_view id);

}  // namespace docmind::speed
