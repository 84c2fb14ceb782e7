// What can be counted in a document: its tables, its lists, and headings that belong together, each with a name, rows
// and columns. Read from the stored blocks; nothing is guessed from sentences.
//
// A table is a run of table rows; its columns are named by the header row the parser marked, else by a first row
// without numbers above columns with some. A list is a run of list items of one level under one lead-in (a definition
// list: terms that each have one paragraph). Headings belong together below one heading, or when they begin with the
// same word ("Rule 1", "Rule 2"). A row that sums up the others ("Total") is marked, a repeated header row left out.
// Pure function; values.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "doc/document.h"
#include "library/records.h"

namespace docmind::agents {

enum class CollectionKind : std::uint8_t { kTable, kList, kHeadings };

std::string_view name(CollectionKind kind);      // "table", "list", "headings"
std::string_view row_name(CollectionKind kind);  // "row", "item", "heading"

struct Row {
  std::int64_t document = 0;  // Key.
  std::string path;           // Of the headings above it, joined by " > ".
  doc::Span span;             // Of its block, in the document's text.
  std::uint32_t block = 0;    // Index.
  std::string text;           // The stored bytes of span.
  std::vector<std::string> cells;
  bool summary = false;  // Sums up the others: shown, never counted.
};

struct Collection {
  CollectionKind kind = CollectionKind::kTable;
  std::string name;                  // For people: its caption when that is short, else the heading above it.
  std::string caption;               // What stands directly before it (a table's may stand behind) or introduces it.
  std::string heading;               // Innermost; may be empty.
  std::string path;                  // Of all headings, joined by " > ".
  std::string around;                // The document's title and file name.
  std::vector<std::string> columns;  // Names; empty where there is no header row.
  Row header;                        // Of tables with a header row: its text is not empty.
  std::vector<Row> rows;
  std::size_t tables = 1;  // Of how many it was joined.
};

struct DocumentParts {
  const library::Document& document;
  std::string_view text;
  std::span<const library::Block> blocks;
  std::span<const library::Section> sections;
};

// In reading order. Collections of one row are none, but for tables.
std::vector<Collection> collections_of(const DocumentParts& parts);

// Tables with the same columns as one, named by the words that all their names share; nothing when their columns
// differ or have no names.
std::vector<Collection> joined_tables(std::span<const Collection> collections);

// The cells of a row as the parsers write them: between " | ", or tabs.
std::vector<std::string> cells_of(std::string_view row);

}  // namespace docmind::agents
