#include "parse/flow.h"

#include <algorithm>
#include <utility>

#include "parse/clean_text.h"

namespace docmind::parse {

void Flow::add(doc::BlockKind kind, std::uint8_t level, std::uint32_t run) {
  BlockDraft draft = draft_;
  draft.kind = kind;
  draft.level = level;
  draft.run = run;
  builder_.add(draft, buffer_);
  buffer_.clear();
}

void Flow::line_break() {
  if (in_cell() || heading_ > 0) {
    buffer_ += ' ';
  } else if (in_code()) {
    buffer_ += '\n';
  } else {
    buffer_ += kHardBreak;
  }
}

void Flow::end_block() {
  if (in_cell() || heading_ > 0 || in_code()) {
    if (!buffer_.empty()) buffer_ += in_code() && !in_cell() && heading_ == 0 ? '\n' : ' ';
    return;
  }
  if (is_blank(buffer_)) {
    buffer_.clear();
    return;
  }
  if (lists_.empty() || !lists_.back().fresh_item) return add(doc::BlockKind::kParagraph, 0, 0);
  List& list = lists_.back();
  list.fresh_item = false;
  if (!list.marker.empty()) buffer_ = list.marker + " " + buffer_;
  // Lists inside a list share its run, so that the lines of the whole list stand together.
  add(doc::BlockKind::kListItem, static_cast<std::uint8_t>(std::min<std::size_t>(lists_.size(), 255)), list.run);
}

void Flow::begin_heading(std::uint8_t level) {
  end_block();
  if (!in_cell() && !in_code()) heading_ = level;
}

void Flow::end_heading() {
  if (heading_ == 0) return end_block();
  const std::uint8_t level = std::exchange(heading_, std::uint8_t{0});
  add(doc::BlockKind::kHeading, level, 0);
}

void Flow::begin_code() {
  end_block();
  if (heading_ == 0) ++code_;
}

void Flow::end_code() {
  if (code_ == 0 || --code_ > 0 || in_cell()) return end_block();
  if (!lists_.empty()) lists_.back().fresh_item = false;
  add(doc::BlockKind::kCode, 0, 0);
}

void Flow::begin_list() {
  end_block();
  lists_.push_back({.run = lists_.empty() ? ++runs_ : lists_.back().run, .fresh_item = false, .marker = {}});
}

void Flow::end_list() {
  end_block();
  if (!lists_.empty()) lists_.pop_back();
}

void Flow::begin_item(std::string_view marker) {
  end_block();
  if (lists_.empty()) return;
  lists_.back().fresh_item = true;
  lists_.back().marker = marker;
}

void Flow::end_item() {
  end_block();
  if (!lists_.empty()) lists_.back().fresh_item = false;
}

void Flow::begin_table() {
  end_block();
  if (tables_++ > 0) return;
  table_run_ = ++runs_;
  table_header_ = doc::Block::kNoHeader;
  row_.clear();
  covered_.clear();
}

void Flow::end_table() {
  end_block();
  if (tables_ > 0) --tables_;
}

void Flow::begin_row() {
  end_block();
  if (!in_cell()) row_.clear();
}

void Flow::end_row(Row row) {
  end_block();
  if (in_cell()) return;
  fill_covered();
  while (!row_.empty() && row_.back().empty()) row_.pop_back();
  if (row_.empty()) return;
  std::string line;
  for (const std::string& cell : row_) line += (&cell == &row_.front() ? "" : " | ") + cell;
  row_.clear();
  BlockDraft draft = draft_;
  draft.kind = doc::BlockKind::kTableRow;
  draft.run = table_run_;
  draft.header = row == Row::kHeader ? doc::Block::kNoHeader : table_header_;
  const std::uint32_t index = builder_.add(draft, line);
  if (row == Row::kHeader && index != doc::Block::kNoHeader) table_header_ = index;
}

void Flow::begin_cell() {
  end_block();
  ++cells_;
}

void Flow::fill_covered() {
  while (row_.size() < covered_.size() && covered_[row_.size()].rows > 0) {
    Covered& above = covered_[row_.size()];
    --above.rows;
    row_.push_back(above.text);
  }
}

void Flow::end_cell(Cover cover) {
  constexpr std::uint32_t kMostColumns = 64;
  constexpr std::uint32_t kMostRows = 1'000;
  constexpr std::size_t kMostText = 200;  // Longer texts are not repeated: a small file must not become a large one.
  if (cells_ == 0) return;
  if (--cells_ > 0) {
    buffer_ += ' ';
    return;
  }
  fill_covered();
  const std::size_t column = row_.size();
  row_.push_back(prose(std::exchange(buffer_, {})));
  const std::uint32_t columns = std::clamp(cover.columns, 1U, kMostColumns);
  const std::uint32_t below = std::clamp(cover.rows, 1U, kMostRows) - 1;
  if (below > 0) {
    if (covered_.size() < column + columns) covered_.resize(column + columns);
    covered_[column] = {row_[column].size() <= kMostText ? row_[column] : std::string(), below};
    for (std::size_t i = column + 1; i < column + columns; ++i) covered_[i] = {{}, below};
  }
  row_.resize(column + columns);
}

}  // namespace docmind::parse
