#include "agents/collection.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "agents/exact_number.h"
#include "agents/impl/tokens.h"
#include "agents/impl/words.h"

namespace docmind::agents {
namespace {

using doc::BlockKind;

constexpr std::size_t kLongestName = 80;      // Bytes; a longer caption is no name.
constexpr std::size_t kLongestCaption = 300;  // Of a longer one the last sentence counts.

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\n") + 1 - first);
}

std::string_view without_colon(std::string_view text) {
  for (const std::string_view mark : {":", "\uff1a", "."}) {
    if (text.ends_with(mark)) text.remove_suffix(mark.size());
  }
  return trimmed(text);
}

// The number an item begins with ("3." or "3)"), and how many bytes it takes with the blank behind.
struct Marker {
  std::uint32_t number = 0;  // 0: none.
  std::size_t bytes = 0;
};

Marker marker_of(std::string_view item) {
  constexpr std::size_t kMostDigits = 6;
  Marker out;
  std::size_t at = 0;
  for (; at < item.size() && at < kMostDigits && is_digit(item[at]); ++at) {
    out.number = out.number * 10 + static_cast<std::uint32_t>(item[at] - '0');
  }
  if (at == 0 || at + 1 >= item.size() || (item[at] != '.' && item[at] != ')') || item[at + 1] != ' ') return {};
  out.bytes = at + 2;
  return out;
}

std::string_view without_marker(std::string_view item) {
  item.remove_prefix(marker_of(item).bytes);
  for (const std::string_view bullet : {"\u2022 ", "\u25e6 ", "\u25aa ", "\u2023 ", "\u2013 ", "\u2014 ", "- ", "* "}) {
    if (item.starts_with(bullet)) item.remove_prefix(bullet.size());
  }
  return trimmed(item);
}

// Whether a row's first words say that it sums up the others.
bool says_sum(const Row& row, bool last) {
  const auto first = std::ranges::find_if(row.cells, [](const std::string& cell) { return !cell.empty(); });
  if (first == row.cells.end()) return false;
  std::string label;
  for (const Token& token : tokens_of(*first)) label += (label.empty() || token.character ? "" : " ") + token.lower;
  static constexpr auto kAnywhere = std::to_array<std::string_view>(
      {"total",        "totals",       "subtotal",     "sub-total",    "sum",          "grand total",   "in total",
       "average",      "mean",         "summe",        "gesamt",       "insgesamt",    "zwischensumme", "gesamtsumme",
       "durchschnitt", "\u5408\u8ba1", "\u603b\u8ba1", "\u5c0f\u8ba1", "\u603b\u548c", "\u5e73\u5747"});
  if (std::ranges::find(kAnywhere, label) != kAnywhere.end()) return true;
  return last && (label.starts_with("total ") || label.starts_with("sum of ") || label == "all" || label == "overall");
}

bool has_number(const std::string& cell) { return read_quantity(cell).has_value(); }

// A first row without numbers above a column that has them: names of columns, though the format does not say so.
bool looks_like_header(const std::vector<Row>& rows) {
  if (rows.size() < 3 || rows[0].cells.size() < 2) return false;
  if (std::ranges::any_of(rows[0].cells, [](const std::string& cell) { return cell.empty() || has_number(cell); })) {
    return false;
  }
  for (std::size_t column = 0; column < rows[0].cells.size(); ++column) {
    std::size_t numbers = 0;
    for (std::size_t i = 1; i < rows.size(); ++i) {
      numbers += column < rows[i].cells.size() && has_number(rows[i].cells[column]) ? 1 : 0;
    }
    if (numbers * 2 > rows.size() - 1) return true;
  }
  return false;
}

// The words that the member's text has in all tables, as the first has them.
std::string shared_words(const std::vector<const Collection*>& tables, std::string Collection::* member) {
  std::vector<Token> shared = tokens_of(tables.front()->*member);
  for (const Collection* table : tables) {
    if (shared.empty()) break;
    const std::vector<Token> here = tokens_of(table->*member);
    std::erase_if(shared, [&](const Token& token) { return !holds(here, token); });
  }
  std::string out;
  for (const Token& token : shared) out += (out.empty() || token.character ? "" : " ") + token.lower;
  return out;
}

class Reader {
 public:
  explicit Reader(const DocumentParts& parts) : parts_(parts) {}

