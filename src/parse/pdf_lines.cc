#include "parse/pdf_lines.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "base/utf8.h"
#include "parse/pdf_columns.h"
#include "text/normalise.h"

namespace docmind::parse {
namespace {

constexpr float kCellGap = 1.2F;       // Of the font size: a wider blank separates cells.
constexpr float kClearCellGap = 0.9F;  // Enough when it is also much wider than the line's other blanks.

bool is_right_to_left(char32_t code) { return (code >= 0x590 && code < 0x900) || (code >= 0xfb1d && code < 0xfe00); }

bool is_combining(char32_t code) { return (code >= 0x300 && code < 0x370) || code == 0x3099 || code == 0x309a; }

// Builds the words of one line from its runs.
class LineBuilder {
 public:
  explicit LineBuilder(const std::vector<PdfGlyph>& glyphs) : glyphs_(glyphs) {}

  PdfLine build(PdfRow row) {
    line_ = PdfLine();
    previous_ = nullptr;
    drop_doubles(row);
    const bool to_left = is_right_to_left_row(row);
    if (to_left) std::reverse(row.begin(), row.end());
    line_.left = row.front().left;
    std::vector<const PdfGlyph*> order;
    for (const PdfRun& run : row) {
      line_.left = std::min(line_.left, run.left);
      line_.right = std::max(line_.right, run.right);
      for (std::uint32_t i = run.first; i < run.last; ++i) order.push_back(&glyphs_[i]);
    }
    if (!to_left && has_small_overlap(row)) sort(order);
    for (const PdfGlyph* glyph : order) add(*glyph);
    finish(row);
    return std::move(line_);
  }

 private:
  // Bold made by printing twice with a small shift.
  static void drop_doubles(PdfRow& row) {
    const auto same = [](const PdfRun& a, const PdfRun& b) {
      return b.last - b.first == a.last - a.first && a.last - a.first > 1 &&
             std::abs(a.left - b.left) < 0.15F * a.size && std::abs(a.right - b.right) < 0.15F * a.size;
    };
    row.erase(std::unique(row.begin(), row.end(), same), row.end());
  }

  // Accents and marks that the page draws after the line they stand in.
  static bool has_small_overlap(const PdfRow& row) {
    for (std::size_t i = 1; i < row.size(); ++i) {
      if (row[i].left < row[i - 1].right - 0.1F * row[i].size && row[i].last - row[i].first <= 3) return true;
    }
    return false;
  }

  static void sort(std::vector<const PdfGlyph*>& glyphs) {
    const auto key = [](const PdfGlyph* glyph) {  // A mark follows its letter.
      return is_combining(glyph->code) ? (glyph->left + glyph->right) / 2 : glyph->left;
    };
    std::sort(glyphs.begin(), glyphs.end(),
              [&](const PdfGlyph* a, const PdfGlyph* b) { return key(a) != key(b) ? key(a) < key(b) : a < b; });
  }

  bool is_right_to_left_row(const PdfRow& row) const {
    std::size_t right_to_left = 0;
    std::size_t all = 0;
    for (const PdfRun& run : row) {
      for (std::uint32_t i = run.first; i < run.last; ++i, ++all) {
        right_to_left += static_cast<std::size_t>(is_right_to_left(glyphs_[i].code));
      }
    }
    return 2 * right_to_left > all;
  }

  void add(const PdfGlyph& glyph) {
    if (starts_word(glyph)) {
      normalise_word();
      PdfWord word;
      word.box = glyph.box;
      word.left = glyph.left;
      word.right = glyph.right;
      word.bold = glyph.bold;
      word.mono = glyph.mono;
      word.glued = !line_.words.empty() && !gap_before(glyph);
      line_.words.push_back(std::move(word));
    }
    PdfWord& word = line_.words.back();
    append_utf8(word.text, glyph.code == kSoftHyphen ? U'-' : glyph.code);
    word.box.add(glyph.box);
    word.left = std::min(word.left, glyph.left);
    word.right = std::max(word.right, glyph.right);
    word.bold = word.bold && glyph.bold;
    word.mono = word.mono && glyph.mono;
    ++glyph_count_;
    bold_count_ += static_cast<std::size_t>(glyph.bold);
    mono_count_ += static_cast<std::size_t>(glyph.mono);
    previous_ = &glyph;
  }

