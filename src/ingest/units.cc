#include "ingest/units.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/utf8.h"
#include "text/characters.h"
#include "text/normalise.h"
#include "text/sentences.h"

namespace docmind::ingest {
namespace {

using doc::Block;
using doc::BlockKind;
using doc::Span;
using library::kNone;
using library::UnitKind;

constexpr std::uint64_t kMergedBytes = 1000;  // A merged paragraph longer than this is not one any more.
constexpr std::uint64_t kClaimCharacters = 15;
constexpr std::uint64_t kClaimLetters = 8;

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t'; }

Span trimmed(std::string_view text, Span span) {
  while (span.start < span.end && is_space(text[span.start])) ++span.start;
  while (span.start < span.end && is_space(text[span.end - 1])) --span.end;
  return span;
}

// Without the mark of a list item; a number stays, since it can be asked for.
Span without_bullet(std::string_view text, Span span) {
  constexpr auto kBullets = std::to_array<std::string_view>({"•", "◦", "▪", "‣", "∙", "·", "–", "—", "-", "*", "o"});
  const std::string_view item = text.substr(span.start, span.size());
  for (const std::string_view bullet : kBullets) {
    if (item.starts_with(bullet) && item.size() > bullet.size() && is_space(item[bullet.size()])) {
      return trimmed(text, {span.start + bullet.size(), span.end});
    }
  }
  return span;
}

bool ends_in_colon(std::string_view text) { return text.ends_with(':') || text.ends_with("："); }

class Builder {
 public:
  Builder(const doc::Parsed& parsed, const text::WordPiece& wordpiece, const UnitLimits& limits)
      : parsed_(parsed), text_(parsed.text), wordpiece_(wordpiece), limits_(limits), budget_(limits.tokens) {}

  Structure build();

 private:
  struct LeadIn {
    std::uint32_t level = 0;  // Items deeper than this are introduced by it.
    std::uint32_t unit = kNone;
  };

  std::size_t end_of_merge(std::size_t first) const;
  bool goes_on(std::size_t before, std::size_t next, std::uint64_t merged_from) const;
  std::string_view at(Span span) const { return text_.substr(span.start, span.size()); }

  void add_heading(std::size_t block);
  void add_prose(std::size_t block, Span span);
  void add_code(std::size_t block);
  void add_table_row(std::size_t block);
  void add(Span span, UnitKind kind, std::size_t block);
  void push(Span span, UnitKind kind, std::size_t block);
  void note_lead_in(std::uint32_t level);
  std::uint64_t cut_after(Span span) const;
  std::string fitted(std::string text) const;
  std::string path_of(std::string_view title, std::uint8_t level);

