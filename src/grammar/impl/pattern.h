// Regular expressions as JSON Schema writes them (ECMA-262), the part of them that is regular: characters, classes,
// groups, alternatives, repetition, anchors at the ends. Refused: look-around, back references, word borders, an anchor
// in the middle. A pattern without an anchor is found anywhere, as the schema's specification wants.
//
// Immutable after parse(): any method from any thread. matches() takes time in proportion to text and pattern
// (Thompson's simulation), whatever the pattern.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace docmind::grammar {

class Pattern {
 public:
  struct Range {
    char32_t low = 0, high = 0;  // Both inclusive.
    friend bool operator==(const Range&, const Range&) = default;
  };
  using Set = std::vector<Range>;  // Sorted, apart.

  // A state reads one character of a set and goes to `next`, or reads nothing and goes to each of `ways`.
  struct State {
    std::shared_ptr<const Set> set;  // Null: reads nothing.
    std::uint32_t next = 0;
    std::vector<std::uint32_t> ways;
    bool reads(char32_t c) const;
  };

  static Result<Pattern> parse(std::string_view text);  // kInvalidArgument says what is not supported.
  // `text` is UTF-8. `steps` is counted down, one for four states looked at; false when there are no more.
  bool matches(std::string_view text, std::size_t& steps) const;

  const std::vector<State>& states() const { return states_; }
  std::uint32_t start() const { return start_; }
  static constexpr std::uint32_t kMatch = 0;  // The state where the text has to end.

 private:
  friend class PatternParser;
  Pattern() : states_(1) {}
  std::vector<State> states_;
  std::uint32_t start_ = 0;
};

// The states of `states` and all they reach without reading. `seen` is scratch of the pattern's size, all zero.
void close_over(const Pattern& pattern, std::vector<std::uint32_t>& states, std::vector<char>& seen);

}  // namespace docmind::grammar
