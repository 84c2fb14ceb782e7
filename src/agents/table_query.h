// Tables and lists asked for by name, their rows filtered by conditions on cells and their columns chosen: what a chat
// model calls as table_query and count. Every row of every set found is read. Thread safety: like the Snapshot.
#pragma once
#include <cstdint>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "agents/set_search.h"
#include "base/deadline.h"
#include "base/result.h"
#include "library/library.h"
#include "retrieval/search.h"

namespace docmind::agents {

enum class CellTest : std::uint8_t { kIs, kHas, kIsNot, kMore, kAtLeast, kLess, kAtMost };

struct CellCondition {
  std::string column;  // Words of its name; empty: any column.
  CellTest test = CellTest::kIs;
  std::string value;  // A number for the last four.
};

struct TableQuery {
  std::string name;  // Words that its caption, headings, columns, or document have, all of them.
  retrieval::Filter filter{};
  std::vector<CellCondition> where{};    // Each must hold.
  std::vector<std::string> columns{};    // Empty: all.
  std::optional<std::string> different;  // A column whose different values are counted.
  std::uint32_t rows = 100;              // Brought at most, of all sets together.
  std::uint32_t sets = 20;
};

struct QueriedRow {
  doc::Span span;
  std::vector<std::string> cells;
};

struct QueriedSet {
  CollectionKind kind = CollectionKind::kTable;
  std::string name;
  std::string document;  // Path.
  std::string document_id;
  std::string heading;  // Path of headings.
  std::vector<std::string> columns;
  std::vector<QueriedRow> rows;
  std::uint64_t matching = 0;      // Rows that meet the conditions.
  std::uint64_t read = 0;          // Rows there are, all read, without those that sum up others.
  std::set<std::string> distinct;  // Values of the column asked for.
};

struct QueriedSets {
  std::vector<QueriedSet> sets;
  std::uint64_t left_out = 0;  // Sets that fit, past the bound.
  std::uint64_t documents_read = 0;
  std::uint64_t documents_total = 0;
  std::string cut;  // Why not everything was read; empty when it was.
};

// Sets without the columns that a condition or the choice names are left out. Errors: kInvalidArgument (a name without
// words, a number that is none), kCancelled, the library's.
Result<QueriedSets> table_query(const TableQuery& query, library::Snapshot& at, Deadline deadline,
                                std::stop_token stop);

}  // namespace docmind::agents
