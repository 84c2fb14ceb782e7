// Counters, gauges and histograms in the Prometheus text form (exposition format 0.0.4), over prometheus-cpp, and
// exemplars: each bucket of a histogram remembers the last value that was seen within a trace that somebody records
// (base/trace_context.h), with the trace's id and the time. One a bucket, so that no request makes it grow.
//
// Thread safety: everything from any thread. Look a metric up once, where its owner is built, and keep the reference:
// it lives as long as the Metrics. The same name and labels give the same object.
// Names are "docmind_<room>_<what>_<unit>", counters end in _total, units are seconds and bytes. A name that is not a
// Prometheus name, or that is used for two kinds, is a bug and ends the process: names never come from input.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace docmind::obs {

using Labels = std::map<std::string, std::string>;

class Counter {
 public:
  virtual ~Counter() = default;
  virtual void add(double by = 1) = 0;  // by >= 0; anything else is left out.
  virtual double value() const = 0;
};

class Gauge {
 public:
  virtual ~Gauge() = default;
  virtual void set(double value) = 0;
  virtual void add(double by) = 0;
  virtual double value() const = 0;
};

class Histogram {
 public:
  virtual ~Histogram() = default;
  virtual void observe(double value) = 0;
};

// From 1 ms to 60 s, for anything a person waits for.
std::vector<double> seconds_buckets();

class Metrics {
 public:
  Metrics() : Metrics(nullptr) {}                            // Without a clock there are no exemplars.
  explicit Metrics(const Clock& clock) : Metrics(&clock) {}  // Outlives it.
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  Counter& counter(std::string_view name, std::string_view help, const Labels& labels = {});
  Gauge& gauge(std::string_view name, std::string_view help, const Labels& labels = {});
  Histogram& histogram(std::string_view name, std::string_view help, const Labels& labels = {},
                       std::vector<double> buckets = seconds_buckets());

  // A gauge whose series come and go, like the cards of a machine: from now on these alone, none when it is empty.
  void show(std::string_view name, std::string_view help, const std::map<Labels, double>& series);

  // Everything, for GET /metrics.
  std::string text() const;
  // The same with the exemplars behind their buckets, as OpenMetrics writes them: for open_metrics() (exposition.h).
  std::string text_with_exemplars() const;

 private:
  explicit Metrics(const Clock* clock);
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace docmind::obs
