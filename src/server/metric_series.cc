#include "server/metric_series.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "server/impl/metric_text.h"

namespace docmind::server {
namespace {

enum class Kind : std::uint8_t { kRate, kGauge, kQuantiles };

struct Rule {
  Kind kind;
  std::string_view metric;
  std::string_view label;  // Whose value is the line of the chart; empty: all in one.
  std::string_view series;
  std::string_view only{};  // Of query_type; empty: all.
};

constexpr auto kRules = std::to_array<Rule>({
    {Kind::kRate, "docmind_queries_total", "status", "questions_per_second"},
    {Kind::kQuantiles, "docmind_query_duration_seconds", "", "answer_ms"},
    {Kind::kQuantiles, "docmind_query_duration_seconds", "", "search_ms", "search"},
    {Kind::kQuantiles, "docmind_coordination_seconds", "", "coordination_ms"},
    {Kind::kRate, "docmind_cache_hits_total", "cache_type", "cache_hits_per_second"},
    {Kind::kRate, "docmind_cache_not_given_total", "", "cache_misses_per_second"},
    {Kind::kRate, "docmind_agent_runs_total", "agent", "agent_runs_per_second"},
    {Kind::kRate, "docmind_answer_computed_tokens_total", "", "tokens_computed_per_second"},
    {Kind::kRate, "docmind_http_requests_total", "", "requests_per_second"},
    {Kind::kGauge, "docmind_http_requests_active", "", "requests_active"},
});
constexpr auto kQuantiles =
    std::to_array<std::pair<double, std::string_view>>({{0.5, "p50"}, {0.95, "p95"}, {0.99, "p99"}});

using Counts = std::map<double, double>;  // By upper bound, cumulative; what came since the moment before.

std::optional<double> quantile(const Counts& counts, double share) {
  if (counts.empty() || counts.rbegin()->second <= 0) return std::nullopt;
  const double rank = share * counts.rbegin()->second;
  double below_bound = 0;
  double below = 0;
  for (const auto& [bound, count] : counts) {
    if (count >= rank) {
      if (!std::isfinite(bound)) return below_bound;
      return below_bound + (bound - below_bound) * (count > below ? (rank - below) / (count - below) : 1);
    }
    below_bound = bound;
    below = count;
  }
  return below_bound;
}

using Values = std::map<std::string, double>;

// Reads one text of metrics, beside what its counters were `seconds` ago (0: never looked at).
class Look {
 public:
  Look(const Values& before, double seconds) : before_(before), seconds_(seconds) {}

  void line(std::string_view text) {
    const auto sample = sample_of(text);
    if (!sample) return;
    const std::string_view own = text.substr(0, text.rfind(' '));
    for (std::size_t i = 0; i < kRules.size(); ++i) {
      const Rule& rule = kRules[i];
      if (!rule.only.empty() && label_of(sample->labels, "query_type") != rule.only) continue;
      if (rule.kind == Kind::kQuantiles ? is_bucket(*sample, rule) : sample->name == rule.metric) {
        take(*sample, own, rule, counts_[i]);
      }
    }
  }

  void finish(Values& values) {
    values.insert(values_.begin(), values_.end());
    for (std::size_t i = 0; i < kRules.size() && seconds_ > 0; ++i) {
      for (const auto& [share, line] : kQuantiles) {
        const auto value = quantile(counts_[i], share);
        if (value) values[std::string(kRules[i].series) + "." + std::string(line)] = 1000 * *value;
      }
    }
  }
  Values& counters() { return counters_; }

 private:
  static bool is_bucket(const Sample& sample, const Rule& rule) {
    constexpr std::string_view kEnding = "_bucket";
    return sample.name.size() == rule.metric.size() + kEnding.size() && sample.name.starts_with(rule.metric) &&
           sample.name.ends_with(kEnding);
  }

  void take(const Sample& sample, std::string_view own, const Rule& rule, Counts& counts) {
    std::string name(rule.series);
    if (!rule.label.empty()) name += "." + std::string(label_of(sample.labels, rule.label));
    if (rule.kind == Kind::kGauge) values_[name] += sample.value;
    if (rule.kind == Kind::kGauge) return;
    const double more = since(own, sample.value);
    if (rule.kind == Kind::kRate && seconds_ > 0) values_[name] += more / seconds_;
    if (rule.kind != Kind::kQuantiles) return;
    constexpr double kAbove = std::numeric_limits<double>::infinity();
    counts[metric_number(label_of(sample.labels, "le")).value_or(kAbove)] += more;
  }

  double since(std::string_view series, double value) {
    const std::string key(series);
    const auto before = before_.find(key);
    counters_[key] = value;
    return value - (before == before_.end() ? 0 : before->second);
  }

  const Values& before_;
  const double seconds_;
  Values counters_;
  Values values_;
  std::array<Counts, kRules.size()> counts_;
};

}  // namespace

void MetricSeries::add(std::string_view metrics, const std::map<std::string, double>& others) {
  const MutexLock lock(mutex_);
  const TimePoint now = clock_.now();
  Look look(counters_, counted_ ? std::chrono::duration<double>(now - *counted_).count() : 0);
  while (!metrics.empty()) {
    const std::size_t end = std::min(metrics.find('\n'), metrics.size());
    look.line(metrics.substr(0, end));
    metrics.remove_prefix(std::min(end + 1, metrics.size()));
  }
  Moment moment{
      .step = now.time_since_epoch() / kStep, .wall_ms = clock_.wall().time_since_epoch().count(), .values = others};
  look.finish(moment.values);
  counters_ = std::move(look.counters());
  counted_ = now;
  moments_.push_back(std::move(moment));
  if (moments_.size() > kKept) moments_.pop_front();
}

SeriesWindow MetricSeries::last(Duration window, Duration step) const {
  const std::int64_t each = std::max<std::int64_t>(1, step / kStep);
  const auto count = static_cast<std::size_t>(std::clamp<std::int64_t>(window / kStep / each, 1, kKept));
  const MutexLock lock(mutex_);
  SeriesWindow out{.step = std::chrono::duration<double>(kStep * each).count()};
  if (moments_.empty()) return out;
  const std::int64_t newest = moments_.back().step;
  const auto steps = static_cast<std::int64_t>(count) * each;
  out.from_ms =
      moments_.back().wall_ms - std::chrono::duration_cast<std::chrono::milliseconds>(kStep * (steps - 1)).count();
  std::map<std::string, std::vector<std::pair<double, int>>> sums;
  for (const Moment& moment : moments_) {
    const std::int64_t at = moment.step - (newest - steps + 1);
    if (at < 0) continue;
    for (const auto& [name, value] : moment.values) {
      auto& sum = sums.try_emplace(name, count).first->second[static_cast<std::size_t>(at / each)];
      sum.first += value;
      ++sum.second;
    }
  }
  for (const auto& [name, sum] : sums) {
    std::vector<std::optional<double>>& values = out.series[name];
    for (const auto& [total, n] : sum) values.push_back(n == 0 ? std::nullopt : std::optional(total / n));
  }
  return out;
}

}  // namespace docmind::server
