#include "parse/pdf_columns.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

namespace docmind::parse {
namespace {

constexpr float kJump = 0.8F;        // Of the font size: a wider step forward starts a new run.
constexpr float kPieceGap = 1.0F;    // Runs closer than this (of the font size) are one piece of a row.
constexpr float kMinGutter = 0.7F;   // Of the font size.
constexpr std::size_t kMinRows = 4;  // A column has at least so many.
constexpr int kMaxDepth = 6;
constexpr std::size_t kMaxRuns = 20'000;  // A page with more is a drawing; its text is read row by row.
constexpr float kBin = 2;                 // Points; gutters are looked for in these steps.
constexpr std::size_t kMaxBins = 2000;

bool is_right_to_left(char32_t code) { return (code >= 0x590 && code < 0x900) || (code >= 0xfb1d && code < 0xfe00); }

bool continues(const PdfGlyph& before, const PdfGlyph& next) {
  const float size = std::max(before.size, next.size);
  if (std::abs(next.baseline - before.baseline) > 0.1F * size) return false;
  if (std::abs(next.size - before.size) > 0.35F * size) return false;
  if (is_right_to_left(next.code)) return std::abs(before.left - next.right) < kJump * size;
  const float gap = next.left - before.right;
  return gap < kJump * size && gap > -0.5F * size;
}

struct Piece {
  float left = 0;
  float right = 0;
  std::uint32_t order = 0;  // Where it stands in the page's own order.
};

std::vector<Piece> pieces_of(const PdfRow& row) {
  std::vector<Piece> pieces;
  for (const PdfRun& run : row) {
    if (!pieces.empty() && run.left - pieces.back().right < kPieceGap * run.size) {
      pieces.back().right = std::max(pieces.back().right, run.right);
      pieces.back().order = std::min(pieces.back().order, run.first);
    } else {
      pieces.push_back({run.left, run.right, run.first});
    }
  }
  return pieces;
}

// How a row lies to a vertical line.
struct Side {
  bool crosses = false;
  bool left = false;
  bool right = false;
};

Side side_of(const std::vector<Piece>& pieces, float x) {
  Side side;
  for (const Piece& piece : pieces) {
    side.crosses = side.crosses || (piece.left < x && piece.right > x);
    side.left = side.left || piece.right <= x;
    side.right = side.right || piece.left >= x;
  }
  return side;
}

struct Band {
  float x = 0;
  std::size_t first = 0;  // Rows [first, last).
  std::size_t last = 0;
};

// Finds the band of rows that a gutter divides into two columns of text.
class GutterFinder {
 public:
  explicit GutterFinder(const std::vector<PdfRow>& rows) {
    left_ = std::numeric_limits<float>::max();
    right_ = std::numeric_limits<float>::lowest();
    for (const PdfRow& row : rows) {
      pieces_.push_back(pieces_of(row));
      for (const PdfRun& run : row) {
        left_ = std::min(left_, run.left);
        right_ = std::max(right_, run.right);
        size_ = std::max(size_, std::min(run.size, 14.0F));
      }
    }
  }

  bool find(Band& band) const {
    for (const float x : places()) {
      std::size_t first = 0;
      while (first < pieces_.size()) {
        while (first < pieces_.size() && side_of(pieces_[first], x).crosses) ++first;
        std::size_t last = first;
        while (last < pieces_.size() && !side_of(pieces_[last], x).crosses) ++last;
        band = {x, first, last};
        if (trim(band) && is_gutter(band)) return true;
        first = last;
      }
    }
    return false;
  }

 private:
  // Places where many rows have something on both sides, best first, none near a better one.
  std::vector<float> places() const {
    const auto bins = static_cast<std::size_t>(std::clamp((right_ - left_) / kBin, 0.0F, static_cast<float>(kMaxBins)));
    std::vector<std::pair<std::size_t, float>> scored;
    for (std::size_t bin = bins / 10; bin < bins - bins / 10; ++bin) {
      const float x = left_ + static_cast<float>(bin) * (right_ - left_) / static_cast<float>(bins);
      std::size_t both = 0;
      for (const auto& pieces : pieces_) {
        const Side side = side_of(pieces, x);
        both += static_cast<std::size_t>(!side.crosses && side.left && side.right);
      }
      if (both >= kMinRows - 1) scored.emplace_back(both, x);
    }
    std::sort(scored.begin(), scored.end(),
              [](auto& a, auto& b) { return a.first != b.first ? a.first > b.first : a.second < b.second; });
    std::vector<float> found;
    for (const auto& [both, x] : scored) {
      const bool near = std::any_of(found.begin(), found.end(), [&](float y) { return std::abs(x - y) < 5 * kBin; });
      if (!near && found.size() < 4) found.push_back(x);
    }
    return found;
  }

  // Rows before the first and after the last that have something to the right belong to no column pair.
  bool trim(Band& band) const {
    while (band.first < band.last && !side_of(pieces_[band.first], band.x).right) ++band.first;
    std::size_t last_right = band.first;
    for (std::size_t i = band.first; i < band.last; ++i) {
      if (side_of(pieces_[i], band.x).right) last_right = i + 1;
    }
    // A longer left column goes on below the right one; it ends with the band.
    return last_right > band.first;
  }