  std::vector<Collection> all() {
    for (std::size_t i = 0; i < parts_.blocks.size();) {
      const std::size_t end = std::max(end_of_table(i), i + 1);
      if (end > i + 1 || kind(i) == BlockKind::kTableRow) add_table(i, end);
      i = end;
    }
    for (const std::vector<std::size_t>& run : list_runs()) add_list(run, {}, 0);
    std::sort(out_.begin(), out_.end(), [](const Collection& a, const Collection& b) {
      return a.rows.front().span.start < b.rows.front().span.start;
    });
    add_children();
    add_alike();
    return std::move(out_);
  }

 private:
  BlockKind kind(std::size_t block) const { return parts_.blocks[block].block.kind; }
  doc::Span span(std::size_t block) const { return parts_.blocks[block].block.span; }
  std::string_view text(std::size_t block) const { return parts_.text.substr(span(block).start, span(block).size()); }

  const library::Section* section_at(std::uint64_t at) const {
    const auto after = std::ranges::upper_bound(parts_.sections, at, {},
                                                [](const library::Section& section) { return section.heading.start; });
    return after == parts_.sections.begin() ? nullptr : &*std::prev(after);
  }
  bool same_section(std::size_t a, std::size_t b) const {
    return section_at(span(a).start) == section_at(span(b).start);
  }

  Row row(std::size_t block) const {
    Row out;
    out.document = parts_.document.key;
    if (const library::Section* section = section_at(span(block).start)) out.path = section->path;
    out.span = span(block);
    out.block = static_cast<std::uint32_t>(block);
    out.text = text(block);
    return out;
  }

  // A collection with its place; its first block is `first`.
  Collection begin(CollectionKind of, std::size_t first) const {
    Collection out;
    out.kind = of;
    if (const library::Section* section = section_at(span(first).start)) {
      out.heading = section->title;
      out.path = section->path;
    }
    const std::string& path = parts_.document.path;
    out.around = parts_.document.title + "\n" + path.substr(path.rfind('/') + 1);
    return out;
  }

  void finish(Collection collection) {
    const std::string_view caption = without_colon(collection.caption);
    collection.name = caption.empty() || caption.size() > kLongestName ? collection.heading : std::string(caption);
    if (collection.name.empty()) collection.name = parts_.document.title;
    if (collection.name.empty()) collection.name = collection.around.substr(collection.around.find('\n') + 1);
    out_.push_back(std::move(collection));
  }

  // Table rows one line apart, of one section. A format with pages goes on where the columns' header is the same.
  std::size_t end_of_table(std::size_t first) const {
    std::size_t end = first;
    while (end < parts_.blocks.size() && kind(end) == BlockKind::kTableRow &&
           (end == first || (same_section(first, end) && span(end).start <= span(end - 1).end + 1))) {
      ++end;
    }
    return end;
  }

  std::string caption_before(std::size_t first) const {
    if (first == 0 || kind(first - 1) != BlockKind::kParagraph || !same_section(first - 1, first)) return {};
    std::string_view caption = trimmed(text(first - 1));
    if (caption.size() > kLongestCaption) {
      const std::size_t stop = caption.substr(0, caption.size() - 2).rfind(". ");
      caption = stop == std::string_view::npos ? std::string_view() : caption.substr(stop + 2);
    }
    return caption.size() > kLongestCaption ? std::string() : std::string(caption);
  }

  bool is_table_caption(std::size_t block) const {
    if (block >= parts_.blocks.size() || kind(block) != BlockKind::kParagraph) return false;
    const std::string_view line = text(block);
    return line.size() <= kLongestCaption && (line.starts_with("Table ") || line.starts_with("Tab. ") ||
                                              line.starts_with("Tabelle ") || line.starts_with("\u8868"));
  }

  void add_table(std::size_t first, std::size_t end) {
    Collection table = begin(CollectionKind::kTable, first);
    table.caption = caption_before(first);
    if (is_table_caption(end) && !is_table_caption(first - 1)) table.caption = text(end);
    std::vector<bool> names(end - first, false);  // Rows that name columns.
    for (std::size_t i = first; i < end; ++i) {
      const std::uint32_t header = parts_.blocks[i].block.header;
      if (header != doc::Block::kNoHeader && header >= first && header < i) names[header - first] = true;
    }
    // Rows above the one that names the columns name groups of them.
    constexpr std::size_t kMostHeaderRows = 4;
    const auto named = std::ranges::find(names, true);
    if (named != names.end() && named - names.begin() < static_cast<std::ptrdiff_t>(kMostHeaderRows)) {
      std::fill(names.begin(), named, true);
    }
    std::size_t at = first;
    for (; at < end && names[at - first]; ++at) add_header(table, at);
    for (; at < end; ++at) {
      // A header in the middle: the same one on a new page, or a title over the rows below it.
      if (names[at - first] || (!table.header.text.empty() && text(at) == table.header.text)) continue;
      table.rows.push_back(row(at));
      table.rows.back().cells = agents::cells_of(table.rows.back().text);
    }
    if (table.columns.empty() && looks_like_header(table.rows)) {
      table.header = table.rows.front();
      table.columns = table.header.cells;
      table.rows.erase(table.rows.begin());
    }
    for (Row& one : table.rows) one.summary = says_sum(one, &one == &table.rows.back());
    if (!table.rows.empty()) finish(std::move(table));
  }

