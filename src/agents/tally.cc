#include "agents/tally.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/utf8.h"

namespace docmind::agents {
namespace {

std::string cut(std::string_view text) {
  constexpr std::size_t kLongest = 80;
  if (text.size() <= kLongest) return std::string(text);
  std::size_t end = kLongest;
  while (!is_char_border(text, end)) --end;
  if (const std::size_t space = text.substr(0, end).rfind(' '); space != std::string_view::npos && space > end / 2)
    end = space;
  return std::string(text.substr(0, end)) + "\u2026";
}

void add_values(const Selection& selection, const Grid& grid, Tally& out) {
  std::set<std::string> seen;
  for (const std::size_t i : out.rows) {
    const Row& row = grid.collection.rows[i];
    if (!selection.column) {
      out.values.push_back(row_label(row));
      continue;
    }
    const std::string value = *selection.column < row.cells.size() ? cut(row.cells[*selection.column]) : "";
    if (!value.empty() && seen.insert(value).second) out.values.push_back(value);
  }
}

struct Cell {
  std::size_t row;
  Exact value;
};

struct Group {
  Figure figure;
  std::vector<Cell> cells;
};

// The rows' numbers by unit, the most frequent unit first; a column that writes its unit only here and there has one.
std::vector<Group> groups_of(std::size_t column, const Grid& grid, Tally& out) {
  std::map<std::string, Group> by_unit;
  for (const std::size_t i : out.rows) {
    const auto& numbers = grid.numbers[i];
    const std::optional<Quantity> number = column < numbers.size() ? numbers[column] : std::nullopt;
    if (!number) {
      ++out.without_number;
      continue;
    }
    Group& group = by_unit[number->unit];
    group.figure.unit = number->unit;
    group.cells.push_back({i, number->value});
  }
  std::vector<Group> groups;
  for (auto& [unit, group] : by_unit) groups.push_back(std::move(group));
  if (groups.size() == 2 && groups.front().figure.unit.empty()) {
    groups[1].cells.insert(groups[1].cells.end(), groups[0].cells.begin(), groups[0].cells.end());
    groups.erase(groups.begin());
  }
  std::ranges::sort(groups, [](const Group& a, const Group& b) {
    return a.cells.size() != b.cells.size() ? a.cells.size() > b.cells.size() : a.figure.unit < b.figure.unit;
  });
  return groups;
}

Result<> add_up(Operation operation, Group& group) {
  Exact sum;
  for (const Cell& cell : group.cells) sum = DM_TRY(sum.plus(cell.value));
  group.figure.cells = group.cells.size();
  group.figure.number = sum;
  if (operation == Operation::kAverage) {
    group.figure.number = DM_TRY(sum.over(Exact(static_cast<std::int64_t>(group.cells.size()))));
  }
  return {};
}

// The rows with the extreme come first.
void find_extreme(const Grid& grid, Operation operation, Group& group, Tally& out) {
  Exact best = group.cells.front().value;
  for (const Cell& cell : group.cells) {
    best = operation == Operation::kHighest ? std::max(best, cell.value) : std::min(best, cell.value);
  }
  group.figure.number = best;
  group.figure.cells = group.cells.size();
  std::set<std::size_t> having;
  for (const Cell& cell : group.cells) {
    if (cell.value == best) having.insert(cell.row);
  }
  const auto has_it = [&](std::size_t i) { return having.contains(i); };
  std::vector<std::size_t> others;
  for (const std::size_t i : out.rows) {
    if (!has_it(i)) others.push_back(i);
  }
  std::erase_if(out.rows, [&](std::size_t i) { return !has_it(i); });
  out.best = out.rows.size();
  out.rows.insert(out.rows.end(), others.begin(), others.end());
  for (std::size_t i = 0; i < out.best; ++i) out.values.push_back(row_label(grid.collection.rows[out.rows[i]]));
}

}  // namespace

std::string row_label(const Row& row) {
  const auto first = std::ranges::find_if(row.cells, [](const std::string& cell) { return !cell.empty(); });
  if (first == row.cells.end()) return {};
  std::string_view label = *first;
  if (row.cells.size() == 1) {
    for (const std::string_view mark : {": ", " \u2014 ", " \u2013 ", "\uff1a"}) {
      label = label.substr(0, label.find(mark));
    }
  }
  while (label.ends_with('.') || label.ends_with(':') || label.ends_with(';') || label.ends_with(',')) {
    label.remove_suffix(1);
  }
  return cut(label);
}

Result<Tally> tally(const Selection& selection, const Grid& grid) {
  Tally out;
  for (std::size_t i = 0; i < grid.collection.rows.size(); ++i) {
    if (grid.collection.rows[i].summary) continue;
    ++out.counted;
    const bool all =
        std::ranges::all_of(selection.conditions, [&](const Condition& one) { return meets(grid, i, one); });
    if (all) out.rows.push_back(i);
  }
  if (selection.operation == Operation::kCount || selection.operation == Operation::kList) {
    add_values(selection, grid, out);
    return out;
  }
  std::vector<Group> groups = groups_of(*selection.column, grid, out);
  for (Group& group : groups) {
    if (selection.operation == Operation::kSum || selection.operation == Operation::kAverage) {
      DM_TRY(add_up(selection.operation, group));
    } else if (groups.size() == 1) {
      find_extreme(grid, selection.operation, group, out);
    }
    if (group.figure.cells > 0) out.figures.push_back(std::move(group.figure));
  }
  return out;
}

}  // namespace docmind::agents
