#include "cache/guard/impl/misspelling.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>

namespace docmind::cache {
namespace {

constexpr std::size_t kShortest = 6;

struct Key {
  int row = 0;
  int half_column = 0;  // In half keys: each row is shifted.
};

Key key_of(char c) {
  constexpr auto kRows = std::to_array<std::string_view>({"qwertyuiop", "asdfghjkl", "zxcvbnm"});
  constexpr auto kShift = std::to_array<int>({0, 1, 2});
  for (std::size_t row = 0; row < kRows.size(); ++row) {
    if (const std::size_t at = kRows[row].find(c); at != std::string_view::npos) {
      return {static_cast<int>(row), static_cast<int>(2 * at) + kShift[row]};
    }
  }
  return {-9, 0};
}

bool are_neighbours(char a, char b) {
  const Key x = key_of(a);
  const Key y = key_of(b);
  return std::abs(x.row - y.row) <= 1 && std::abs(x.half_column - y.half_column) <= 2;
}

bool is_small(char c) { return c >= 'a' && c <= 'z'; }

}  // namespace

bool is_misspelling(std::string_view typed, std::string_view word) {
  if (word.size() < kShortest || typed.size() + 1 < word.size() || typed.size() > word.size() + 1) return false;
  if (!std::ranges::all_of(typed, is_small) || !std::ranges::all_of(word, is_small)) return false;
  const std::size_t at = static_cast<std::size_t>(std::ranges::mismatch(typed, word).in1 - typed.begin());
  const std::string_view t = typed.substr(std::min(at, typed.size()));
  const std::string_view w = word.substr(std::min(at, word.size()));
  const bool ends_agree = typed.front() == word.front() && typed.back() == word.back();
  if (typed.size() == word.size()) {
    if (t.size() < 2) return false;
    if (t[0] == w[1] && t[1] == w[0]) return t.substr(2) == w.substr(2);
    return ends_agree && are_neighbours(t[0], w[0]) && t.substr(1) == w.substr(1);
  }
  if (!ends_agree) return false;
  if (typed.size() < word.size()) return w.size() > 1 && t == w.substr(1);
  if (t.size() < 2 || t.substr(1) != w) return false;
  // `at` is behind a run of equal letters, so a doubled one is found before it.
  return are_neighbours(t[0], typed[at - 1]) || are_neighbours(t[0], t[1]);
}

}  // namespace docmind::cache
