#include "parse/pdf_furniture.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace docmind::parse {
namespace {

constexpr std::size_t kTop = 3;
constexpr std::size_t kBottom = 2;
constexpr std::size_t kRecurs = 4;
constexpr std::size_t kLeaders = 5;
constexpr std::size_t kMinContentsLines = 5;
constexpr float kHeightStep = 3;  // Points: lines closer than this are at one height.

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string masked(const PdfLine& line) {
  std::string text = text_of(line);
  for (char& c : text) c = is_digit(c) ? '#' : c;
  text.erase(std::unique(text.begin(), text.end(), [](char a, char b) { return a == '#' && b == '#'; }), text.end());
  return text;
}

// "CHAPTER #." of "CHAPTER 3. TOOLS 3.7. EDITORS": what a head has in common over all chapters; empty when the line
// names no number there.
std::string numbered_start(const std::string& text) {
  const std::size_t blank = text.find(' ');
  const std::size_t end = std::min(text.find(' ', blank == std::string::npos ? blank : blank + 1), text.size());
  const std::string start = text.substr(0, end);
  const bool letters = std::any_of(start.begin(), start.end(), [](char c) { return c != '#' && c != '.' && c != ' '; });
  return letters && start.find('#') != std::string::npos ? start + '\n' : std::string();
}

// The lone "CHAPTER" above a chapter's number, and whatever is set larger than the text, are titles.
bool is_title(const PdfLine& line, const PdfBody& body) {
  if (line.size > 1.2F * body.size) return true;
  const std::string text = line.words.size() == 1 ? line.words[0].text : std::string();
  return text == "CHAPTER" || text == "Chapter" || text == "APPENDIX" || text == "Appendix" || text == "PART" ||
         text == "Part";
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 5 && std::all_of(text.begin(), text.end(), is_digit);
}

// "12", "- 12 -", "Page 12", "12 / 40" or the page's own label.
bool is_page_number(const PdfLine& line, const std::string& label) {
  const std::string text = text_of(line);
  if (is_number(text) || (!label.empty() && text == label)) return true;
  const std::string mask = masked(line);
  return mask == "- # -" || mask == "– # –" || mask == "Page #" || mask == "# / #" || mask == "#/#" ||
         mask == "Page # of #" || mask == "# of #";
}

bool is_continuation_note(const PdfLine& line) {
  std::string text = text_of(line);
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text.size() < 60 && (text.find("continued on next page") != std::string::npos ||
                              text.find("continued from previous page") != std::string::npos);
}

// Lines at the top and bottom of a page, outermost first.
struct Margins {
  std::vector<std::size_t> top;
  std::vector<std::size_t> bottom;
};

Margins margins_of(const PdfPage& page) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < page.lines.size(); ++i) {
    if (page.lines[i].turn == page.lines[0].turn) order.push_back(i);
  }
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(page.lines[a].baseline, a) < std::pair(page.lines[b].baseline, b);
  });
  Margins margins;
  margins.top.assign(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(std::min(kTop, order.size())));
  margins.bottom.assign(order.rbegin(), order.rbegin() + static_cast<std::ptrdiff_t>(std::min(kBottom, order.size())));
  return margins;
}

int height_of(const PdfLine& line) { return static_cast<int>(std::lround(line.baseline / kHeightStep)); }

template <typename Map, typename Key>
std::size_t count_near(const Map& counts, Key key, int& height) {
  std::size_t count = 0;
  const int middle = height;
  for (height = middle - 1; height <= middle + 1; ++height) {
    const auto found = counts.find(key());
    if (found != counts.end()) count += found->second;
  }
  height = middle;
  return count;
}

class Furniture {
 public:
  explicit Furniture(std::vector<PdfPage>& pages) : pages_(pages), body_(body_of(pages)) {
    for (const PdfPage& page : pages_) margins_.push_back(page.lines.empty() ? Margins() : margins_of(page));
  }

  void drop() {
    count_texts();
    std::vector<std::vector<bool>> gone = recurring();
    add_lines_at_same_height(gone);
    for (std::size_t p = 0; p < pages_.size(); ++p) {
      std::vector<PdfLine> kept;
      for (std::size_t i = 0; i < pages_[p].lines.size(); ++i) {
        if (!gone[p][i] && !is_continuation_note(pages_[p].lines[i])) kept.push_back(std::move(pages_[p].lines[i]));
      }
      pages_[p].lines = std::move(kept);
    }
  }

