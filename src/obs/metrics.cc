#include "obs/metrics.h"

#include <fmt/format.h>
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"
#include "base/thread_annotations.h"
#include "base/trace_context.h"

namespace docmind::obs {
namespace {

bool is_name(std::string_view name) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  return !name.empty() && (name[0] < '0' || name[0] > '9') && std::all_of(name.begin(), name.end(), fits);
}

class PrometheusCounter final : public Counter {
 public:
  explicit PrometheusCounter(prometheus::Counter& counter) : counter_(counter) {}
  void add(double by) override {
    if (by >= 0) counter_.Increment(by);  // Also keeps NaN out.
  }
  double value() const override { return counter_.Value(); }

 private:
  prometheus::Counter& counter_;
};

class PrometheusGauge final : public Gauge {
 public:
  explicit PrometheusGauge(prometheus::Gauge& gauge) : gauge_(gauge) {}
  void set(double value) override { gauge_.Set(value); }
  void add(double by) override { gauge_.Increment(by); }
  double value() const override { return gauge_.Value(); }

 private:
  prometheus::Gauge& gauge_;
};

class PrometheusHistogram final : public Histogram {
 public:
  PrometheusHistogram(prometheus::Histogram& histogram, std::vector<double> bounds, const Clock* clock)
      : histogram_(histogram), bounds_(std::move(bounds)), clock_(clock), exemplars_(bounds_.size() + 1) {}

  void observe(double value) override {
    histogram_.Observe(value);
    const TraceContext& place = trace_context();
    if (clock_ == nullptr || !place || !place.sampled || std::isnan(value)) return;
    const auto bucket = static_cast<std::size_t>(std::ranges::lower_bound(bounds_, value) - bounds_.begin());
    const MutexLock lock(mutex_);
    exemplars_[bucket] = {place, value, clock_->wall()};
  }

  // Of a bucket, as it stands behind its sample; empty: there is none.
  std::string exemplar(std::size_t bucket) const {
    const MutexLock lock(mutex_);
    if (bucket >= exemplars_.size() || !exemplars_[bucket].place) return {};
    const Exemplar& one = exemplars_[bucket];
    const auto ms = one.at.time_since_epoch().count();
    return fmt::format(" # {{trace_id=\"{}\"}} {} {}.{:03}", trace_id(one.place), one.value, ms / 1000, ms % 1000);
  }

 private:
  struct Exemplar {
    TraceContext place{};
    double value = 0;
    WallTime at{};
  };

  prometheus::Histogram& histogram_;
  const std::vector<double> bounds_;  // Each bucket's upper one, which belongs to it; the last has none.
  const Clock* const clock_;
  mutable Mutex mutex_;
  std::vector<Exemplar> exemplars_ DM_GUARDED_BY(mutex_);
};

// The lines of one histogram's buckets come in their order.
std::string with_exemplars(std::string_view text, const PrometheusHistogram& histogram) {
  std::string out;
  std::size_t bucket = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    out += line;
    const std::string_view name = line.substr(0, line.find('{'));
    if (!line.starts_with('#') && name.ends_with("_bucket")) out += histogram.exemplar(bucket++);
    out += '\n';
  }
  return out;
}

}  // namespace

class Metrics::Impl {
 public:
  explicit Impl(const Clock* clock) : clock_(clock) {}

  using Key = std::pair<std::string, Labels>;

  Counter& counter(std::string_view name, std::string_view help, const Labels& labels) {
    const MutexLock lock(mutex_);
    auto& slot = counters_[Key(name, labels)];
    if (!slot) {
      auto& family =
          prometheus::BuildCounter().Name(claim(name, 'c', labels)).Help(std::string(help)).Register(registry_);
      slot = std::make_unique<PrometheusCounter>(family.Add(labels));
    }
    return *slot;
  }

  Gauge& gauge(std::string_view name, std::string_view help, const Labels& labels) {
    const MutexLock lock(mutex_);
    auto& slot = gauges_[Key(name, labels)];
    if (!slot) {
      auto& family =
          prometheus::BuildGauge().Name(claim(name, 'g', labels)).Help(std::string(help)).Register(registry_);
      slot = std::make_unique<PrometheusGauge>(family.Add(labels));
    }
    return *slot;
  }

