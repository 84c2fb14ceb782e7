// Plain text has no mark-up, so structure is told from looks, in this order:
//   headings   a line underlined with one repeated character (reStructuredText: the order of first use gives the
//   level);
//              without any such, numbered lines ("4.2 Title", "Chapter 4. Title") as headings.h picks them
//   contents   a run of lines that mostly start with section numbers: kept, but no source of answers, no headings
//   chunks     lines between blank lines; a chunk is code, a list or a paragraph
// Wrapped lines are joined by a space unless the break was made on purpose: the next word would have fitted.
#include "parse/text.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "parse/charset.h"
#include "parse/clean_text.h"
#include "parse/document_builder.h"
#include "parse/headings.h"
#include "parse/text_lines.h"

namespace docmind::parse {
namespace {

enum class Role : std::uint8_t { kBody, kHeading, kHeadingRest, kRule, kContents };

struct Marked {
  Role role = Role::kBody;
  std::uint8_t level = 0;
};

std::string_view without_chapter_word(std::string_view text) {
  for (const std::string_view word : {"Chapter ", "CHAPTER ", "Appendix ", "APPENDIX ", "Section ", "Part "}) {
    if (text.starts_with(word)) return text.substr(word.size());
  }
  return text;
}

class Reader {
 public:
  Reader(std::string_view text, DocumentBuilder& builder) : lines_(lines_of(text)), builder_(builder) {
    marks_.resize(lines_.size());
    width_ = usual_width();
  }

  void read();

 private:
  std::size_t usual_width() const;
  void mark_contents();
  std::size_t mark_underlined();
  void mark_numbered();
  bool is_underline(std::size_t line) const;
  std::size_t chunk_end(std::size_t from) const;
  bool is_code(std::size_t from, std::size_t to) const;
  void add_chunk(std::size_t from, std::size_t to);
  void add_code(std::size_t from, std::size_t to);
  void add_prose(std::size_t from, std::size_t to);
  void add_item(std::size_t from, std::size_t to);
  void add_heading(std::size_t line);
  std::string joined(std::size_t from, std::size_t to) const;
  bool breaks_after(std::size_t line) const;
  bool source_of(std::size_t line) const { return marks_[line].role != Role::kContents; }