  const doc::Parsed& parsed_;
  const std::string_view text_;
  const text::WordPiece& wordpiece_;
  const UnitLimits limits_;
  std::uint32_t budget_;  // Tokens a unit of the current section may have.
  std::uint32_t section_ = kNone;
  std::uint32_t ordinal_ = 0;
  std::vector<std::uint32_t> around_;       // The current section and those around it, outermost first.
  std::vector<LeadIn> lead_ins_;            // Open ones, outermost first.
  std::vector<std::uint32_t> unit_of_row_;  // First unit of each table row block, for rows below a header.
  Structure out_;
};

// Cut to the tokens a path may have, at a token border.
std::string Builder::fitted(std::string text) const {
  if (text.size() <= limits_.path_tokens) return text;
  const auto tokens = wordpiece_.tokens(text, limits_.path_tokens + 1);
  std::uint64_t end = tokens.size() > limits_.path_tokens ? tokens[limits_.path_tokens - 1].span.end : text.size();
  end = std::min<std::uint64_t>(end, limits_.path_tokens * 16ULL);
  while (!is_char_border(text, end)) --end;
  text.resize(end);
  return text;
}

std::string Builder::path_of(std::string_view title, std::uint8_t level) {
  while (!around_.empty() && out_.sections[around_.back()].level >= level) around_.pop_back();
  std::string path(title);
  for (std::size_t i = around_.size(); i-- > 0;) {
    std::string longer = out_.sections[around_[i]].title + " > " + path;
    if (longer.size() > limits_.path_tokens && wordpiece_.count(longer) > limits_.path_tokens) break;
    path = std::move(longer);
  }
  return path;
}

void Builder::add_heading(std::size_t block) {
  const Block& heading = parsed_.blocks[block];
  const Span span = trimmed(text_, heading.span);
  std::string title = fitted(text::fold_space(at(span)));
  if (title.empty()) return;
  const std::uint8_t level = std::max<std::uint8_t>(heading.level, 1);
  std::string path = path_of(title, level);
  const std::uint32_t parent = around_.empty() ? kNone : around_.back();
  section_ = static_cast<std::uint32_t>(out_.sections.size());
  budget_ = limits_.tokens - std::min(wordpiece_.count(path), limits_.tokens / 2);
  out_.sections.push_back({span, std::move(title), std::move(path), level, parent, {}});
  around_.push_back(section_);
  ordinal_ = 0;
  lead_ins_.clear();
  push({span.start, cut_after(span)}, UnitKind::kHeading, block);
}

bool Builder::goes_on(std::size_t before, std::size_t next, std::uint64_t merged_from) const {
  const Block& a = parsed_.blocks[before];
  const Block& b = parsed_.blocks[next];
  if (b.kind != BlockKind::kParagraph || a.source != b.source) return false;
  if (b.span.end - merged_from > kMergedBytes) return false;
  if (doc::page_at(parsed_.pages, a.span.start) != doc::page_at(parsed_.pages, b.span.start)) return false;
  return text::starts_in_lower_case(at(b.span)) && !text::ends_sentence(at(a.span));
}

std::size_t Builder::end_of_merge(std::size_t first) const {
  std::size_t end = first + 1;
  while (end < parsed_.blocks.size() && goes_on(end - 1, end, parsed_.blocks[first].span.start)) ++end;
  return end;
}

// The last unit introduces what is deeper than `level` when it ends in a colon.
void Builder::note_lead_in(std::uint32_t level) {
  if (out_.units.empty()) return;
  if (ends_in_colon(at(out_.units.back().span))) {
    lead_ins_.push_back({level, static_cast<std::uint32_t>(out_.units.size() - 1)});
  }
}

void Builder::add_prose(std::size_t block, Span span) {
  const Block& first = parsed_.blocks[block];
  const bool item = first.kind == BlockKind::kListItem;
  const std::uint32_t level = item ? std::max<std::uint32_t>(first.level, 1) : 0;
  std::erase_if(lead_ins_, [level](const LeadIn& lead) { return lead.level >= level; });
  span = item ? without_bullet(text_, trimmed(text_, span)) : span;
  const std::size_t before = out_.units.size();
  for (const Span& sentence : text::sentences(at(span))) {
    add({span.start + sentence.start, span.start + sentence.end}, item ? UnitKind::kListItem : UnitKind::kSentence,
        block);
  }
  if (out_.units.size() > before) note_lead_in(level);
}

void Builder::add_code(std::size_t block) {
  const Span span = parsed_.blocks[block].span;
  for (std::uint64_t start = span.start; start < span.end;) {
    const std::uint64_t end = std::min<std::uint64_t>(text_.find('\n', start), span.end);
    if (const Span line = trimmed(text_, {start, end}); line.size() > 0) add(line, UnitKind::kCode, block);
    start = end + 1;
  }
}

void Builder::add_table_row(std::size_t block) {
  const Block& row = parsed_.blocks[block];
  const Span span = trimmed(text_, row.span);
  if (span.size() == 0) return;
  const auto first = static_cast<std::uint32_t>(out_.units.size());
  unit_of_row_.resize(parsed_.blocks.size(), kNone);
  unit_of_row_[block] = first;
  add(span, UnitKind::kTableRow, block);
  const std::uint32_t header = row.header < block ? unit_of_row_[row.header] : kNone;
  if (header == kNone || out_.units[header].section != section_) return;
  for (std::size_t unit = first; unit < out_.units.size(); ++unit) out_.units[unit].lead_in = header;
}

// Where a piece of at most one unit's size ends: at a space when there is one near, else at a token, else a character.
std::uint64_t Builder::cut_after(Span span) const {
  std::uint64_t end = std::min(span.end, span.start + limits_.bytes);
  while (!is_char_border(text_, end)) --end;
  if (end < span.end) {
    const std::size_t space = at({span.start, end}).rfind(' ');
    if (space != std::string_view::npos && space > limits_.bytes / 2) end = span.start + space;
  }
  if (end - span.start <= budget_) return end;  // A token has at least one byte.
  for (std::uint32_t room = budget_; room > 0; --room) {
    const auto tokens = wordpiece_.tokens(at({span.start, end}), budget_ + 1);
    if (tokens.size() <= budget_) return end;
    std::size_t cut = room;
    const std::size_t lowest = room - std::min<std::size_t>(room - 1, 32);
    while (cut > lowest && !is_space(text_[span.start + tokens[cut].span.start - 1])) --cut;
    if (cut == lowest) cut = room;
    end = span.start + tokens[cut].span.start;
  }
  return end;
}

void Builder::add(Span span, UnitKind kind, std::size_t block) {
  while (span.size() > 0) {
    const Span piece = trimmed(text_, {span.start, cut_after(span)});
    push(piece, kind, block);
    span = trimmed(text_, {piece.end, span.end});
  }
}

void Builder::push(Span span, UnitKind kind, std::size_t block) {
  library::NewUnit unit;
  unit.span = span;
  unit.kind = kind;
  unit.block = static_cast<std::uint32_t>(block);
  unit.section = section_;
  unit.ordinal = ordinal_++;
  const bool introduced = kind == UnitKind::kListItem || kind == UnitKind::kCode || kind == UnitKind::kTableRow;
  if (introduced && !lead_ins_.empty()) unit.lead_in = lead_ins_.back().unit;
  unit.source = kind != UnitKind::kHeading && parsed_.blocks[block].source;
  if (unit.source) {
    const text::Weight weight = text::weigh(at(span));
    unit.source = weight.characters >= kClaimCharacters && weight.letters >= kClaimLetters;
  }
  out_.units.push_back(unit);
}

Structure Builder::build() {
  for (std::size_t i = 0; i < parsed_.blocks.size();) {
    const Block& block = parsed_.blocks[i];
    const BlockKind kind = block.kind == BlockKind::kHeading && !block.source ? BlockKind::kParagraph : block.kind;
    std::size_t end = i + 1;
    if (kind == BlockKind::kHeading) {
      add_heading(i);
    } else if (kind == BlockKind::kCode) {
      add_code(i);
    } else if (kind == BlockKind::kTableRow) {
      add_table_row(i);
    } else {
      end = end_of_merge(i);
      add_prose(i, {block.span.start, parsed_.blocks[end - 1].span.end});
    }
    i = end;
  }
  return std::move(out_);
}

}  // namespace

Structure structure_of(const doc::Parsed& parsed, const text::WordPiece& wordpiece, const UnitLimits& limits) {
  return Builder(parsed, wordpiece, limits).build();
}

}  // namespace docmind::ingest