  bool starts_word(const PdfGlyph& glyph) const {
    if (line_.words.empty()) return true;
    if (is_combining(glyph.code)) return false;
    return gap_before(glyph) || is_unspaced(glyph.code) || is_unspaced(previous_->code);
  }

  bool gap_before(const PdfGlyph& glyph) const {
    const float size = std::max(previous_->size, glyph.size);
    const float gap = is_right_to_left(glyph.code) ? previous_->left - glyph.right : glyph.left - previous_->right;
    if (is_note_mark(glyph) || ends_note_mark(glyph)) return true;
    const bool follows = previous_ + 1 == &glyph;
    if (is_unspaced(glyph.code) && is_unspaced(previous_->code)) return gap > 0.6F * size;
    if (follows) return glyph.blank_before || gap > 0.3F * size;
    return gap > 0.15F * size || (glyph.blank_before && gap > 0.05F * size);
  }

  static bool is_raised(const PdfGlyph& glyph, const PdfGlyph& beside) {
    return glyph.code >= '0' && glyph.code <= '9' && glyph.size < 0.85F * beside.size &&
           glyph.baseline < beside.baseline - 0.2F * beside.size;
  }

  // The number of a footnote after a word: no part of it.
  bool is_note_mark(const PdfGlyph& glyph) const {
    const std::string& word = line_.words.back().text;
    const char before = word.back();
    const bool digit = before >= '0' && before <= '9';
    return is_raised(glyph, *previous_) && !digit && word.size() > 1;
  }

  bool ends_note_mark(const PdfGlyph& glyph) const {
    const bool digit = glyph.code >= '0' && glyph.code <= '9';
    return line_.words.size() == 1 && !digit && is_raised(*previous_, glyph);
  }

  void normalise_word() {
    if (line_.words.empty()) return;
    std::string& word = line_.words.back().text;
    if (std::any_of(word.begin(), word.end(), [](char c) { return (c & 0x80) != 0; })) word = text::normalise(word);
    if (word.empty()) line_.words.pop_back();
  }

  void finish(const PdfRow& row) {
    normalise_word();
    float longest = 0;
    for (const PdfRun& run : row) {
      if (run.right - run.left > longest) {
        longest = run.right - run.left;
        line_.baseline = run.baseline;
        line_.size = run.size;
      }
    }
    const PdfGlyph& first = glyphs_[row.front().first];
    line_.raised_start = first.code >= '0' && first.code <= '9' && first.size < 0.85F * line_.size &&
                         first.baseline < line_.baseline - 0.2F * line_.size;
    line_.bold = 10 * bold_count_ >= 9 * glyph_count_;
    line_.mono = 10 * mono_count_ >= 9 * glyph_count_;
    glyph_count_ = bold_count_ = mono_count_ = 0;
    line_.cells = {0};
    const float cell_gap = gap_between_cells();
    for (std::uint32_t i = 1; i < line_.words.size(); ++i) {
      if (line_.words[i].left - line_.words[i - 1].right > cell_gap) line_.cells.push_back(i);
    }
  }

  // Justified lines stretch all their blanks alike.
  float gap_between_cells() const {
    std::vector<float> gaps;
    for (std::size_t i = 1; i < line_.words.size(); ++i) {
      if (!line_.words[i].glued) gaps.push_back(line_.words[i].left - line_.words[i - 1].right);
    }
    if (gaps.size() < 3) return kCellGap * line_.size;
    std::nth_element(gaps.begin(), gaps.begin() + static_cast<std::ptrdiff_t>(gaps.size() / 2), gaps.end());
    return std::clamp(2.5F * gaps[gaps.size() / 2], kClearCellGap * line_.size, kCellGap * line_.size);
  }

