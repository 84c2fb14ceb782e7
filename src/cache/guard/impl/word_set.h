// Small fixed sets of words, asked about for every word of a question: most are told apart by first letter and length
// alone.
//
// Immutable; made at compile time.
#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace docmind::cache {

// Which lengths words have that start with a letter.
class WordShapes {
 public:
  constexpr void add(std::string_view word) { lengths_[slot(word)] |= bit(word); }
  // False for certain when no word has its first letter and length.
  constexpr bool may_have(std::string_view word) const {
    return !word.empty() && (lengths_[slot(word)] & bit(word)) != 0;
  }

 private:
  static constexpr std::size_t slot(std::string_view word) { return static_cast<unsigned char>(word[0]) % 32; }
  static constexpr std::uint32_t bit(std::string_view word) { return 1U << std::min<std::size_t>(word.size(), 31); }

  std::array<std::uint32_t, 32> lengths_{};
};

template <std::size_t N>
class WordSet {
 public:
  explicit(false) consteval WordSet(const std::string_view (&words)[N]) : words_(std::to_array(words)) {
    std::ranges::sort(words_);
    for (const std::string_view word : words_) shapes_.add(word);
  }
  constexpr bool has(std::string_view word) const {
    return shapes_.may_have(word) && std::ranges::binary_search(words_, word);
  }
  // The set's own copy, which lives as long as the program; empty when there is none.
  constexpr std::string_view find(std::string_view word) const {
    if (!shapes_.may_have(word)) return {};
    const auto at = std::ranges::lower_bound(words_, word);
    return at != words_.end() && *at == word ? *at : std::string_view();
  }

 private:
  std::array<std::string_view, N> words_;
  WordShapes shapes_;
};

template <typename Value, std::size_t N>
class WordMap {
 public:
  using Entry = std::pair<std::string_view, Value>;
  explicit(false) consteval WordMap(const Entry (&entries)[N]) : entries_(std::to_array(entries)) {
    std::ranges::sort(entries_, {}, &Entry::first);
    for (const Entry& entry : entries_) shapes_.add(entry.first);
  }
  // Null when the word is not there.
  constexpr const Value* find(std::string_view word) const {
    if (!shapes_.may_have(word)) return nullptr;
    const auto at = std::ranges::lower_bound(entries_, word, {}, &Entry::first);
    return at != entries_.end() && at->first == word ? &at->second : nullptr;
  }

 private:
  std::array<Entry, N> entries_;
  WordShapes shapes_;
};

template <typename Value, std::size_t N>
consteval WordMap<Value, N> word_map(const std::pair<std::string_view, Value> (&entries)[N]) {
  return WordMap<Value, N>(entries);
}

}  // namespace docmind::cache
