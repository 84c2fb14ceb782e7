#include "agents/impl/set_wording.h"

#include <fmt/format.h>

namespace docmind::agents {
namespace {

std::string quoted(std::string_view text) { return fmt::format("\u201c{}\u201d", text); }

std::string column_name(const Grid& grid, std::size_t column) {
  const auto& names = grid.collection.columns;
  return column < names.size() && !names[column].empty() ? quoted(names[column]) : fmt::format("column {}", column + 1);
}

std::string set_name(const Collection& collection) {
  if (collection.tables > 1) {
    return collection.name.empty() ? fmt::format("{} tables", collection.tables)
                                   : fmt::format("{} tables ({})", collection.tables, quoted(collection.name));
  }
  const std::string_view of = collection.kind == CollectionKind::kHeadings ? "the headings"
                              : collection.kind == CollectionKind::kList   ? "the list"
                                                                           : "the table";
  return fmt::format("{} {}", of, quoted(collection.name));
}

std::string figure(const Exact& number, std::string_view unit) {
  const std::string text = (number.ends() ? "" : "about ") + number.text();
  if (unit.empty()) return text;
  return text + (unit == "%" ? "" : " ") + std::string(unit);
}

std::string compared(const Comparison& one) {
  switch (one.relation) {
    case Relation::kMore:
      return "> " + one.low.text();
    case Relation::kAtLeast:
      return "\u2265 " + one.low.text();
    case Relation::kLess:
      return "< " + one.low.text();
    case Relation::kAtMost:
      return "\u2264 " + one.low.text();
    case Relation::kEqual:
      return "= " + one.low.text();
    case Relation::kBetween:
      return "from " + one.low.text() + " to " + one.high.text();
  }
  return {};
}

std::string condition(const Grid& grid, const Condition& one) {
  const std::string column = one.column == kAnyColumn ? "a cell" : column_name(grid, one.column);
  switch (one.kind) {
    case Condition::Kind::kCompares:
      return column + " " + compared(one.comparison);
    case Condition::Kind::kSaysYes:
      return column + (one.negated ? " is not yes" : " is yes");
    case Condition::Kind::kIs:
      return fmt::format("{} {} {}", column, one.negated ? "is not" : "is", quoted(one.shown));
    case Condition::Kind::kHolds:
      return fmt::format("{} {} {}", column, one.negated ? "does not have" : "has", quoted(one.shown));
  }
  return {};
}

std::string of_set(const Told& told) {
  std::string out = " of " + set_name(told.grid.collection);
  std::string_view between = " where ";
  for (const Condition& one : told.selection.conditions) {
    out += std::string(between) + condition(told.grid, one);
    between = " and ";
  }
  return out;
}

std::string coverage(const Told& told, const ExhaustiveOptions& options) {
  const Collection& collection = told.grid.collection;
  const std::string_view row = row_name(collection.kind);
  std::string out =
      fmt::format(" Read {} of {} in {}.", told.tally.counted, counted(told.tally.counted, row), told.place);
  if (const std::size_t sums = collection.rows.size() - told.tally.counted; sums > 0) {
    out += fmt::format(" Not counted: {} that {} up others.", counted(sums, row), sums == 1 ? "sums" : "sum");
  }
  if (told.tally.without_number > 0)
    out += fmt::format(" Without a number there: {}.", counted(told.tally.without_number, row));
  if (told.tally.rows.size() > options.citations) {
    out += fmt::format(" Cited: {} of {}.", options.citations, told.tally.rows.size());
  }
  return out;
}

std::string counted_rows(const Told& told, const ExhaustiveOptions& options) {
  const Tally& tally = told.tally;
  const std::string row(row_name(told.grid.collection.kind));
  std::string out;
  if (told.selection.column) {
    out = fmt::format("{} of {} in {}{}", counted(tally.values.size(), "different value"),
                      column_name(told.grid, *told.selection.column), counted(tally.rows.size(), row), of_set(told));
  } else {
    out = counted(tally.rows.size(), row) + of_set(told);
  }
  const std::string names = names_of(tally.values, options.names);
  return out + (names.empty() ? "." : ": " + names + ".");
}

}  // namespace

std::string counted(std::uint64_t number, std::string_view what) {
  return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

std::string names_of(const std::vector<std::string>& names, std::size_t most) {
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < most; ++i) out += (i == 0 ? "" : "; ") + names[i];
  if (names.size() > most) out += fmt::format("; and {} more", names.size() - most);
  return out;
}

std::vector<std::string> wording(const Told& told, const ExhaustiveOptions& options) {
  const Operation operation = told.selection.operation;
  if (operation == Operation::kCount || operation == Operation::kList) {
    return {counted_rows(told, options) + coverage(told, options)};
  }
  std::vector<std::string> out;
  for (const Figure& one : told.tally.figures) {
    const std::string column = column_name(told.grid, *told.selection.column);
    const std::string rows = counted(one.cells, row_name(told.grid.collection.kind));
    std::string said;
    if (operation == Operation::kSum) {
      said = fmt::format("{}: the sum of {} over {}", figure(one.number, one.unit), column, rows);
    } else if (operation == Operation::kAverage) {
      said = fmt::format("{}: the average of {} over {}", figure(one.number, one.unit), column, rows);
    } else if (told.tally.best == 0) {
      continue;  // Several units: none is the highest.
    } else {
      said = fmt::format("{}: {}, the {} {} of {}", names_of(told.tally.values, options.names),
                         figure(one.number, one.unit), name(operation), column, rows);
    }
    out.push_back(said + of_set(told) + "." + coverage(told, options));
  }
  return out;
}

}  // namespace docmind::agents
