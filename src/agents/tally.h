// The rows of a collection that a selection asks for, and their number, sum, mean, extreme or names. Pure function.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "agents/collection_match.h"

namespace docmind::agents {

// Numbers of one unit: quantities of different units are never added.
struct Figure {
  Exact number;
  std::string unit;
  std::size_t cells = 0;  // Numbers that went into it.
};

struct Tally {
  std::vector<std::size_t> rows;    // Indexes of the rows used, in order; for an extreme those that have it come first.
  std::size_t best = 0;             // kHighest, kLowest: how many of `rows` have the extreme.
  std::size_t counted = 0;          // Rows looked at: all but those that sum up others.
  std::vector<std::string> values;  // What is listed: different values of the column, or the names of the rows.
  std::vector<Figure> figures;      // kSum, kAverage, kHighest, kLowest: one per unit, the most frequent first.
  std::size_t without_number = 0;   // Rows that meet the conditions, but hold no number there.
};

// kResourceExhausted when a sum is too large to be exact.
Result<Tally> tally(const Selection& selection, const Grid& grid);

// What a row is called: its first cell that is not empty; of a list item what stands before ": " or " \u2014 ", cut at
// 80 bytes.
std::string row_label(const Row& row);

}  // namespace docmind::agents
