#include "agents/table_query.h"

#include <fmt/format.h>

#include <algorithm>

#include "agents/grid.h"
#include "agents/impl/set_words.h"

namespace docmind::agents {
namespace {

// The words of a name that say something; all of them when none does.
std::vector<Token> saying(std::string_view name) {
  std::vector<Token> all = tokens_of(name);
  std::vector<Token> out;
  for (const Token& token : all) {
    if (!is_grammar(token) && !is_generic(token.lower)) out.push_back(token);
  }
  return out.empty() ? all : out;
}

bool has_all(const std::vector<Token>& name, const std::vector<Token>& wanted) {
  return std::ranges::all_of(wanted, [&](const Token& token) { return holds(name, token); });
}

bool is_named(const Collection& collection, const std::vector<Token>& wanted) {
  std::string names = collection.caption + "\n" + collection.path + "\n" + collection.around;
  for (const std::string& column : collection.columns) names += "\n" + column;
  return has_all(tokens_of(names), wanted);
}

// The column with these words: the one with the fewest others.
std::optional<std::size_t> column_named(const Grid& grid, std::string_view name) {
  const std::vector<Token> wanted = tokens_of(name);
  std::optional<std::size_t> best;
  for (std::size_t column = 0; column < grid.columns.size() && !wanted.empty(); ++column) {
    if (!has_all(grid.columns[column], wanted)) continue;
    if (!best || grid.columns[column].size() < grid.columns[*best].size()) best = column;
  }
  return best;
}

Relation relation_of(CellTest test) {
  switch (test) {
    case CellTest::kMore:
      return Relation::kMore;
    case CellTest::kAtLeast:
      return Relation::kAtLeast;
    case CellTest::kLess:
      return Relation::kLess;
    case CellTest::kAtMost:
      return Relation::kAtMost;
    case CellTest::kIs:
    case CellTest::kHas:
    case CellTest::kIsNot:
      return Relation::kEqual;
  }
  return Relation::kEqual;
}

bool compares_numbers(CellTest test) { return test >= CellTest::kMore; }

// Nothing when the set has no such column.
std::optional<std::vector<Condition>> conditions_on(const Grid& grid, const std::vector<CellCondition>& where) {
  std::vector<Condition> out;
  for (const CellCondition& one : where) {
    Condition condition;
    if (!one.column.empty()) {
      const auto column = column_named(grid, one.column);
      if (!column) return std::nullopt;
      condition.column = *column;
    }
    if (compares_numbers(one.test)) {
      condition.kind = Condition::Kind::kCompares;
      condition.comparison.relation = relation_of(one.test);
      condition.comparison.low = read_quantity(one.value).value_or(Quantity{}).value;
    } else {
      condition.kind = one.test == CellTest::kHas ? Condition::Kind::kHolds : Condition::Kind::kIs;
      condition.words = tokens_of(one.value);
      condition.negated = one.test == CellTest::kIsNot;
    }
    out.push_back(std::move(condition));
  }
  return out;
}

Result<> check(const TableQuery& query) {
  if (tokens_of(query.name).empty()) {
    return Error{Code::kInvalidArgument, "The name holds no word.", "Give words of the table's caption or heading."};
  }
  for (const CellCondition& one : query.where) {
    if (compares_numbers(one.test) && !read_quantity(one.value)) {
      return Error{Code::kInvalidArgument, fmt::format("\"{}\" is no number.", one.value),
                   "Compare with a number, for example 12.5."};
    }
  }
  return {};
}

class Query {
 public:
  Query(const TableQuery& query, QueriedSets& out) : query_(query), out_(out), rows_left_(query.rows) {}

  void add(const Collection& collection, const library::Document& document) {
    const Grid grid = grid_of(collection);
    const auto conditions = conditions_on(grid, query_.where);
    const auto chosen = chosen_columns(grid);
    std::optional<std::size_t> different;
    if (query_.different) different = column_named(grid, *query_.different);
    if (!conditions || !chosen || (query_.different && !different)) return;
    if (out_.sets.size() == query_.sets) {
      ++out_.left_out;
      return;
    }
    QueriedSet set{collection.kind, collection.name, document.path, document.id, collection.path, {}, {}, 0, 0, {}};
    for (const std::size_t column : *chosen) {
      if (column < collection.columns.size()) set.columns.push_back(collection.columns[column]);
    }
    for (std::size_t i = 0; i < collection.rows.size(); ++i) {
      if (collection.rows[i].summary) continue;
      ++set.read;
      if (!std::ranges::all_of(*conditions, [&](const Condition& one) { return meets(grid, i, one); })) continue;
      ++set.matching;
      add_row(collection.rows[i], *chosen, different, set);
    }
    out_.sets.push_back(std::move(set));
  }

 private:
  std::optional<std::vector<std::size_t>> chosen_columns(const Grid& grid) const {
    std::vector<std::size_t> out;
    for (const std::string& name : query_.columns) {
      const auto column = column_named(grid, name);
      if (!column) return std::nullopt;
      out.push_back(*column);
    }
    for (std::size_t column = 0; query_.columns.empty() && column < grid.width; ++column) out.push_back(column);
    return out;
  }

  void add_row(const Row& row, const std::vector<std::size_t>& columns, std::optional<std::size_t> different,
               QueriedSet& set) {
    if (different && *different < row.cells.size()) {
      if (const std::string& value = row.cells[*different]; !value.empty()) set.distinct.insert(value);
    }
    if (rows_left_ == 0) return;
    --rows_left_;
    QueriedRow& one = set.rows.emplace_back();
    one.span = row.span;
    for (const std::size_t column : columns) one.cells.push_back(column < row.cells.size() ? row.cells[column] : "");
  }

  const TableQuery& query_;
  QueriedSets& out_;
  std::uint32_t rows_left_;
};

}  // namespace

Result<QueriedSets> table_query(const TableQuery& query, library::Snapshot& at, Deadline deadline,
                                std::stop_token stop) {
  DM_TRY(check(query));
  const std::vector<Token> wanted = saying(query.name);
  const auto keep = [&](const Collection& one) { return is_named(one, wanted); };
  FoundSets found = DM_TRY(sets_about(query.name, keep, query.filter, at, {}, deadline, std::move(stop)));
  QueriedSets out;
  out.documents_read = found.documents_read;
  out.documents_total = found.documents_total;
  out.cut = std::move(found.cut);
  Query one(query, out);
  for (const Collection& set : found.sets) one.add(set, DM_TRY(at.document(set.rows.front().document)));
  return out;
}

}  // namespace docmind::agents
