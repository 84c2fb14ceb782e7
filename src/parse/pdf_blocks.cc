#include "parse/pdf_blocks.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "base/utf8.h"
#include "parse/pdf_tables.h"

namespace docmind::parse {
namespace {

constexpr float kParagraphGap = 1.28F;  // Of the leading: a wider step starts a block.
constexpr float kIndent = 0.8F;         // Of the font size: a larger step to the side is an indent.

bool is_bullet(std::string_view word) {
  for (const std::string_view bullet :
       {"•", "‣", "◦", "▪", "▫", "■", "□", "●", "○", "◆", "➢", "✓", "∙", "·", "–", "—", "-", "*", "+"}) {
    if (word == bullet) return true;
  }
  return false;
}

// "3.", "(b)", "iv)".
bool is_item_number(std::string_view word) {
  const bool opened = word.starts_with('(');
  if (opened) word.remove_prefix(1);
  if (word.size() < 2 || word.size() > 4 || (word.back() != ')' && (opened || word.back() != '.'))) return false;
  word.remove_suffix(1);
  const auto all_of = [&](std::string_view set) { return word.find_first_not_of(set) == std::string_view::npos; };
  return all_of("0123456789") || all_of("ivx") ||
         (word.size() == 1 && ((word[0] >= 'a' && word[0] <= 'z') || (word[0] >= 'A' && word[0] <= 'H')));
}

bool starts_item(const PdfLine& line) {
  if (line.words.size() < 2 || line.mono || line.words[0].mono) return false;
  const std::string& first = line.words[0].text;
  return is_bullet(first) || is_item_number(first);
}

bool starts_like_sentence(const PdfLine& line) {
  const CodePoint first = code_point_at(line.words.front().text, 0);
  return !(first.value >= 'a' && first.value <= 'z');
}

bool ends_sentence(const PdfLine& line) {
  std::string_view text = line.words.back().text;
  while (!text.empty() && (text.back() == ')' || text.back() == '"' || text.back() == '\'')) text.remove_suffix(1);
  for (const std::string_view quote : {"”", "’", "»"}) {
    if (text.ends_with(quote)) text.remove_suffix(quote.size());
  }
  return !text.empty() && std::string_view(".!?:").find(text.back()) != std::string_view::npos;
}

class BlockBuilder {
 public:
  BlockBuilder(const PdfPage& page, const PdfBody& body) : lines_(page.lines), body_(body), contents_(page.contents) {}

  std::vector<PdfBlock> build() {
    find_margins();
    for (std::size_t i = 0; i < lines_.size();) i = add(i);
    return std::move(blocks_);
  }

 private:
  // Puts line i (or the table that starts there) into a block; the next line to look at.
  std::size_t add(std::size_t i) {
    const PdfLine& line = lines_[i];
    if (contents_) return add_entry(i);
    if (line.heading != 0) return add_heading(i);
    if (!starts_item(line) && line.cells.size() > 1 && !line.mono) {
      PdfTable table = table_at(lines_, i, body_);
      if (!table.rows.empty()) return add_table(std::move(table));
    }
    if (starts_item(line) && begins_item(i)) {
      start(doc::BlockKind::kListItem, line);
      set_item_level(line);
    } else if (i == 0 || closed_ || breaks(i)) {
      start(line.mono ? doc::BlockKind::kCode : doc::BlockKind::kParagraph, line);
    } else {
      append(line);
    }
    return i + 1;
  }

  std::size_t add_entry(std::size_t i) {
    start(doc::BlockKind::kListItem, lines_[i]);
    blocks_.back().level = 1;
    blocks_.back().list_goes_on = i > 0;
    closed_ = true;
    return i + 1;
  }

  std::size_t add_heading(std::size_t i) {
    start(doc::BlockKind::kHeading, lines_[i]);
    blocks_.back().level = lines_[i].heading;
    for (++i; i < lines_.size() && lines_[i].heading_goes_on; ++i) append(lines_[i]);
    closed_ = true;
    return i;
  }

  std::size_t add_table(PdfTable table) {
    const auto header = static_cast<std::uint32_t>(blocks_.size());
    for (std::size_t row = 0; row < table.rows.size(); ++row) {
      PdfBlock& block = table.rows[row];
      block.list_goes_on = row > 0;
      if (table.has_header && row > 0) block.header = header;
      blocks_.push_back(std::move(block));
    }
    closed_ = true;
    item_lefts_.clear();
    return table.end;
  }

  void start(doc::BlockKind kind, const PdfLine& line) {
    const bool after_item = !blocks_.empty() && blocks_.back().kind == doc::BlockKind::kListItem;
    PdfBlock block;
    block.kind = kind;
    block.list_goes_on = kind == doc::BlockKind::kListItem && after_item && !closed_;
    blocks_.push_back(std::move(block));
    closed_ = false;
    text_left_ = line.left;
    if (kind == doc::BlockKind::kListItem && !contents_)
      text_left_ = line.words[1].left;
    else if (!item_lefts_.empty() && line.left <= item_lefts_.front())
      item_lefts_.clear();
    append(line);
  }

  void append(const PdfLine& line) {
    PdfBlock& block = blocks_.back();
    // A paragraph that only began in a code font is none.
    if (block.kind == doc::BlockKind::kCode && !line.mono) block.kind = doc::BlockKind::kParagraph;
    block.pieces.push_back({&line, 0, static_cast<std::uint32_t>(line.words.size()), PdfPiece::Joint::kSpace});
    if (block.kind == doc::BlockKind::kCode) {
      block.pieces.back().joint = PdfPiece::Joint::kNewline;
    } else {
      for (PdfPiece& piece : block.pieces) piece.joint = PdfPiece::Joint::kSpace;
    }
  }

