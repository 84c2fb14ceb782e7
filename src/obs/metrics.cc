#include "obs/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/thread_annotations.h"

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
  explicit PrometheusHistogram(prometheus::Histogram& histogram) : histogram_(histogram) {}
  void observe(double value) override { histogram_.Observe(value); }

 private:
  prometheus::Histogram& histogram_;
};

}  // namespace

class Metrics::Impl {
 public:
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
                       std::vector<double> buckets) {
    const MutexLock lock(mutex_);
    auto& slot = histograms_[Key(name, labels)];
    if (!slot) {
      auto& family =
          prometheus::BuildHistogram().Name(claim(name, 'h', labels)).Help(std::string(help)).Register(registry_);
      slot = std::make_unique<PrometheusHistogram>(family.Add(labels, std::move(buckets)));
    }
    return *slot;
  }

  std::string text() const { return prometheus::TextSerializer().Serialize(registry_.Collect()); }

 private:
  std::string claim(std::string_view name, char kind, const Labels& labels) DM_REQUIRES(mutex_) {
    DM_CHECK(is_name(name));
    for (const auto& [label, value] : labels) DM_CHECK(is_name(label));
    const auto [at, fresh] = kinds_.try_emplace(std::string(name), kind);
    DM_CHECK(fresh || at->second == kind);
    return at->first;
  }

  Mutex mutex_;
  prometheus::Registry registry_;  // Has its own lock.
  std::map<std::string, char> kinds_ DM_GUARDED_BY(mutex_);
  std::map<Key, std::unique_ptr<Counter>> counters_ DM_GUARDED_BY(mutex_);
  std::map<Key, std::unique_ptr<Gauge>> gauges_ DM_GUARDED_BY(mutex_);
  std::map<Key, std::unique_ptr<Histogram>> histograms_ DM_GUARDED_BY(mutex_);
};

std::vector<double> seconds_buckets() {
  return {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};
}

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

Counter& Metrics::counter(std::string_view name, std::string_view help, const Labels& labels) {
  return impl_->counter(name, help, labels);
}

Gauge& Metrics::gauge(std::string_view name, std::string_view help, const Labels& labels) {
  return impl_->gauge(name, help, labels);
}

Histogram& Metrics::histogram(std::string_view name, std::string_view help, const Labels& labels,
                              std::vector<double> buckets) {
  return impl_->histogram(name, help, labels, std::move(buckets));
}

std::string Metrics::text() const { return impl_->text(); }

}  // namespace docmind::obs