  std::vector<Line> lines_;
  std::vector<Marked> marks_;
  DocumentBuilder& builder_;
  std::size_t width_ = 0;
  std::uint32_t runs_ = 0;
  bool in_list_ = false;
  std::vector<std::size_t> item_indents_;  // Of the list we are in, outermost first.
};

// Where the text was wrapped: nine of ten lines are no longer.
std::size_t Reader::usual_width() const {
  std::vector<std::size_t> widths;
  for (const Line& line : lines_) {
    if (!line.blank()) widths.push_back(line.width);
  }
  if (widths.empty()) return 0;
  const auto at = widths.begin() + static_cast<std::ptrdiff_t>(widths.size() * 9 / 10);
  std::nth_element(widths.begin(), at, widths.end());
  return *at;
}

// Runs of numbered lines, with at most one line (a wrapped title) between two of them, most numbers having parts.
void Reader::mark_contents() {
  std::size_t numbered = 0;
  std::size_t in_parts = 0;
  std::size_t first = 0;
  std::size_t last = 0;
  std::size_t plain = 0;
  const auto close = [&] {
    if (numbered >= 8 && in_parts * 2 >= numbered) {
      for (std::size_t i = first; i <= last; ++i) marks_[i].role = Role::kContents;
    }
    numbered = in_parts = plain = 0;
  };
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    if (lines_[i].blank()) continue;
    std::string_view text = lines_[i].text;
    if (lines_[i].marker > 0 && !lines_[i].numbered) text.remove_prefix(lines_[i].marker);
    std::size_t length = 0;
    const std::size_t parts = section_number(without_chapter_word(text), length).size();
    if (parts == 0 || (i + 1 < lines_.size() && is_underline(i + 1))) {
      if (++plain > 2 || parts > 0) close();
      continue;
    }
    if (numbered++ == 0) first = i;
    last = i;
    plain = 0;
    in_parts += parts > 1 ? 1 : 0;
  }
  close();
}

bool Reader::is_underline(std::size_t i) const {
  if (i == 0 || i >= lines_.size() || rule_character(lines_[i]) == '\0') return false;
  const Line& title = lines_[i - 1];
  const Line& rule = lines_[i];
  if (title.blank() || title.text.size() > 300 || rule_character(title) != '\0') return false;
  const bool opens = i == 1 || lines_[i - 2].blank() || rule_character(lines_[i - 2]) == rule_character(rule);
  const std::size_t wide = title.width - title.indent;
  return opens && rule.text.size() * 10 >= wide * 7 && rule.text.size() <= wide + 40 &&
         title.text.find("  ") == std::string_view::npos;
}

std::size_t Reader::mark_underlined() {
  std::map<std::pair<char, bool>, std::uint8_t> levels;
  std::size_t found = 0;
  for (std::size_t i = 1; i < lines_.size(); ++i) {
    if (!is_underline(i)) continue;
    const char c = rule_character(lines_[i]);
    const bool over = i >= 2 && rule_character(lines_[i - 2]) == c;
    const auto level =
        levels.try_emplace({c, over}, static_cast<std::uint8_t>(std::min<std::size_t>(levels.size() + 1, 6)));
    marks_[i] = {.role = Role::kRule};
    marks_[i - 1] = {.role = Role::kHeading, .level = level.first->second};
    if (over) marks_[i - 2] = {.role = Role::kRule};
    ++found;
  }
  return found;
}

void Reader::mark_numbered() {
  std::vector<TextLine> candidates;
  std::vector<std::size_t> line_of;
  bool after_blank = true;
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    const Line& line = lines_[i];
    const bool usable = marks_[i].role == Role::kBody && !line.blank() && line.indent <= 4;
    if (usable) {
      candidates.push_back({.text = without_chapter_word(line.text), .after_blank = after_blank});
      line_of.push_back(i);
    }
    after_blank = !usable;
  }
  for (const NumberedHeading& heading : numbered_headings(candidates)) {
    if (!candidates[heading.line].after_blank) continue;  // In plain text headings stand by themselves.
    marks_[line_of[heading.line]] = {.role = Role::kHeading, .level = heading.level};
    for (std::size_t i = 1; i < heading.lines; ++i) marks_[line_of[heading.line + i]].role = Role::kHeadingRest;
  }
}

void Reader::read() {
  mark_contents();
  if (mark_underlined() < 2) mark_numbered();
  for (std::size_t i = 0; i < lines_.size() && !builder_.full();) {
    if (lines_[i].blank() || marks_[i].role == Role::kRule || marks_[i].role == Role::kHeadingRest) {
      ++i;
    } else if (marks_[i].role == Role::kHeading) {
      add_heading(i++);
    } else {
      const std::size_t end = chunk_end(i);
      add_chunk(i, end);
      i = end;
    }
  }
}

void Reader::add_heading(std::size_t line) {
  std::string text(lines_[line].text);
  for (std::size_t i = line + 1; i < lines_.size() && (marks_[i].role == Role::kHeadingRest || lines_[i].blank());
       ++i) {
    if (lines_[i].blank() && i + 1 < lines_.size() && marks_[i + 1].role != Role::kHeadingRest) break;
    text += " " + std::string(lines_[i].text);
  }
  in_list_ = false;
  builder_.add({.kind = doc::BlockKind::kHeading, .level = marks_[line].level}, text);
}

// The first line after `from` that is blank or has another role.
std::size_t Reader::chunk_end(std::size_t from) const {
  std::size_t end = from + 1;
  while (end < lines_.size() && !lines_[end].blank() && marks_[end].role == marks_[from].role) ++end;
  return end;
}

bool Reader::is_code(std::size_t from, std::size_t to) const {
  if (!source_of(from) || lines_[from].marker > 0) return false;
  const auto like = std::count_if(lines_.begin() + static_cast<std::ptrdiff_t>(from),
                                  lines_.begin() + static_cast<std::ptrdiff_t>(to), looks_like_code);
  return static_cast<std::size_t>(like) * 2 >= to - from;
}