  void set_item_level(const PdfLine& line) {
    while (!item_lefts_.empty() && item_lefts_.back() > line.left + kIndent * line.size) item_lefts_.pop_back();
    if (item_lefts_.empty() || line.left > item_lefts_.back() + kIndent * line.size) item_lefts_.push_back(line.left);
    blocks_.back().level = static_cast<std::uint8_t>(std::min<std::size_t>(item_lefts_.size(), 6));
  }

  // How far lines reach to the right where they follow each other closely: the margin of boxes and quotations, too.
  void find_margins() {
    margins_.resize(lines_.size());
    for (std::size_t first = 0; first < lines_.size();) {
      std::size_t last = first + 1;
      float margin = lines_[first].right;
      for (; last < lines_.size() && follows_closely(lines_[last - 1], lines_[last]); ++last) {
        margin = std::max(margin, lines_[last].right);
      }
      for (; first < last; ++first) margins_[first] = margin;
    }
  }

  bool follows_closely(const PdfLine& before, const PdfLine& line) const {
    const float step = step_to(before, line);
    return line.column == before.column && step > 0 && step <= kParagraphGap && line.heading == before.heading &&
           std::abs(line.size - before.size) <= 0.12F * std::max(line.size, before.size);
  }

  // The next line's first word would have fitted: somebody wanted a new line.
  bool is_forced_break(std::size_t i) const {
    const PdfLine& before = lines_[i - 1];
    const PdfWord& word = lines_[i].words.front();
    const float slack = 0.06F * (margins_[i] - before.column_left) + 0.8F * before.size;
    return margins_[i] - before.right > word.right - word.left + slack && before.words.back().text.back() != '-';
  }

  // Line i and the one before start at one place, the next one farther left: both are first lines of paragraphs.
  bool is_second_first_line(std::size_t i) const {
    if (i + 1 >= lines_.size() || lines_[i + 1].column != lines_[i].column || lines_[i + 1].heading != 0) return false;
    const float back = lines_[i].left - lines_[i + 1].left;
    const float indent = kIndent * lines_[i].size;
    return back > indent && back < 5 * lines_[i].size && step_to(lines_[i], lines_[i + 1]) <= kParagraphGap &&
           !starts_item(lines_[i + 1]) && lines_[i].left > lines_[i - 1].left - indent;
  }

  float step_to(const PdfLine& before, const PdfLine& line) const {
    return (line.baseline - before.baseline) / body_.leading_of(std::max(line.size, before.size));
  }

  // A line that starts like an item may be running text that a line break cut before a dash or a number.
  bool begins_item(std::size_t i) const {
    if (i == 0 || closed_ || blocks_.empty()) return true;
    const PdfLine& line = lines_[i];
    const PdfLine& before = lines_[i - 1];
    if (line.column != before.column || step_to(before, line) > 1.08F) return true;
    if (std::abs(line.left - text_left_) > 0.5F * line.size) return true;
    return ends_sentence(before) || blocks_.back().kind == doc::BlockKind::kListItem;
  }

  bool breaks(std::size_t i) const {
    const PdfLine& before = lines_[i - 1];
    const PdfLine& line = lines_[i];
    const float step = step_to(before, line);
    if (!follows_closely(before, line) || line.raised_start) return true;
    const PdfBlock& block = blocks_.back();
    if (block.kind == doc::BlockKind::kCode) return !line.mono && step > 1.05F;
    const float width = line.column_right - line.column_left;
    const bool filled = before.right > line.column_right - std::max(3 * line.size, 0.12F * width);
    if (line.mono != before.mono && (step > 1.1F || (!filled && block.kind != doc::BlockKind::kListItem))) return true;
    if (before.bold && !line.bold && !filled) return true;
    return shifts(i, filled);
  }

  bool shifts(std::size_t i, bool filled) const {
    const PdfLine& before = lines_[i - 1];
    const PdfLine& line = lines_[i];
    const PdfBlock& block = blocks_.back();
    const float indent = kIndent * line.size;
    if (is_forced_break(i) && !(std::abs(line.left + line.right - before.left - before.right) < line.size)) return true;
    if (block.kind == doc::BlockKind::kListItem) return line.left < text_left_ - indent && !filled;
    const float shift = line.left - before.left;
    const bool one_line = block.pieces.size() == 1;
    const bool centred = std::abs((line.left + line.right) - (before.left + before.right)) < line.size;
    if (centred) return false;
    if (is_second_first_line(i)) return true;
    if (shift > indent) return !(one_line && filled && shift < 6 * line.size);    // A hanging indent goes on.
    if (shift < -indent) return !(one_line && shift > -4 * line.size && filled);  // So does an indented first line.
    return !filled && ends_sentence(before) && starts_like_sentence(line) &&
           before.right < line.column_right - 0.2F * (line.column_right - line.column_left) &&
           margins_[i] > before.right + 2 * line.size;
  }

  const std::vector<PdfLine>& lines_;
  const PdfBody& body_;
  bool contents_;
  bool closed_ = true;             // The last block takes no more lines.
  float text_left_ = 0;            // Where the last block's text starts, after its bullet.
  std::vector<float> margins_;     // Of each line, see find_margins().
  std::vector<float> item_lefts_;  // Bullets of the list so far, outermost first.
  std::vector<PdfBlock> blocks_;
};

}  // namespace

std::vector<PdfBlock> blocks_of(const PdfPage& page, const PdfBody& body) { return BlockBuilder(page, body).build(); }

}  // namespace docmind::parse