  // A second header row refines the first: "Sales" over "2023" and "2024" gives "Sales 2023" and "Sales 2024".
  void add_header(Collection& table, std::size_t block) const {
    std::vector<std::string> cells = agents::cells_of(text(block));
    if (table.columns.empty()) {
      table.header = row(block);
      table.columns = table.header.cells = std::move(cells);
      return;
    }
    if (table.columns.size() < cells.size()) table.columns.resize(cells.size());
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (cells[i].empty()) continue;
      const std::vector<std::string>& top = table.header.cells;
      std::size_t above = i;
      while (above > 0 && (above >= top.size() || top[above].empty())) --above;
      const std::string over = above < top.size() ? top[above] : "";
      table.columns[i] = over.empty() || over == cells[i] ? cells[i] : over + " " + cells[i];
    }
  }

  // Runs of list items as blocks: one line apart, or joined because numbers go on, or term by term.
  std::vector<std::vector<std::size_t>> list_runs() const {
    std::vector<std::vector<std::size_t>> runs;
    bool by_term = false;  // The last run is one of terms with a paragraph each.
    for (std::size_t i = 0; i < parts_.blocks.size(); ++i) {
      if (kind(i) != BlockKind::kListItem) continue;
      if (!runs.empty() && same_section(runs.back().back(), i)) {
        const std::size_t last = runs.back().back();
        const bool adjacent = last + 1 == i;
        const bool term = last + 2 == i && kind(last + 1) == BlockKind::kParagraph && !text(last + 1).ends_with(':') &&
                          (runs.back().size() == 1 || by_term);
        const std::uint32_t number = marker_of(text(i)).number;
        const bool goes_on = number > 1 && only_prose_between(last, i) && last_number(runs.back()) + 1 == number;
        if (adjacent ? !by_term : term || goes_on) {
          by_term = term && !goes_on;
          runs.back().push_back(i);
          continue;
        }
      }
      runs.push_back({i});
      by_term = false;
    }
    return runs;
  }

  bool only_prose_between(std::size_t a, std::size_t b) const {
    for (std::size_t i = a + 1; i < b; ++i) {
      if (kind(i) != BlockKind::kParagraph && kind(i) != BlockKind::kCode) return false;
    }
    return true;
  }

  // Of the last item of the outermost level.
  std::uint32_t last_number(const std::vector<std::size_t>& run) const {
    std::uint8_t level = 255;
    std::uint32_t number = 0;
    for (const std::size_t i : run) level = std::min(level, parts_.blocks[i].block.level);
    for (const std::size_t i : run) {
      if (parts_.blocks[i].block.level == level) number = marker_of(text(i)).number;
    }
    return number;
  }

  // The items of the outermost level, and those inside each as lists of their own.
  void add_list(std::span<const std::size_t> run, const std::string& parent, int depth) {
    constexpr int kDeepest = 16;
    if (run.size() < 2 || depth > kDeepest) return;
    std::uint8_t level = 255;
    for (const std::size_t i : run) level = std::min(level, parts_.blocks[i].block.level);
    Collection list = begin(CollectionKind::kList, run.front());
    list.caption = parent.empty() ? caption_before(run.front()) : parent;
    if (!parent.empty()) list.heading.clear();  // The heading names the list around it.
    std::size_t inner = 0;                      // Where the items inside the last one begin.
    const auto close = [&](std::size_t end) {
      if (end > inner + 1) add_list(run.subspan(inner, end - inner), list.rows.back().cells.front(), depth + 1);
    };
    for (std::size_t i = 0; i < run.size(); ++i) {
      if (parts_.blocks[run[i]].block.level > level && !list.rows.empty()) continue;
      if (!list.rows.empty()) close(i);
      list.rows.push_back(row(run[i]));
      list.rows.back().cells = {std::string(without_marker(list.rows.back().text))};
      inner = i + 1;
    }
    close(run.size());
    if (list.rows.size() >= 2) finish(std::move(list));
  }

  struct Heading {
    const library::Section* section;
    std::size_t block;
  };