  const std::vector<PdfGlyph>& glyphs_;
  PdfLine line_;
  const PdfGlyph* previous_ = nullptr;
  std::size_t glyph_count_ = 0;
  std::size_t bold_count_ = 0;
  std::size_t mono_count_ = 0;
};

void add_column(const std::vector<PdfRow>& rows, const std::vector<PdfGlyph>& glyphs, std::uint32_t column,
                std::vector<PdfLine>& lines) {
  const std::size_t first = lines.size();
  LineBuilder builder(glyphs);
  for (const PdfRow& row : rows) {
    lines.push_back(builder.build(row));
    lines.back().column = column;
    lines.back().turn = glyphs[row.front().first].turn;
  }
  float left = lines[first].left;
  float right = lines[first].right;
  for (std::size_t i = first; i < lines.size(); ++i) {
    left = std::min(left, lines[i].left);
    right = std::max(right, lines[i].right);
  }
  for (std::size_t i = first; i < lines.size(); ++i) {
    lines[i].column_left = left;
    lines[i].column_right = right;
  }
}

}  // namespace

std::vector<PdfLine> lines_of(const PdfGlyphPage& page) {
  // The direction that most characters have comes first; a stamp along the margin comes last.
  std::array<std::size_t, 4> counts{};
  for (const PdfGlyph& glyph : page.glyphs) ++counts[glyph.turn & 3U];
  std::array<std::uint8_t, 4> turns{0, 1, 2, 3};
  std::sort(turns.begin(), turns.end(),
            [&](auto a, auto b) { return counts[a] != counts[b] ? counts[a] > counts[b] : a < b; });
  std::vector<PdfLine> lines;
  std::uint32_t column = 0;
  for (const std::uint8_t turn : turns) {
    if (counts[turn] == 0) continue;
    for (const auto& rows : columns_of(runs_of(page.glyphs, turn))) add_column(rows, page.glyphs, column++, lines);
  }
  return lines;
}

PdfBody body_of(const std::vector<PdfPage>& pages) {
  std::map<int, std::size_t> sizes;  // In tenths of a point, by characters.
  for (const PdfPage& page : pages) {
    for (const PdfLine& line : page.lines) {
      for (const PdfWord& word : line.words) sizes[static_cast<int>(std::lround(line.size * 10))] += word.text.size();
    }
  }
  const auto most = [](const std::map<int, std::size_t>& counts, float otherwise, float unit) {
    const auto best =
        std::max_element(counts.begin(), counts.end(), [](auto& a, auto& b) { return a.second < b.second; });
    return best == counts.end() ? otherwise : static_cast<float>(best->first) * unit;
  };
  PdfBody body;
  body.size = most(sizes, 10, 0.1F);
  std::map<int, std::size_t> steps;  // In quarters of a point.
  for (const PdfPage& page : pages) {
    for (std::size_t i = 1; i < page.lines.size(); ++i) {
      const PdfLine& line = page.lines[i];
      const float step = line.baseline - page.lines[i - 1].baseline;
      const bool alike = line.column == page.lines[i - 1].column && std::abs(line.size - body.size) < 0.1F * body.size;
      if (alike && step > 0.8F * body.size && step < 2.5F * body.size) ++steps[static_cast<int>(std::lround(step * 4))];
    }
  }
  body.leading = most(steps, 1.2F * body.size, 0.25F);
  return body;
}

std::string text_of(const PdfLine& line) {
  std::string text;
  for (const PdfWord& word : line.words) {
    if (!text.empty() && !word.glued) text += ' ';
    text += word.text;
  }
  return text;
}

bool is_unspaced(char32_t code) {
  return (code >= 0x2e80 && code < 0x3200) || (code >= 0x3400 && code < 0x4dc0) || (code >= 0x4e00 && code < 0xa000) ||
         (code >= 0xf900 && code < 0xfb00) || (code >= 0xff00 && code < 0xff61) || (code >= 0x20000 && code < 0x32000);
}

}  // namespace docmind::parse
