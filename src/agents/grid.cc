#include "agents/grid.h"

#include <algorithm>

#include "agents/impl/words.h"

namespace docmind::agents {
namespace {

bool compares(const Quantity& number, const Comparison& to) {
  switch (to.relation) {
    case Relation::kMore:
      return number.value > to.low;
    case Relation::kAtLeast:
      return number.value >= to.low;
    case Relation::kLess:
      return number.value < to.low;
    case Relation::kAtMost:
      return number.value <= to.low;
    case Relation::kEqual:
      return number.value == to.low;
    case Relation::kBetween:
      return number.value >= to.low && number.value <= to.high;
  }
  return false;
}

bool cell_meets(const Grid& grid, std::size_t row, std::size_t column, const Condition& condition) {
  const auto& cells = grid.cells[row];
  switch (condition.kind) {
    case Condition::Kind::kHolds:
      return column < cells.size() && find_run(cells[column], condition.words) != std::string_view::npos;
    case Condition::Kind::kIs:
      return column < cells.size() && cells[column].size() == condition.words.size() &&
             find_run(cells[column], condition.words) == 0;
    case Condition::Kind::kSaysYes: {
      const auto& texts = grid.collection.rows[row].cells;
      return column < texts.size() && verdict(texts[column]).value_or(false);
    }
    case Condition::Kind::kCompares: {
      if (column >= cells.size()) return false;
      const auto& number = grid.numbers[row][column];
      return number && compares(*number, condition.comparison);
    }
  }
  return false;
}

}  // namespace

std::optional<bool> verdict(std::string_view cell) {
  const std::vector<Token> tokens = tokens_of(cell);
  if (cell == "\u2713" || cell == "\u2714" || cell == "x" || cell == "X") return true;
  if (tokens.empty()) return cell.size() <= 4 ? std::optional(false) : std::nullopt;  // "-", "–", "✗", nothing.
  const std::string_view first = tokens.front().lower;
  if (tokens.size() > 1 && !tokens.front().character) return std::nullopt;
  if (one_of(first, {"yes", "y", "true", "ja", "\u662f", "\u6709"})) return true;
  if (one_of(first, {"no", "n", "none", "false", "nein", "\u5426", "\u65e0"})) return false;
  return std::nullopt;
}

bool Grid::is_numeric(std::size_t column) const {
  std::size_t all = 0;
  std::size_t with_number = 0;
  for (std::size_t row = 0; row < numbers.size(); ++row) {
    if (collection.rows[row].summary || column >= numbers[row].size()) continue;
    if (collection.rows[row].cells[column].empty()) continue;
    ++all;
    with_number += numbers[row][column] ? 1 : 0;
  }
  return with_number > 0 && with_number * 3 >= all * 2;
}

bool Grid::is_verdict(std::size_t column) const {
  bool yes = false;
  for (const Row& row : collection.rows) {
    const std::optional<bool> says = column < row.cells.size() ? verdict(row.cells[column]) : std::optional(false);
    if (!says) return false;
    yes = yes || *says;
  }
  return yes;
}

bool Grid::may_hold(std::size_t column, const std::vector<Token>& words) const {
  return column < terms.size() && std::ranges::all_of(
                                      words,
                                      [&](const Token& word) {
                                        return std::ranges::any_of(word.terms, [&](const std::string& term) {
                                          return terms[column].contains(term);
                                        });
                                      });
}

Grid grid_of(const Collection& collection) {
  Grid grid{collection, {}, {}, {}, {}, collection.columns.size()};
  for (const std::string& column : collection.columns) grid.columns.push_back(tokens_of(column));
  for (const Row& row : collection.rows) grid.width = std::max(grid.width, row.cells.size());
  grid.terms.resize(grid.width);
  std::vector<DecimalMark> marks(grid.width, DecimalMark::kPoint);
  for (std::size_t column = 0; column < grid.width; ++column) {
    std::vector<std::string> texts;
    for (const Row& row : collection.rows) {
      if (column < row.cells.size()) texts.push_back(row.cells[column]);
    }
    marks[column] = decimal_mark(texts);
  }
  for (const Row& row : collection.rows) {
    auto& cells = grid.cells.emplace_back();
    auto& numbers = grid.numbers.emplace_back();
    for (std::size_t column = 0; column < row.cells.size(); ++column) {
      cells.push_back(tokens_of(row.cells[column]));
      for (const Token& token : cells.back()) grid.terms[column].insert(token.terms.begin(), token.terms.end());
      numbers.push_back(read_quantity(row.cells[column], marks[column]));
    }
  }
  return grid;
}

bool meets(const Grid& grid, std::size_t row, const Condition& condition) {
  if (condition.column != kAnyColumn) return cell_meets(grid, row, condition.column, condition) != condition.negated;
  for (std::size_t column = 0; column < grid.width; ++column) {
    if (cell_meets(grid, row, column, condition)) return !condition.negated;
  }
  return condition.negated;
}

}  // namespace docmind::agents
