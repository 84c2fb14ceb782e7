// A collection with every cell read: as tokens to compare with a question, as a number, as yes or no; and conditions on
// its rows.
//
// A Grid refers to its Collection, which must outlive it. Pure functions.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "agents/asked_set.h"
#include "agents/collection.h"

namespace docmind::agents {

// A collection with its cells read once, for several questions about it.
struct Grid {
  const Collection& collection;
  std::vector<std::vector<Token>> columns;                    // Names.
  std::vector<std::vector<std::vector<Token>>> cells;         // [row][column]; no more columns than the row has.
  std::vector<std::vector<std::optional<Quantity>>> numbers;  // The same cells as numbers.
  std::vector<std::unordered_set<std::string>> terms;         // By column: of all its cells.
  std::size_t width = 0;                                      // Columns of the widest row.

  bool is_numeric(std::size_t column) const;  // Most of its cells that are not empty hold a number.
  bool is_verdict(std::size_t column) const;  // They say yes or no.
  // Whether some cell of the column may hold these words: cheap, before rows are looked at.
  bool may_hold(std::size_t column, const std::vector<Token>& words) const;
};
Grid grid_of(const Collection& collection);

// Whether a cell says yes; nothing when it says neither. An empty cell, "-" and "no" say no.
std::optional<bool> verdict(std::string_view cell);

inline constexpr std::size_t kAnyColumn = ~std::size_t{0};

struct Condition {
  enum class Kind : std::uint8_t { kHolds, kIs, kSaysYes, kCompares };
  Kind kind = Kind::kHolds;
  std::size_t column = kAnyColumn;
  std::vector<Token> words;  // kHolds, kIs.
  std::string shown;         // As the question has them.
  Comparison comparison;     // kCompares.
  bool negated = false;
};

bool meets(const Grid& grid, std::size_t row, const Condition& condition);

}  // namespace docmind::agents
