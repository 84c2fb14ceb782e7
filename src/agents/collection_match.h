// Whether a collection is what a question asks for, and which of its rows and columns.
//
// Every word of the question that says something must be explained by the collection: by the name of a column, by its
// caption or a heading above it, or as the value of cells (then it is a condition on rows). What is counted must be
// named, not just occur. One unexplained word, and it is not this collection: a wrong number is worse than none.
// Pure functions.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "agents/asked_set.h"
#include "agents/grid.h"

namespace docmind::agents {

struct Selection {
  Operation operation = Operation::kCount;
  std::vector<Condition> conditions;  // A row must meet each.
  std::optional<std::size_t> column;  // Whose values are listed, counted, summed or compared; none: whole rows.
  double score = 0;                   // How well the collection fits; to compare collections for one question.
};

std::optional<Selection> match(const AskedSet& asked, const Grid& grid);

// Whether the names alone can carry the question: cheap, before cells are read.
bool may_match(const AskedSet& asked, const Collection& collection);

}  // namespace docmind::agents
