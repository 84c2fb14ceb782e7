#include "speed/run.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"

namespace docmind::speed {
namespace {

double median(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

// How many times worse `now` is than `before`; 1 for the same.
double times_worse(Better better, double now, double before) {
  return better == Better::kLess ? now / before : before / now;
}

bool is_worse(const Figure& figure, const Sampled& now, double before, double tolerance) {
  if (before <= 0 || now.median <= 0) return false;
  const double best = figure.better == Better::kLess ? now.low : now.high;
  return times_worse(figure.better, now.median, before) > 1 + tolerance &&
         times_worse(figure.better, best, before) > 1 + tolerance / 2;
}

// The medians of the newest runs that can be compared, newest first.
std::vector<double> medians_before(const Run& run, std::span<const Run> earlier, std::string_view id) {
  std::vector<double> medians;
  for (std::size_t i = earlier.size(); i > 0 && medians.size() < kRunsBefore; --i) {
    const Run& one = earlier[i - 1];
    if (one.machine != run.machine || one.models != run.models) continue;
    if (const auto at = one.figures.find(id); at != one.figures.end()) medians.push_back(at->second.median);
  }
  return medians;
}

}  // namespace

void Samples::add(std::string_view id, double value) {
  DM_CHECK(figure(id) != nullptr);
  if (!std::isfinite(value) || value < 0) return fail(id, {Code::kInternal, "what was measured is no number"});
  values_[id].push_back(value);
}

void Samples::fail(std::string_view id, const Error& error) {
  DM_CHECK(figure(id) != nullptr);
  failures_.emplace(id, error.hint.empty() ? error.message : error.message + "; " + error.hint);
}

void Samples::not_here(std::string_view id, std::string why) {
  DM_CHECK(figure(id) != nullptr);
  absences_.emplace(id, std::move(why));
}

std::optional<Sampled> Samples::sampled(std::string_view id) const {
  const auto at = values_.find(id);
  if (at == values_.end() || failures_.contains(id)) return std::nullopt;
  const auto [low, high] = std::ranges::minmax(at->second);
  return Sampled{.median = median(at->second), .low = low, .high = high};
}

const std::string* Samples::failure(std::string_view id) const {
  const auto at = failures_.find(id);
  return at == failures_.end() ? nullptr : &at->second;
}

const std::string* Samples::absence(std::string_view id) const {
  const auto at = absences_.find(id);
  return at == absences_.end() ? nullptr : &at->second;
}

std::size_t Samples::rounds(std::string_view id) const {
  const auto at = values_.find(id);
  return at == values_.end() ? 0 : at->second.size();
}

Run run_of(const Samples& samples, std::string at, std::string version, std::string machine, std::string models) {
  Run run{std::move(at), std::move(version), std::move(machine), std::move(models)};
  for (const Figure& one : figures()) {
    if (const auto sampled = samples.sampled(one.id)) run.figures.emplace(one.id, *sampled);
  }
  return run;
}

double Compared::change() const { return before && *before > 0 ? now.median / *before - 1 : 0; }

std::vector<Compared> compare(const Run& run, std::span<const Run> earlier, double tolerance) {
  std::vector<Compared> out;
  for (const Figure& one : figures()) {
    const auto now = run.figures.find(one.id);
    if (now == run.figures.end()) continue;
    Compared compared{.figure = &one, .now = now->second};
    if (std::vector<double> medians = medians_before(run, earlier, one.id); !medians.empty()) {
      compared.runs = medians.size();
      compared.before = median(std::move(medians));
      compared.worse = is_worse(one, now->second, *compared.before, tolerance);
    }
    out.push_back(compared);
  }
  return out;
}

}  // namespace docmind::speed
