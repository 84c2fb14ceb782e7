// What the metrics did in the last hour, as series a page can draw: rates of counters, quantiles of histograms, gauges,
// from one look at the metrics' own text every step. A moment that nobody looked at is a gap.
//
// Thread safety: every method from any thread. Quantiles are interpolated inside a bucket, as Prometheus'
// histogram_quantile() does (https://prometheus.io/docs/prometheus/latest/querying/functions/).
#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/thread_annotations.h"

namespace docmind::server {

struct SeriesWindow {
  std::int64_t from_ms = 0;                                            // UTC, of the first value.
  double step = 0;                                                     // Seconds.
  std::map<std::string, std::vector<std::optional<double>>> series{};  // All as long.
};

class MetricSeries {
 public:
  static constexpr Duration kStep = std::chrono::seconds(5);
  static constexpr std::size_t kKept = 720;  // Steps: an hour.

  explicit MetricSeries(const Clock& clock) : clock_(clock) {}

  // Once a step: the metrics in the Prometheus text form, and what else is to be seen, by the name of its series.
  void add(std::string_view metrics, const std::map<std::string, double>& others);

  // The last `window`, one value for each `step` (a multiple of kStep; less is kStep): the mean of its moments.
  SeriesWindow last(Duration window, Duration step) const;

 private:
  using Values = std::map<std::string, double>;
  struct Moment {
    std::int64_t step = 0;  // Steps since the clock's beginning.
    std::int64_t wall_ms = 0;
    Values values{};
  };

  const Clock& clock_;
  mutable Mutex mutex_{};
  Values counters_ DM_GUARDED_BY(mutex_){};  // As they were at the last moment.
  std::optional<TimePoint> counted_ DM_GUARDED_BY(mutex_){};
  std::deque<Moment> moments_ DM_GUARDED_BY(mutex_){};
};

}  // namespace docmind::server
