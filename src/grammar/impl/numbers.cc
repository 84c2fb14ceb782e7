#include "grammar/impl/numbers.h"

#include <algorithm>
#include <string>
#include <vector>

namespace docmind::grammar {
namespace {

// Digit strings of one length between two of that length, compared from the left.
class Digits {
 public:
  Digits(Builder& builder, StateId to) : builder_(builder), free_{to} {}

  void between(StateId from, std::string_view low, std::string_view high) {
    const std::size_t left = low.size() - 1;
    const char first = low.front();
    const char last = high.front();
    if (first == last) {
      between_rest(from, first, low.substr(1), high.substr(1));
      return;
    }
    const bool all_from_low = low.find_first_not_of('0', 1) == std::string_view::npos;
    const bool all_to_high = high.find_first_not_of('9', 1) == std::string_view::npos;
    const char low_free = static_cast<char>(first + (all_from_low ? 0 : 1));
    const char high_free = static_cast<char>(last - (all_to_high ? 0 : 1));
    if (low_free <= high_free) {
      builder_.edge(from, static_cast<std::uint8_t>(low_free), static_cast<std::uint8_t>(high_free), any(left));
    }
    if (!all_from_low) between_rest(from, first, low.substr(1), std::string(left, '9'));
    if (!all_to_high) between_rest(from, last, std::string(left, '0'), high.substr(1));
  }

 private:
  void between_rest(StateId from, char digit, std::string_view low, std::string_view high) {
    if (low.empty()) return builder_.edge(from, digit, free_.front());
    const StateId next = builder_.state();
    builder_.edge(from, digit, next);
    if (!builder_.over()) between(next, low, high);
  }
  StateId any(std::size_t count) {  // Exactly `count` digits.
    while (free_.size() <= count) {
      const StateId here = builder_.state();
      builder_.edge(here, '0', '9', free_.back());
      free_.push_back(here);
    }
    return free_[count];
  }

  Builder& builder_;
  std::vector<StateId> free_;
};

void build_positive(Builder& builder, StateId from, std::int64_t low, std::int64_t high, StateId to) {
  Digits digits(builder, to);
  const std::string last = std::to_string(high);
  for (std::string first = std::to_string(low); first.size() <= last.size();
       first = "1" + std::string(first.size(), '0')) {
    digits.between(from, first, first.size() == last.size() ? last : std::string(first.size(), '9'));
  }
}

}  // namespace

void build_integers(Builder& builder, StateId from, std::int64_t low, std::int64_t high, StateId to) {
  if (low < 0) {
    const StateId sign = builder.state();
    builder.edge(from, '-', sign);
    build_positive(builder, sign, -std::min<std::int64_t>(high, -1), -low, to);
  }
  if (low <= 0 && high >= 0) builder.edge(from, '0', to);
  if (high > 0) build_positive(builder, from, std::max<std::int64_t>(low, 1), high, to);
}

}  // namespace docmind::grammar
