// Plain text has no mark-up, so structure is told from looks, in this order:
//   headings   a line underlined with one repeated character (reStructuredText: the order of first use gives the
//   level);
//              without any such, numbered lines ("4.2 Title", "Chapter 4. Title") as headings.h picks them
//   contents   a run of lines that mostly start with section numbers: kept, but no source of answers, no headings
//   chunks     lines between blank lines; a chunk is code, a list or a paragraph
// Wrapped lines are joined by a space unless the break was made on purpose: the next word would have fitted.
#include "parse/text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/utf8.h"
#include "parse/charset.h"
#include "parse/clean_text.h"
#include "parse/document_builder.h"
#include "parse/headings.h"
#include "parse/text_lines.h"

namespace docmind::parse {
namespace {

constexpr std::size_t kUnwrapped = 120;  // Columns; text with longer lines was not wrapped.

enum class Role : std::uint8_t { kBody, kHeading, kHeadingRest, kRule, kContents };

struct Marked {
  Role role = Role::kBody;
  std::uint8_t level = 0;
};

// The section number at the start of the line, behind a bullet.
std::vector<std::uint32_t> number_of(const Line& line) {
  std::size_t length = 0;
  return section_number(line.numbered ? line.text : line.text.substr(line.marker), length);
}

bool says_contents(std::string_view text) {
  static constexpr std::array<std::string_view, 8> kWords = {
      "Table of Contents", "Contents", "TABLE OF CONTENTS", "CONTENTS", "Inhaltsverzeichnis", "目录", "目錄", "目次"};
  if (text.ends_with(':')) text.remove_suffix(1);
  return std::find(kWords.begin(), kWords.end(), text) != kWords.end();
}

// 1 for 第…章 (and 部, 篇, 卷), 2 for 第…节, else 0.
std::uint8_t chinese_chapter_level(std::string_view text) {
  static constexpr std::string_view kMark = "第";
  if (!text.starts_with(kMark)) return 0;
  std::size_t at = kMark.size();
  for (std::size_t digits = 0; at < text.size() && digits < 6; ++digits) {
    const CodePoint c = code_point_at(text, at);
    if ((c.value < '0' || c.value > '9') &&
        std::u32string_view(U"一二三四五六七八九十百零〇").find(c.value) == std::u32string_view::npos) {
      break;
    }
    at += c.length;
  }
  if (at == kMark.size() || at >= text.size()) return 0;
  const char32_t unit = code_point_at(text, at).value;
  if (unit == U'节' || unit == U'節') return 2;
  return unit == U'章' || unit == U'部' || unit == U'篇' || unit == U'卷' ? 1 : 0;
}

// "Name: value", as in the head of a letter or a control file.
bool is_field(const Line& line) {
  const std::size_t colon = line.text.find(": ");
  return colon != std::string_view::npos && std::isupper(static_cast<unsigned char>(line.text.front())) != 0 &&
         line.text.substr(0, colon).find(' ') == std::string_view::npos;
}

// A short first line by itself is the title, whatever it looks like otherwise.
bool is_title(const Line& line) {
  return line.width - line.indent <= 80 && rule_character(line) == '\0' && !looks_like_code(line) &&
         std::string_view(".,;:").find(line.text.back()) == std::string_view::npos;
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
  void mark_chinese_chapters();
  void mark_numbered();
  bool is_underline(std::size_t line) const;
  std::size_t chunk_end(std::size_t from) const;
  bool is_code(std::size_t from, std::size_t to) const;
  bool starts_block(std::size_t i, std::size_t start) const;
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

// Runs of numbered lines, with at most two other lines (wrapped titles) between two of them, most numbers having parts.
// Below a line that says "Contents" two of them are enough, else it takes eight.
void Reader::mark_contents() {
  struct Run {
    std::size_t first = 0;
    std::size_t last = 0;
    std::size_t numbered = 0;
    std::size_t in_parts = 0;
    std::size_t plain = 0;  // Lines without a number since the last one with.
    bool announced = false;
    std::vector<std::uint32_t> number;  // The last one.
  } run;
  bool announced = false;
  const auto close = [&] {
    if (run.numbered >= (run.announced ? 2U : 8U) && (run.announced || run.in_parts * 2 >= run.numbered)) {
      for (std::size_t i = run.first; i <= run.last; ++i) marks_[i].role = Role::kContents;
    }
    run = {};
  };
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    if (lines_[i].blank()) continue;
    std::vector<std::uint32_t> number = number_of(lines_[i]);
    if (number.empty() || is_underline(i + 1)) {
      if (!number.empty() || ++run.plain > 2) close();
      announced = says_contents(lines_[i].text);
      if (announced) close();
      continue;
    }
    if (number <= run.number) close();  // The chapters themselves begin.
    if (run.numbered++ == 0) {
      run.first = i;
      run.announced = announced;
    }
    run.last = i;
    run.plain = 0;
    run.in_parts += number.size() > 1 ? 1 : 0;
    run.number = std::move(number);
  }
  close();
}

bool Reader::is_underline(std::size_t i) const {
  if (i == 0 || i >= lines_.size() || rule_character(lines_[i]) == '\0') return false;
  const Line& title = lines_[i - 1];
  const Line& rule = lines_[i];
  if (title.blank() || std::string_view("#;|+/%").find(title.text.front()) != std::string_view::npos) return false;
  if (title.text.size() > 300 || rule_character(title) != '\0') return false;
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

// "第三章 安装", "第2节": alone between blank lines.
void Reader::mark_chinese_chapters() {
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    const bool alone = (i == 0 || lines_[i - 1].blank()) && (i + 1 == lines_.size() || lines_[i + 1].blank());
    if (!alone || marks_[i].role != Role::kBody || lines_[i].width - lines_[i].indent > 80) continue;
    if (const std::uint8_t level = chinese_chapter_level(lines_[i].text); level > 0) {
      marks_[i] = {.role = Role::kHeading, .level = level};
    }
  }
}

void Reader::mark_numbered() {
  std::vector<TextLine> candidates;
  std::vector<std::size_t> line_of;
  bool after_blank = true;
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    const Line& line = lines_[i];
    const bool named = line.text.starts_with("Chapter ") || line.text.starts_with("Appendix ");  // Often centred.
    const bool usable = marks_[i].role == Role::kBody && !line.blank() && (line.indent <= 4 || named);
    if (usable) {
      candidates.push_back({.text = line.text, .after_blank = after_blank});
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
  mark_chinese_chapters();
  for (std::size_t i = 0; i < lines_.size() && !builder_.full();) {
    if (lines_[i].blank() || marks_[i].role == Role::kRule || marks_[i].role == Role::kHeadingRest) {
      ++i;
    } else if (marks_[i].role == Role::kHeading) {
      add_heading(i++);
    } else {
      const std::size_t end = chunk_end(i);
      if (builder_.empty() && end == i + 1 && is_title(lines_[i])) builder_.title(lines_[i].text);
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
  std::size_t code = 0;
  std::size_t fields = 0;
  for (std::size_t i = from; i < to; ++i) {
    code += looks_like_code(lines_[i]) ? 1 : 0;
    fields += is_field(lines_[i]) ? 1 : 0;
  }
  return code * 2 >= to - from || (fields > 2 && fields * 2 > to - from);
}

// Whether line i of a chunk that started a block at `start` starts another one.
bool Reader::starts_block(std::size_t i, std::size_t start) const {
  if (!source_of(i)) return !number_of(lines_[i]).empty();
  if (lines_[i].marker > 0)
    return lines_[start].marker > 0 || lines_[i].indent > lines_[start].indent || breaks_after(i - 1);
  return lines_[i].width > kUnwrapped || lines_[i - 1].width > kUnwrapped;  // One line is one paragraph.
}

void Reader::add_chunk(std::size_t from, std::size_t to) {
  if (to - from == 1 && rule_character(lines_[from]) != '\0') return;
  if (is_code(from, to)) return add_code(from, to);
  std::size_t start = from;
  for (std::size_t i = from + 1; i <= to; ++i) {
    if (i < to && !starts_block(i, start)) continue;
    if (lines_[start].marker > 0 || !source_of(start)) {
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
  if (bytes.size() / 2 > max_text) return too_much_text(max_text);  // Even as UTF-16: no need to look at all of it.
  const DecodedText decoded = DM_TRY(decode(bytes, ""));
  DM_TRY(check_is_text(decoded.text));
  DocumentBuilder builder("text", max_text);
  if (const std::string warning = replaced_warning(decoded); !warning.empty()) builder.warn(warning);
  const std::string text = plain_characters(decoded.text);
  Reader(text, builder).read();
  return std::move(builder).finish();
}

}  // namespace docmind::parse
