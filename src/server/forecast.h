// When what is measured will reach a limit, if it goes on as it did: along a straight line, or along a line with a
// pattern on it that repeats, as load does from day to day.
//
// Pure; any thread. Values are `step` seconds apart, the last one is now; one that nobody knows is left out. Bands are
// two standard errors of the slope to each side, and what does not rise by more than three is taken for level. Values
// that follow each other resemble each other: the errors are those of as many independent ones as they are worth,
// n (1 - r) / (1 + r) with r the correlation of neighbours (G. U. Yule 1926; F. W. Zwiers, H. von Storch 1995).
#pragma once
#include <cstddef>
#include <optional>
#include <vector>

namespace docmind::server {

using Course = std::vector<std::optional<double>>;

// Seconds until the limit is reached: as the line goes, and between what and what.
struct Expected {
  double seconds = 0;
  double least = 0;
  double most = 0;  // Infinite when it may stop before.
};

// By the least squares line. Nothing with fewer than six values, where the last is not known, where the limit is
// reached already, or where the values do not rise beyond doubt.
std::optional<Expected> expected(const Course& values, double step, double limit);

// The same with a pattern that repeats every `period` values: what is drawn on is how each value differs from that of a
// period before, and the mean pattern that is left. Looks one period ahead. Nothing with fewer than two periods. Where
// the values do not rise beyond doubt the pattern alone may still reach the limit.
std::optional<Expected> expected_with_pattern(const Course& values, std::size_t period, double step, double limit);

}  // namespace docmind::server
