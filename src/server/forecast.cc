#include "server/forecast.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace docmind::server {
namespace {

constexpr std::size_t kLeast = 6;
constexpr double kBeyondDoubt = 3;
constexpr double kBand = 2;

struct Point {
  double time;  // Seconds; now is 0.
  double value;
};

struct Line {
  double now;  // Its value at time 0.
  double slope;
  double error;  // Standard error of the slope.
};

std::vector<Point> known(const Course& values, double step) {
  std::vector<Point> out;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i]) out.push_back({-step * static_cast<double>(values.size() - 1 - i), *values[i]});
  }
  return out;
}

// As many independent values as these are worth, which are what is left of a fit.
double worth(const std::vector<double>& rest) {
  double squares = 0;
  double neighbours = 0;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    squares += rest[i] * rest[i];
    if (i > 0) neighbours += rest[i] * rest[i - 1];
  }
  const auto n = static_cast<double>(rest.size());
  if (squares <= 0) return n;
  const double r = std::clamp(neighbours / squares, 0.0, 0.99);
  return std::max(3.0, n * (1 - r) / (1 + r));
}

Line fit(const std::vector<Point>& points) {
  const auto n = static_cast<double>(points.size());
  double mean_t = 0;
  double mean_v = 0;
  for (const Point& one : points) {
    mean_t += one.time / n;
    mean_v += one.value / n;
  }
  double tt = 0;
  double tv = 0;
  for (const Point& one : points) {
    tt += (one.time - mean_t) * (one.time - mean_t);
    tv += (one.time - mean_t) * (one.value - mean_v);
  }
  const double slope = tv / tt;
  std::vector<double> rest;
  double squares = 0;
  for (const Point& one : points) {
    rest.push_back(one.value - mean_v - slope * (one.time - mean_t));
    squares += rest.back() * rest.back();
  }
  return {.now = mean_v - slope * mean_t, .slope = slope, .error = std::sqrt(squares / (n - 2) / tt * n / worth(rest))};
}

// Of each phase of the period: what is left without the slope, a little smoothed, since one value is noise; on the
// level of the last period, since a slope may have begun late.
std::vector<double> pattern_of(const Course& values, std::size_t period, double step, double slope) {
  const auto level = [&](std::size_t i) {
    return *values[i] + slope * step * static_cast<double>(values.size() - 1 - i);
  };
  std::vector<double> sum(period);
  std::vector<double> count(period);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!values[i]) continue;
    sum[i % period] += level(i);
    count[i % period] += 1;
  }
  const std::size_t reach = std::min<std::size_t>(2, period / 16);
  std::vector<double> out(period, std::numeric_limits<double>::quiet_NaN());
  for (std::size_t phase = 0; phase < period; ++phase) {
    double near = 0;
    double known = 0;
    for (std::size_t i = phase + period - reach; i <= phase + period + reach; ++i) {
      near += sum[i % period];
      known += count[i % period];
    }
    if (known > 0) out[phase] = near / known;
  }
  double off = 0;
  double lately = 0;
  for (std::size_t i = values.size() - period; i < values.size(); ++i) {
    if (!values[i]) continue;
    off += level(i) - out[i % period];
    lately += 1;
  }
  for (double& one : out) one += off / std::max(1.0, lately);
  return out;
}

// How each value differs from that of a period before, which the pattern has no part in.
Line slope_of_periods(const Course& values, std::size_t period, double step) {
  std::vector<double> differences;
  for (std::size_t i = period; i < values.size(); ++i) {
    if (values[i] && values[i - period]) differences.push_back(*values[i] - *values[i - period]);
  }
  const auto n = static_cast<double>(differences.size());
  if (n < kLeast) return {};
  double mean = 0;
  for (const double one : differences) mean += one / n;
  double squares = 0;
  for (double& one : differences) {
    one -= mean;
    squares += one * one;
  }
  const double length = step * static_cast<double>(period);
  return {.now = 0, .slope = mean / length, .error = std::sqrt(squares / (n - 1) / worth(differences)) / length};
}

// Seconds until the pattern on this slope first reaches the limit; infinite when it does not in one period.
double crossing(const std::vector<double>& pattern, std::size_t now, double step, double slope, double limit) {
  std::optional<double> before;
  for (std::size_t ahead = 1; ahead <= pattern.size(); ++ahead) {
    const double seconds = step * static_cast<double>(ahead);
    const double value = pattern[(now + ahead) % pattern.size()] + slope * seconds;
    if (value >= limit)
      return before && value > *before ? seconds - step * (value - limit) / (value - *before) : seconds;
    if (!std::isnan(value)) before = value;
  }
  return std::numeric_limits<double>::infinity();
}

}  // namespace

std::optional<Expected> expected(const Course& values, double step, double limit) {
  const std::vector<Point> points = known(values, step);
  if (points.size() < kLeast || !values.back()) return std::nullopt;
  const Line line = fit(points);
  const double left = limit - line.now;
  if (left <= 0 || *values.back() >= limit || line.slope <= 0 || line.slope < kBeyondDoubt * line.error) {
    return std::nullopt;
  }
  const double slowest = line.slope - kBand * line.error;
  return Expected{.seconds = left / line.slope,
                  .least = left / (line.slope + kBand * line.error),
                  .most = slowest > 0 ? left / slowest : std::numeric_limits<double>::infinity()};
}

std::optional<Expected> expected_with_pattern(const Course& values, std::size_t period, double step, double limit) {
  if (period == 0 || values.size() < 2 * period || !values.back() || *values.back() >= limit) return std::nullopt;
  Line line = slope_of_periods(values, period, step);
  if (std::abs(line.slope) < kBeyondDoubt * line.error) line.slope = 0;
  const double band = line.slope == 0 ? 0 : kBand * line.error;
  const std::size_t now = (values.size() - 1) % period;
  const auto at = [&](double slope) {
    return crossing(pattern_of(values, period, step, slope), now, step, slope, limit);
  };
  const Expected out{.seconds = at(line.slope), .least = at(line.slope + band), .most = at(line.slope - band)};
  if (std::isinf(out.seconds)) return std::nullopt;
  return out;
}

}  // namespace docmind::server