void Reader::add_chunk(std::size_t from, std::size_t to) {
  if (to - from == 1 && rule_character(lines_[from]) != '\0') return;
  if (is_code(from, to)) return add_code(from, to);
  // A file with one line per paragraph has lines that were never wrapped.
  const bool line_is_paragraph = width_ > 120 && source_of(from);
  std::size_t start = from;
  for (std::size_t i = from + 1; i <= to; ++i) {
    const bool item = i < to && lines_[i].marker > 0 &&
                      (lines_[start].marker > 0 || lines_[i].indent > lines_[from].indent || breaks_after(i - 1));
    if (i < to && !item && !line_is_paragraph) continue;
    if (lines_[start].marker > 0) {
      add_item(start, i);
    } else {
      add_prose(start, i);
    }
    start = i;
  }
}

void Reader::add_code(std::size_t from, std::size_t to) {
  std::size_t left = lines_[from].indent;
  for (std::size_t i = from; i < to; ++i) left = std::min(left, lines_[i].indent);
  std::string text;
  for (std::size_t i = from; i < to; ++i) {
    text.append(lines_[i].indent - left, ' ');
    text += lines_[i].text;
    text += '\n';
  }
  builder_.add({.kind = doc::BlockKind::kCode, .source = source_of(from)}, text);
}

void Reader::add_prose(std::size_t from, std::size_t to) {
  // Text that stands deeper than the last item's marker still belongs to the list.
  in_list_ = in_list_ && !item_indents_.empty() && lines_[from].indent > item_indents_.front();
  builder_.add({.source = source_of(from)}, joined(from, to));
}

void Reader::add_item(std::size_t from, std::size_t to) {
  const Line& line = lines_[from];
  if (!in_list_) {
    ++runs_;
    item_indents_.clear();
  }
  in_list_ = true;
  while (!item_indents_.empty() && item_indents_.back() > line.indent) item_indents_.pop_back();
  if (item_indents_.empty() || item_indents_.back() < line.indent) item_indents_.push_back(line.indent);
  builder_.add({.kind = doc::BlockKind::kListItem,
                .level = static_cast<std::uint8_t>(std::min<std::size_t>(item_indents_.size(), 255)),
                .source = source_of(from),
                .run = runs_},
               joined(from, to));
}

// Whether the line ends where it does on purpose: the next line's first word would have fitted.
bool Reader::breaks_after(std::size_t i) const {
  if (i + 1 >= lines_.size()) return true;
  return (lines_[i].width + 1 + first_word_width(lines_[i + 1])) * 10 < width_ * 8;
}

std::string Reader::joined(std::size_t from, std::size_t to) const {
  std::string out;
  for (std::size_t i = from; i < to; ++i) {
    std::string_view text = lines_[i].text;
    if (i == from && lines_[i].marker > 0 && !lines_[i].numbered) text.remove_prefix(lines_[i].marker);
    out += text;
    if (i + 1 == to) break;
    const std::string_view next = lines_[i + 1].text;
    const bool after_letter = text.size() > 1 && std::isalpha(static_cast<unsigned char>(text[text.size() - 2])) != 0;
    const bool hyphen =
        text.ends_with('-') && after_letter && std::islower(static_cast<unsigned char>(next.front())) != 0;
    const bool address = next.starts_with("//") && (text.ends_with("http:") || text.ends_with("https:"));
    if (hyphen || address) continue;
    out += breaks_after(i) ? kHardBreak : std::string_view("\n");
  }
  return out;
}

}  // namespace

Result<doc::Parsed> parse_text(std::string_view bytes, std::uint64_t max_text) {
  DM_TRY(check_is_text(bytes));
  DecodedText decoded = DM_TRY(decode(bytes, ""));
  DM_TRY(check_is_text(decoded.text));
  if (decoded.text.size() / 4 > max_text) return too_much_text(max_text);  // Before it is cut into lines.
  DocumentBuilder builder("text", max_text);
  if (const std::string warning = replaced_warning(decoded); !warning.empty()) builder.warn(warning);
  std::erase(decoded.text, '\0');
  if (decoded.text.find_first_of("\b\x1b") != std::string::npos) decoded.text = without_terminal_codes(decoded.text);
  Reader(decoded.text, builder).read();
  return std::move(builder).finish();
}

}  // namespace docmind::parse
