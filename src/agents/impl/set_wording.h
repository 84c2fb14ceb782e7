// How a tally is said: one sentence for the figure, one for what was read. Pure functions.
#pragma once
#include <string>
#include <vector>

#include "agents/exhaustive.h"
#include "agents/tally.h"

namespace docmind::agents {

struct Told {
  const Grid& grid;
  const Selection& selection;
  const Tally& tally;
  std::string place;  // "fleet.md", "3 documents"
};

// "5 rows of the table “Ships” where “Country” is “Norway”: Aurora; Bris. Read 14 of 14 rows in fleet.md."
// One claim, or one per unit of a sum; none when there is no figure to tell.
std::vector<std::string> wording(const Told& told, const ExhaustiveOptions& options);

// "1 row", "3 rows".
std::string counted(std::uint64_t number, std::string_view what);

// "a; b; c" and how many more.
std::string names_of(const std::vector<std::string>& names, std::size_t most);

}  // namespace docmind::agents
