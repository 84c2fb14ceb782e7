// Documents to validate with: made-up ships, about 200 tokens each, and questions whose answers are known.
//
// Pure. The same for the same number.
#pragma once
#include <cstddef>
#include <string>

namespace docmind::validate {

inline constexpr std::size_t kShips = 60;

struct Ship {
  std::string name;   // "Bright Heron"
  std::string year;   // "1847": of no other ship.
  std::string place;  // "Kemi"

  std::string document() const;
  std::string when_built() const;   // A question that the year answers,
  std::string where_built() const;  // and one that the place does.
};

Ship ship(std::size_t number);            // Below kShips.
std::string file_of(std::size_t number);  // Of its document, without a folder: "ship-7.md".

}  // namespace docmind::validate