 private:
  void for_margins(const auto& visit) {
    for (std::size_t p = 0; p < pages_.size(); ++p) {
      for (const std::size_t i : margins_[p].top) visit(p, i, i == margins_[p].top[0]);
      for (const std::size_t i : margins_[p].bottom) visit(p, i, i == margins_[p].bottom[0]);
    }
  }

  void count_texts() {
    for_margins([&](std::size_t p, std::size_t i, bool) {
      const PdfLine& line = pages_[p].lines[i];
      const std::string text = masked(line);
      ++texts_[{text, height_of(line)}];
      if (const std::string start = numbered_start(text); !start.empty()) ++texts_[{start, height_of(line)}];
    });
  }

  std::vector<std::vector<bool>> recurring() {
    std::vector<std::vector<bool>> gone;
    for (const PdfPage& page : pages_) gone.emplace_back(page.lines.size(), false);
    const std::size_t enough = pages_.size() == kRecurs - 1 ? kRecurs - 1 : kRecurs;
    for_margins([&](std::size_t p, std::size_t i, bool outermost) {
      const PdfLine& line = pages_[p].lines[i];
      const bool numbered = outermost && is_page_number(line, pages_[p].label);
      const std::string text = masked(line);
      const std::string start = numbered_start(text);
      int height = height_of(line);
      const std::size_t same = count_near(texts_, [&] { return std::pair(text, height); }, height);
      const std::size_t alike = outermost ? count_near(texts_, [&] { return std::pair(start, height); }, height) : 0;
      gone[p][i] = gone[p][i] || numbered || (std::max(same, alike) >= enough && !is_title(line, body_));
    });
    return gone;
  }

  // A head that names the section differs from page to page, but not in its height.
  void add_lines_at_same_height(std::vector<std::vector<bool>>& gone) {
    std::map<int, std::size_t> all;
    std::map<int, std::size_t> furniture;
    for_margins([&](std::size_t p, std::size_t i, bool outermost) {
      if (!outermost) return;
      const int height = height_of(pages_[p].lines[i]);
      ++all[height];
      furniture[height] += static_cast<std::size_t>(gone[p][i]);
    });
    for_margins([&](std::size_t p, std::size_t i, bool outermost) {
      int height = height_of(pages_[p].lines[i]);
      const std::size_t count = count_near(furniture, [&] { return height; }, height);
      const std::size_t of = count_near(all, [&] { return height; }, height);
      const bool stands_there = outermost && count >= kRecurs && 2 * count >= of;
      if (stands_there && !is_title(pages_[p].lines[i], body_)) gone[p][i] = true;
    });
  }

  std::vector<PdfPage>& pages_;
  PdfBody body_;
  std::vector<Margins> margins_;
  std::map<std::pair<std::string, int>, std::size_t> texts_;
};

bool is_dots(std::string_view word) { return !word.empty() && (word.find_first_not_of('.') == std::string_view::npos); }

// Takes runs of dots out of a line: ". . . . ." or ".....".
bool drop_leader(PdfLine& line) {
  std::size_t dots = 0;
  bool has_leader = false;
  for (const PdfWord& word : line.words) {
    dots = is_dots(word.text) ? dots + word.text.size() : 0;
    has_leader = has_leader || dots >= 4;
  }
  if (!has_leader) return false;
  std::erase_if(line.words, [](const PdfWord& word) { return is_dots(word.text); });
  for (PdfWord& word : line.words) {  // "Title......12" without blanks keeps its dots: only whole words go.
    word.glued = false;
  }
  line.cells = {0};
  return true;
}

}  // namespace

void drop_furniture(std::vector<PdfPage>& pages) { Furniture(pages).drop(); }

void mark_contents(std::vector<PdfPage>& pages) {
  for (PdfPage& page : pages) {
    std::size_t leaders = 0;
    std::size_t numbers = 0;
    for (PdfLine& line : page.lines) {
      leaders += static_cast<std::size_t>(drop_leader(line));
      numbers += static_cast<std::size_t>(!line.words.empty() && is_number(line.words.back().text) &&
                                          line.words.size() > 1 && !line.mono);
    }
    std::erase_if(page.lines, [](const PdfLine& line) { return line.words.empty(); });
    page.contents = leaders >= kLeaders || (page.lines.size() >= kMinContentsLines && 2 * numbers > page.lines.size());
  }
}

}  // namespace docmind::parse