  Histogram& histogram(std::string_view name, std::string_view help, const Labels& labels,
                       const std::vector<double>& buckets) {
    const MutexLock lock(mutex_);
    auto& slot = histograms_[Key(name, labels)];
    if (!slot) {
      auto& family =
          prometheus::BuildHistogram().Name(claim(name, 'h', labels)).Help(std::string(help)).Register(registry_);
      slot = std::make_unique<PrometheusHistogram>(family.Add(labels, buckets), buckets, clock_);
    }
    return *slot;
  }

  void show(std::string_view name, std::string_view help, const std::map<Labels, double>& series) {
    const MutexLock lock(mutex_);
    auto& family = prometheus::BuildGauge().Name(claim(name, 's', {})).Help(std::string(help)).Register(registry_);
    auto& shown = shown_[std::string(name)];
    for (const auto& [labels, gauge] : shown) {
      if (!series.contains(labels)) family.Remove(gauge);
    }
    std::erase_if(shown, [&](const auto& one) { return !series.contains(one.first); });
    for (const auto& [labels, value] : series) {
      claim(name, 's', labels);
      prometheus::Gauge& gauge = family.Add(labels);  // The one it has, if it has it.
      shown[labels] = &gauge;
      gauge.Set(value);
    }
  }

  std::string text() const { return prometheus::TextSerializer().Serialize(registry_.Collect()); }

  std::string text_with_exemplars() const {
    const prometheus::TextSerializer serializer;
    std::string out;
    for (prometheus::MetricFamily& family : registry_.Collect()) {
      if (family.type != prometheus::MetricType::Histogram) {
        out += serializer.Serialize({family});
        continue;
      }
      std::vector<prometheus::ClientMetric> metrics = std::move(family.metric);
      for (prometheus::ClientMetric& metric : metrics) {
        const PrometheusHistogram* const histogram = histogram_of(family.name, metric);
        family.metric = {std::move(metric)};  // One at a time; it is described before the first only, by fold_pages().
        const std::string text = serializer.Serialize({family});
        out += histogram == nullptr ? text : with_exemplars(text, *histogram);
      }
    }
    return out;
  }

 private:
  const PrometheusHistogram* histogram_of(const std::string& name, const prometheus::ClientMetric& metric) const {
    Labels labels;
    for (const auto& label : metric.label) labels.emplace(label.name, label.value);
    const MutexLock lock(mutex_);
    const auto found = histograms_.find({name, labels});
    return found == histograms_.end() ? nullptr : found->second.get();
  }

  std::string claim(std::string_view name, char kind, const Labels& labels) DM_REQUIRES(mutex_) {
    DM_CHECK(is_name(name));
    for (const auto& [label, value] : labels) DM_CHECK(is_name(label));
    const auto [at, fresh] = kinds_.try_emplace(std::string(name), kind);
    DM_CHECK(fresh || at->second == kind);
    return at->first;
  }

  const Clock* const clock_;
  mutable Mutex mutex_;
  prometheus::Registry registry_;  // Has its own lock.
  std::map<std::string, char> kinds_ DM_GUARDED_BY(mutex_);
  std::map<Key, std::unique_ptr<Counter>> counters_ DM_GUARDED_BY(mutex_);
  std::map<Key, std::unique_ptr<Gauge>> gauges_ DM_GUARDED_BY(mutex_);
  std::map<Key, std::unique_ptr<PrometheusHistogram>> histograms_ DM_GUARDED_BY(mutex_);
  std::map<std::string, std::map<Labels, prometheus::Gauge*>> shown_ DM_GUARDED_BY(mutex_);
};

std::vector<double> seconds_buckets() {
  return {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};
}

Metrics::Metrics(const Clock* clock) : impl_(std::make_unique<Impl>(clock)) {}
Metrics::~Metrics() = default;

Counter& Metrics::counter(std::string_view name, std::string_view help, const Labels& labels) {
  return impl_->counter(name, help, labels);
}

Gauge& Metrics::gauge(std::string_view name, std::string_view help, const Labels& labels) {
  return impl_->gauge(name, help, labels);
}

Histogram& Metrics::histogram(std::string_view name, std::string_view help, const Labels& labels,
                              std::vector<double> buckets) {
  return impl_->histogram(name, help, labels, buckets);
}

void Metrics::show(std::string_view name, std::string_view help, const std::map<Labels, double>& series) {
  impl_->show(name, help, series);
}

std::string Metrics::text() const { return impl_->text(); }
std::string Metrics::text_with_exemplars() const { return impl_->text_with_exemplars(); }

}  // namespace docmind::obs