  // Where a section's heading stands in the text; none when the page does not show it.
  std::optional<Heading> shown_heading(const library::Section& section) const {
    const std::uint64_t start = section.heading.start;
    const auto found = std::ranges::lower_bound(parts_.blocks, start, {},
                                                [](const library::Block& block) { return block.block.span.start; });
    if (found == parts_.blocks.end() || found->block.span.start != start || !found->block.source) return std::nullopt;
    return Heading{&section, static_cast<std::size_t>(found - parts_.blocks.begin())};
  }

  Collection collected(const std::vector<Heading>& headings) const {
    Collection out = begin(CollectionKind::kHeadings, headings.front().block);
    out.heading.clear();
    out.path.clear();
    for (const Heading& heading : headings) {
      Row one = row(heading.block);
      one.cells = {heading.section->title};
      out.rows.push_back(std::move(one));
    }
    return out;
  }

  void add_children() {
    std::map<std::uint32_t, std::vector<Heading>> below;
    for (const library::Section& section : parts_.sections) {
      if (const auto heading = shown_heading(section)) below[section.parent].push_back(*heading);
    }
    for (const auto& [parent, children] : below) {
      if (children.size() < 2) continue;
      Collection group = collected(children);
      if (parent != library::kNone && parent < parts_.sections.size()) {
        group.heading = group.caption = parts_.sections[parent].title;
        group.path = parts_.sections[parent].path;
      }
      finish(std::move(group));
    }
  }

  // Headings of one level that begin with the same word and say something else behind it.
  void add_alike() {
    std::map<std::pair<std::uint8_t, std::string>, std::vector<Heading>> alike;
    for (const library::Section& section : parts_.sections) {
      std::vector<Token> tokens = tokens_of(section.title);
      while (!tokens.empty() && is_digit(tokens.front().lower.front())) tokens.erase(tokens.begin());
      if (tokens.size() < 2 || tokens.front().character) continue;
      if (const auto heading = shown_heading(section)) alike[{section.level, tokens.front().lower}].push_back(*heading);
    }
    for (const auto& [key, headings] : alike) {
      if (headings.size() < 2) continue;
      Collection group = collected(headings);
      group.caption = key.second;
      finish(std::move(group));
    }
  }

  const DocumentParts& parts_;
  std::vector<Collection> out_;
};

}  // namespace

std::string_view name(CollectionKind kind) {
  switch (kind) {
    case CollectionKind::kTable:
      return "table";
    case CollectionKind::kList:
      return "list";
    case CollectionKind::kHeadings:
      return "headings";
  }
  return "table";
}

std::string_view row_name(CollectionKind kind) {
  switch (kind) {
    case CollectionKind::kTable:
      return "row";
    case CollectionKind::kList:
      return "item";
    case CollectionKind::kHeadings:
      return "heading";
  }
  return "row";
}

std::vector<std::string> cells_of(std::string_view row) {
  std::vector<std::string> cells;
  const bool tabs = row.find('\t') != std::string_view::npos;
  std::size_t start = 0;
  for (std::size_t i = 0; i <= row.size(); ++i) {
    const bool end = i == row.size();
    const bool bar =
        !end && !tabs && row[i] == '|' && (i == 0 || row[i - 1] == ' ') && (i + 1 == row.size() || row[i + 1] == ' ');
    if (!end && !bar && !(tabs && row[i] == '\t')) continue;
    cells.emplace_back(trimmed(row.substr(start, i - start)));
    start = i + 1;
  }
  return cells;
}

std::vector<Collection> joined_tables(std::span<const Collection> collections) {
  std::map<std::vector<std::string>, std::vector<const Collection*>> alike;
  for (const Collection& one : collections) {
    if (one.kind == CollectionKind::kTable && !one.columns.empty()) alike[one.columns].push_back(&one);
  }
  std::vector<Collection> out;
  for (const auto& [columns, tables] : alike) {
    if (tables.size() < 2) continue;
    Collection joined;
    joined.columns = columns;
    joined.header = tables.front()->header;
    joined.caption = shared_words(tables, &Collection::caption);
    joined.heading = shared_words(tables, &Collection::heading);
    joined.path = shared_words(tables, &Collection::path);
    joined.around = shared_words(tables, &Collection::around);
    joined.tables = tables.size();
    for (const Collection* table : tables) {
      joined.rows.insert(joined.rows.end(), table->rows.begin(), table->rows.end());
    }
    joined.name = joined.heading.empty() ? tables.front()->name : joined.heading;
    out.push_back(std::move(joined));
  }
  return out;
}

std::vector<Collection> collections_of(const DocumentParts& parts) { return Reader(parts).all(); }

}  // namespace docmind::agents
