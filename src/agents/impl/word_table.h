// A fixed list of words and what each stands for, looked up by halving. Pure.
#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

namespace docmind::agents {

using WordEntry = std::pair<std::string_view, std::string_view>;

// In any order; sorted while compiling.
template <std::size_t kCount>
consteval std::array<WordEntry, kCount> word_table(const WordEntry (&list)[kCount]) {
  std::array<WordEntry, kCount> out = std::to_array(list);
  std::ranges::sort(out);
  return out;
}

// Empty: it is not in the list.
template <std::size_t kCount>
std::string_view look_up(const std::array<WordEntry, kCount>& table, std::string_view word) {
  const auto it = std::ranges::lower_bound(table, word, {}, &WordEntry::first);
  return it == table.end() || it->first != word ? std::string_view() : it->second;
}

}  // namespace docmind::agents