  bool is_gutter(const Band& band) const {
    std::size_t lefts = 0;
    std::size_t rights = 0;
    std::size_t both = 0;
    float left_edge = std::numeric_limits<float>::lowest();
    float right_edge = std::numeric_limits<float>::max();
    std::vector<std::pair<std::uint32_t, bool>> order;
    double left_width = 0;
    double right_width = 0;
    for (std::size_t i = band.first; i < band.last; ++i) {
      const Side side = side_of(pieces_[i], band.x);
      lefts += static_cast<std::size_t>(side.left);
      rights += static_cast<std::size_t>(side.right);
      both += static_cast<std::size_t>(side.left && side.right);
      for (const Piece& piece : pieces_[i]) {
        const bool right = piece.left >= band.x;
        order.emplace_back(piece.order, right);
        (right ? right_width : left_width) += piece.right - piece.left;
        if (right)
          right_edge = std::min(right_edge, piece.left);
        else
          left_edge = std::max(left_edge, piece.right);
      }
    }
    if (lefts < kMinRows || rights < kMinRows || right_edge - left_edge < kMinGutter * size_) return false;
    std::sort(order.begin(), order.end());
    std::size_t switches = 0;
    for (std::size_t i = 1; i < order.size(); ++i)
      switches += static_cast<std::size_t>(order[i].second != order[i - 1].second);
    if (switches <= 2 + both / 8) return true;
    // Written row by row: columns only when both are as full as running text.
    return both >= 10 && left_width > 0.8 * static_cast<double>(lefts) * (left_edge - left_) &&
           right_width > 0.8 * static_cast<double>(rights) * (right_ - right_edge);
  }

  std::vector<std::vector<Piece>> pieces_;
  float left_ = 0;
  float right_ = 0;
  float size_ = 0;
};

std::vector<PdfRun> flat(const std::vector<PdfRow>& rows, std::size_t first, std::size_t last) {
  std::vector<PdfRun> runs;
  for (std::size_t i = first; i < last; ++i) runs.insert(runs.end(), rows[i].begin(), rows[i].end());
  return runs;
}

void split(std::vector<PdfRun> runs, int depth, std::vector<std::vector<PdfRow>>& columns) {
  if (runs.empty()) return;
  const bool too_many = runs.size() > kMaxRuns;
  std::vector<PdfRow> rows = rows_of(std::move(runs));
  Band band;
  if (too_many || depth >= kMaxDepth || rows.size() < kMinRows || !GutterFinder(rows).find(band)) {
    columns.push_back(std::move(rows));
    return;
  }
  split(flat(rows, 0, band.first), depth + 1, columns);
  std::vector<PdfRun> left;
  std::vector<PdfRun> right;
  for (const PdfRun& run : flat(rows, band.first, band.last)) (run.right <= band.x ? left : right).push_back(run);
  split(std::move(left), depth + 1, columns);
  split(std::move(right), depth + 1, columns);
  split(flat(rows, band.last, rows.size()), depth + 1, columns);
}

}  // namespace

std::vector<PdfRun> runs_of(const std::vector<PdfGlyph>& glyphs, std::uint8_t turn) {
  std::vector<PdfRun> runs;
  std::uint32_t before = 0;
  for (std::uint32_t i = 0; i < glyphs.size(); ++i) {
    const PdfGlyph& glyph = glyphs[i];
    if (glyph.turn != turn) continue;
    if (!runs.empty() && before + 1 == i && continues(glyphs[before], glyph)) {
      PdfRun& run = runs.back();
      run.last = i + 1;
      run.left = std::min(run.left, glyph.left);
      run.right = std::max(run.right, glyph.right);
      run.size = std::max(run.size, glyph.size);
    } else {
      runs.push_back({i, i + 1, glyph.left, glyph.right, glyph.baseline, glyph.size});
    }
    before = i;
  }
  return runs;
}

std::vector<PdfRow> rows_of(std::vector<PdfRun> runs) {
  std::sort(runs.begin(), runs.end(), [](const PdfRun& a, const PdfRun& b) {
    return a.baseline != b.baseline ? a.baseline < b.baseline : a.first < b.first;
  });
  std::vector<PdfRow> rows;
  float top = 0;  // Of the row's largest run: raised and lowered marks hang on to it.
  float bottom = 0;
  float size = 0;
  for (const PdfRun& run : runs) {
    const float run_top = run.baseline - 0.75F * run.size;
    const float run_bottom = run.baseline + 0.2F * run.size;
    const float overlap = std::min(bottom, run_bottom) - std::max(top, run_top);
    if (rows.empty() || overlap < 0.5F * std::min(bottom - top, run_bottom - run_top)) {
      rows.emplace_back();
      size = 0;
    }
    rows.back().push_back(run);
    if (run.size > size) top = run_top, bottom = run_bottom, size = run.size;
  }
  for (PdfRow& row : rows) {
    std::sort(row.begin(), row.end(),
              [](const PdfRun& a, const PdfRun& b) { return a.left != b.left ? a.left < b.left : a.first < b.first; });
  }
  return rows;
}

std::vector<std::vector<PdfRow>> columns_of(std::vector<PdfRun> runs) {
  std::vector<std::vector<PdfRow>> columns;
  split(std::move(runs), 0, columns);
  return columns;
}

}  // namespace docmind::parse
