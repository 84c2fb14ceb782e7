#include "parse/pdf_tables.h"

#include <algorithm>

namespace docmind::parse {
namespace {

constexpr float kMaxRowStep = 2.6F;     // Of the leading: a wider step ends the table.
constexpr std::size_t kMaxLines = 300;  // A page's worth; keeps hostile pages from costing their square.
constexpr std::size_t kMinRows = 2;     // Lines with several cells.
constexpr float kRowGap = 1.25F;        // Of the smallest step: lines farther apart are different rows.

struct Column {
  float left = 0;
  float right = 0;
};

struct Cell {
  std::size_t column = 0;
  PdfPiece piece;
};

std::vector<PdfPiece> cells_of(const PdfLine& line) {
  std::vector<PdfPiece> cells;
  for (std::size_t i = 0; i < line.cells.size(); ++i) {
    const auto last = i + 1 < line.cells.size() ? line.cells[i + 1] : static_cast<std::uint32_t>(line.words.size());
    cells.push_back({&line, line.cells[i], last, PdfPiece::Joint::kSpace});
  }
  return cells;
}

float left_of(const PdfPiece& piece) { return piece.line->words[piece.first].left; }
float right_of(const PdfPiece& piece) { return piece.line->words[piece.last - 1].right; }

bool can_be_row(const PdfLine& line) { return !line.mono && line.heading == 0; }

// Lines [first, end) that may form a table: it starts and ends with lines of several cells.
std::size_t extent(const std::vector<PdfLine>& lines, std::size_t first, const PdfBody& body) {
  std::size_t end = first;
  std::size_t several = 0;
  for (std::size_t i = first; i < std::min(lines.size(), first + kMaxLines) && can_be_row(lines[i]); ++i) {
    if (i > first) {
      const float step = lines[i].baseline - lines[i - 1].baseline;
      if (lines[i].column != lines[first].column || step > kMaxRowStep * body.leading_of(lines[i].size)) break;
    }
    if (lines[i].cells.size() > 1) {
      end = i + 1;
      ++several;
    } else if (i - end >= 4) {
      break;  // Text below, not a wrapped cell.
    }
  }
  return several >= kMinRows ? end : first;
}

// Columns are what remains apart when the cells of all lines are laid over each other.
std::vector<Column> columns_of_table(const std::vector<PdfLine>& lines, std::size_t first, std::size_t end) {
  std::vector<Column> spans;
  for (std::size_t i = first; i < end; ++i) {
    if (lines[i].cells.size() < 2) continue;
    for (const PdfPiece& cell : cells_of(lines[i])) spans.push_back({left_of(cell), right_of(cell)});
  }
  std::sort(spans.begin(), spans.end(), [](const Column& a, const Column& b) { return a.left < b.left; });
  std::vector<Column> columns;
  for (const Column& span : spans) {
    if (!columns.empty() && span.left < columns.back().right) {
      columns.back().right = std::max(columns.back().right, span.right);
    } else {
      columns.push_back(span);
    }
  }
  return columns;
}

// The column a cell lies in; columns.size() when it lies in none or in two.
std::size_t column_of(const std::vector<Column>& columns, const PdfPiece& cell) {
  std::size_t found = columns.size();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (left_of(cell) >= columns[i].right || right_of(cell) <= columns[i].left) continue;
    if (found != columns.size()) return columns.size();
    found = i;
  }
  return found;
}

class TableBuilder {
 public:
  TableBuilder(const std::vector<PdfLine>& lines, std::size_t first, std::size_t end, std::vector<Column> columns)
      : lines_(lines), first_(first), end_(end), columns_(std::move(columns)) {}

  // False when some line does not fit the columns: then it is text with gaps.
  bool build(PdfTable& table) {
    const float row_step = smallest_step() * kRowGap;
    const bool by_gap = has_step_above(row_step);
    for (std::size_t i = first_; i < end_; ++i) {
      std::vector<Cell> cells;
      if (!place(lines_[i], cells)) return false;
      const bool far = i > first_ && lines_[i].baseline - lines_[i - 1].baseline > row_step;
      const bool starts = by_gap ? far : cells.front().column == 0;
      if (i == first_ || starts) rows_.emplace_back();
      rows_.back().insert(rows_.back().end(), cells.begin(), cells.end());
    }
    if (rows_.size() < kMinRows) return false;
    for (const auto& row : rows_) table.rows.push_back(block_of(row));
    table.has_header = is_bold(rows_[0]) && !is_bold(rows_[1]);
    table.end = end_;
    return true;
  }

 private:
  bool place(const PdfLine& line, std::vector<Cell>& cells) const {
    for (const PdfPiece& piece : cells_of(line)) {
      const std::size_t column = column_of(columns_, piece);
      if (column == columns_.size()) return false;
      cells.push_back({column, piece});
    }
    return true;
  }

  float smallest_step() const {
    float smallest = 1e6F;
    for (std::size_t i = first_ + 1; i < end_; ++i) {
      smallest = std::min(smallest, lines_[i].baseline - lines_[i - 1].baseline);
    }
    return smallest;
  }

  bool has_step_above(float step) const {
    for (std::size_t i = first_ + 1; i < end_; ++i) {
      if (lines_[i].baseline - lines_[i - 1].baseline > step) return true;
    }
    return false;
  }

  PdfBlock block_of(const std::vector<Cell>& row) const {
    PdfBlock block;
    block.kind = doc::BlockKind::kTableRow;
    for (std::size_t column = 0; column < columns_.size(); ++column) {
      bool first = true;
      for (const Cell& cell : row) {
        if (cell.column != column) continue;
        PdfPiece piece = cell.piece;
        piece.joint = first && !block.pieces.empty() ? PdfPiece::Joint::kTab : PdfPiece::Joint::kSpace;
        block.pieces.push_back(piece);
        first = false;
      }
    }
    return block;
  }

  static bool is_bold(const std::vector<Cell>& row) {
    return std::all_of(row.begin(), row.end(), [](const Cell& cell) {
      const auto& words = cell.piece.line->words;
      return std::all_of(words.begin() + cell.piece.first, words.begin() + cell.piece.last,
                         [](const PdfWord& word) { return word.bold; });
    });
  }

  const std::vector<PdfLine>& lines_;
  std::size_t first_;
  std::size_t end_;
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace

PdfTable table_at(const std::vector<PdfLine>& lines, std::size_t first, const PdfBody& body) {
  PdfTable table;
  if (lines[first].cells.size() < 2) return table;
  // A line of text below the table that happens to have a gap must not undo the rows above: take the longest that fits.
  for (std::size_t end = extent(lines, first, body); end > first + 1;) {
    std::vector<Column> columns = columns_of_table(lines, first, end);
    table = PdfTable();
    if (columns.size() >= 2 && TableBuilder(lines, first, end, std::move(columns)).build(table)) return table;
    end = first + (end - first) / 2;
    while (end > first && lines[end - 1].cells.size() < 2) --end;
  }
  return PdfTable();
}

}  // namespace docmind::parse
