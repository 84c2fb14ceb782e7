// Compares texts word by word, for tests against a known truth: words, their common multiset, longest common
// subsequence.
//
// A word is a run of letters and digits in lower case; everything else only separates. Pure functions.
#pragma once
#include <algorithm>
#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/utf8.h"
#include "text/normalise.h"

namespace docmind::parse::testing {

using WordIds = std::vector<std::uint32_t>;

// Gives equal words equal numbers, over all texts it has seen.
class WordNumbers {
 public:
  WordIds of(std::string_view bytes) {
    const std::string text = text::normalise(bytes);
    WordIds ids;
    std::string word;
    const auto end_word = [&] {
      if (!word.empty())
        ids.push_back(numbers_.try_emplace(word, static_cast<std::uint32_t>(numbers_.size())).first->second);
      word.clear();
    };
    for (std::size_t at = 0; at < text.size();) {
      const CodePoint point = code_point_at(text, at);
      at += point.length;
      const char32_t c = point.value;
      const bool upper = c >= 'A' && c <= 'Z';
      const bool letter =
          upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 0xc0 && c < 0x2000) || c >= 0x2c00;
      if (letter)
        append_utf8(word, upper ? c + 32 : c);
      else
        end_word();
    }
    end_word();
    return ids;
  }
  std::size_t size() const { return numbers_.size(); }

 private:
  std::unordered_map<std::string, std::uint32_t> numbers_;
};

inline std::size_t common_words(const WordIds& a, const WordIds& b) {
  std::unordered_map<std::uint32_t, std::size_t> counts;
  for (const std::uint32_t id : a) ++counts[id];
  std::size_t common = 0;
  for (const std::uint32_t id : b) {
    const auto found = counts.find(id);
    if (found == counts.end() || found->second == 0) continue;
    --found->second;
    ++common;
  }
  return common;
}

// Longest common subsequence, bit-parallel (Hyyro 2004) and with its places (Hirschberg 1975).
class CommonSubsequence {
 public:
  // Which words of b belong to a longest common subsequence with a.
  std::vector<bool> places(const WordIds& a, const WordIds& b) {
    used_.assign(b.size(), false);
    split(a, 0, a.size(), b, 0, b.size());
    return used_;
  }

 private:
  // For every j: the length of the LCS of `rows` and the first j words of `columns`.
  static std::vector<std::uint32_t> lengths(const WordIds& rows, const WordIds& columns) {
    const std::size_t blocks = columns.size() / 64 + 1;
    std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> places;
    for (std::uint32_t j = 0; j < columns.size(); ++j) places[columns[j]].push_back(j);
    std::vector<std::uint64_t> state(blocks, ~std::uint64_t{0});
    std::vector<std::uint64_t> match(blocks, 0);
    for (const std::uint32_t word : rows) {
      const auto found = places.find(word);
      if (found == places.end()) continue;
      for (const std::uint32_t j : found->second) match[j / 64] |= std::uint64_t{1} << (j % 64);
      std::uint64_t carry = 0;
      for (std::size_t k = 0; k < blocks; ++k) {
        const std::uint64_t v = state[k];
        const std::uint64_t u = v & match[k];
        std::uint64_t sum = 0;
        const bool over = __builtin_add_overflow(v, u, &sum);
        const bool over_again = __builtin_add_overflow(sum, carry, &sum);
        carry = static_cast<std::uint64_t>(over || over_again);
        state[k] = sum | (v - u);
      }
      for (const std::uint32_t j : found->second) match[j / 64] = 0;
    }
    std::vector<std::uint32_t> length(columns.size() + 1, 0);
    for (std::size_t j = 0; j < columns.size(); ++j) {
      length[j + 1] = length[j] + static_cast<std::uint32_t>((state[j / 64] >> (j % 64) & 1U) == 0);
    }
    return length;
  }

  static WordIds part(const WordIds& words, std::size_t first, std::size_t last, bool reversed) {
    WordIds found(words.begin() + static_cast<std::ptrdiff_t>(first),
                  words.begin() + static_cast<std::ptrdiff_t>(last));
    if (reversed) std::reverse(found.begin(), found.end());
    return found;
  }

  void split(const WordIds& a, std::size_t a0, std::size_t a1, const WordIds& b, std::size_t b0, std::size_t b1) {
    for (; a0 < a1 && b0 < b1 && a[a0] == b[b0]; ++a0, ++b0) used_[b0] = true;
    for (; a0 < a1 && b0 < b1 && a[a1 - 1] == b[b1 - 1]; --a1, --b1) used_[b1 - 1] = true;
    if (a0 == a1 || b0 == b1) return;
    if (a1 - a0 == 1) {
      const auto found =
          std::find(b.begin() + static_cast<std::ptrdiff_t>(b0), b.begin() + static_cast<std::ptrdiff_t>(b1), a[a0]);
      const auto at = static_cast<std::size_t>(found - b.begin());
      if (at < b1) used_[at] = true;
      return;
    }
    const std::size_t middle = (a0 + a1) / 2;
    const auto before = lengths(part(a, a0, middle, false), part(b, b0, b1, false));
    const auto after = lengths(part(a, middle, a1, true), part(b, b0, b1, true));
    std::size_t best = 0;
    for (std::size_t j = 0; j <= b1 - b0; ++j) {
      if (before[j] + after[b1 - b0 - j] > before[best] + after[b1 - b0 - best]) best = j;
    }
    split(a, a0, middle, b, b0, b0 + best);
    split(a, middle, a1, b, b0 + best, b1);
  }

  std::vector<bool> used_;
};

}  // namespace docmind::parse::testing
