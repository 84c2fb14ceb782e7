#include "grammar/impl/pattern_states.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "base/utf8.h"

namespace docmind::grammar {
namespace {

constexpr std::size_t kMostStates = 4096;

using Range = Pattern::Range;
using States = std::vector<std::uint32_t>;

// Characters that no set of the pattern tells apart, each run of them as a range.
std::vector<Range> alphabet(const Pattern& pattern) {
  std::vector<char32_t> starts = {0x20, 0xe000};
  for (const Pattern::State& state : pattern.states()) {
    if (!state.set) continue;
    for (const Range& range : *state.set) {
      starts.push_back(range.low);
      starts.push_back(range.high + 1);
    }
  }
  std::sort(starts.begin(), starts.end());
  starts.erase(std::unique(starts.begin(), starts.end()), starts.end());
  std::vector<Range> out;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    Range range{starts[i], i + 1 < starts.size() ? starts[i + 1] - 1 : 0x10ffff};
    if (range.low >= 0xd800 && range.low < 0xe000) continue;
    if (range.low < 0xd800 && range.high >= 0xd800) range.high = 0xd7ff;
    if (range.low <= range.high && range.low <= 0x10ffff) out.push_back(range);
  }
  return out;
}

// Writes ranges of characters as bytes of a JSON string.
class Characters {
 public:
  explicit Characters(Builder& builder) : builder_(builder) {}

  void add(StateId from, Range range, StateId to) {
    for (const auto& [c, name] : std::map<char32_t, char>{
             {'"', '"'}, {'\\', '\\'}, {'\b', 'b'}, {'\f', 'f'}, {'\n', 'n'}, {'\r', 'r'}, {'\t', 't'}}) {
      if (range.low <= c && c <= range.high) builder_.edge(escape(from), name, to);
    }
    for (const Range plain : {Range{0x20, 0x21}, {0x23, 0x5b}, {0x5d, 0x7f}}) {
      const char32_t low = std::max(range.low, plain.low);
      const char32_t high = std::min(range.high, plain.high);
      if (low <= high) builder_.edge(from, static_cast<std::uint8_t>(low), static_cast<std::uint8_t>(high), to);
    }
    for (const Range length : {Range{0x80, 0x7ff}, {0x800, 0xffff}, {0x10000, 0x10ffff}}) {
      const Range part{std::max(range.low, length.low), std::min(range.high, length.high)};
      if (part.low <= part.high) long_ones(from, part, to);
    }
  }

 private:
  StateId escape(StateId from) {
    const auto [entry, added] = escapes_.try_emplace(from, 0);
    if (added) {
      entry->second = builder_.state();
      builder_.edge(from, '\\', entry->second);
    }
    return entry->second;
  }
  // All of the same length in UTF-8: the bytes two ends share, then the first in which they differ.
  void long_ones(StateId from, Range range, StateId to) {
    std::string low;
    std::string high;
    append_utf8(low, range.low);
    append_utf8(high, range.high);
    between(from, low, high, to);
  }
  void between(StateId from, std::string_view low, std::string_view high, StateId to) {
    const auto first = static_cast<std::uint8_t>(low.front());
    const auto last = static_cast<std::uint8_t>(high.front());
    if (low.size() == 1) return builder_.edge(from, first, last, to);
    if (first == last) return rest(from, first, low.substr(1), high.substr(1), to);
    const bool all_from_low = low.find_first_not_of('\x80', 1) == std::string_view::npos;
    const bool all_to_high = high.find_first_not_of('\xbf', 1) == std::string_view::npos;
    const std::string lowest(low.size() - 1, '\x80');
    const std::string highest(low.size() - 1, '\xbf');
    const unsigned free_from = first + (all_from_low ? 0U : 1U);
    const unsigned free_to = last - (all_to_high ? 0U : 1U);
    if (!all_from_low) rest(from, first, low.substr(1), highest, to);
    if (free_from <= free_to) {
      builder_.edge(from, static_cast<std::uint8_t>(free_from), static_cast<std::uint8_t>(free_to),
                    any(to, low.size() - 1));
    }
    if (!all_to_high) rest(from, last, lowest, high.substr(1), to);
  }
  void rest(StateId from, std::uint8_t byte, std::string_view low, std::string_view high, StateId to) {
    const StateId next = builder_.state();
    builder_.edge(from, byte, byte, next);
    if (!builder_.over()) between(next, low, high, to);
  }
  StateId any(StateId to, std::size_t bytes) {  // That many continuation bytes.
    if (bytes == 0) return to;
    const auto [entry, added] = any_.try_emplace({to, bytes}, 0);
    if (added) {
      const StateId here = builder_.state();
      any_[{to, bytes}] = here;
      builder_.edge(here, 0x80, 0xbf, any(to, bytes - 1));
      return here;
    }
    return entry->second;
  }

  Builder& builder_;
  std::map<StateId, StateId> escapes_;
  std::map<std::pair<StateId, std::size_t>, StateId> any_;
};

Error too_complex() {
  return {Code::kResourceExhausted, "the pattern is too complex",
          "Use fewer alternatives and smaller repetitions in it."};
}

}  // namespace

Result<> build_pattern(Builder& builder, const Pattern& pattern, StateId from, StateId to, std::size_t& steps) {
  const std::vector<Range> letters = alphabet(pattern);
  Characters characters(builder);
  std::vector<char> seen(pattern.states().size());
  std::map<States, StateId> known;
  std::vector<const States*> order;
  const auto state_of = [&](States set) {
    close_over(pattern, set, seen);
    std::sort(set.begin(), set.end());
    steps -= std::min(steps, set.size());
    const auto [entry, added] = known.try_emplace(std::move(set), 0);
    if (added) {
      entry->second = order.empty() ? from : builder.state();
      order.push_back(&entry->first);
    }
    return entry->second;
  };
  state_of({pattern.start()});
  for (std::size_t i = 0; i < order.size(); ++i) {
    const States& here = *order[i];
    const StateId at = known.at(here);
    if (std::binary_search(here.begin(), here.end(), Pattern::kMatch)) builder.edge(at, '"', to);
    std::vector<std::pair<Range, StateId>> ways;  // Neighbouring letters with one target become one range.
    for (const Range& letter : letters) {
      if (steps < here.size() + 1) return too_complex();
      steps -= here.size() + 1;
      States next;
      for (const std::uint32_t s : here) {
        const Pattern::State& state = pattern.states()[s];
        if (state.reads(letter.low)) next.push_back(state.next);
      }
      if (next.empty()) continue;
      std::sort(next.begin(), next.end());
      next.erase(std::unique(next.begin(), next.end()), next.end());
      const StateId target = state_of(std::move(next));
      if (!ways.empty() && ways.back().second == target && ways.back().first.high + 1 == letter.low) {
        ways.back().first.high = letter.high;
      } else {
        ways.emplace_back(letter, target);
      }
    }
    for (const auto& [range, target] : ways) characters.add(at, range, target);
    if (order.size() > kMostStates || builder.over()) return too_complex();
  }
  return {};
}

}  // namespace docmind::grammar
