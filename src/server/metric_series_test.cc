#include "server/metric_series.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace docmind::server {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;

class MetricSeriesTest : public ::testing::Test {
 protected:
  void look(const std::string& metrics, const std::map<std::string, double>& others = {}) {
    clock_.advance(MetricSeries::kStep);
    series_.add(metrics, others);
  }
  std::vector<std::optional<double>> values(const std::string& name, int steps) const {
    const SeriesWindow window = series_.last(MetricSeries::kStep * steps, MetricSeries::kStep);
    const auto found = window.series.find(name);
    return found == window.series.end() ? std::vector<std::optional<double>>() : found->second;
  }
  static std::string queries(int ok, int failed) {
    return "# TYPE docmind_queries_total counter\ndocmind_queries_total{query_type=\"ask\",status=\"success\"} " +
           std::to_string(ok) + "\ndocmind_queries_total{query_type=\"ask\",status=\"error\"} " +
           std::to_string(failed) + "\n";
  }

  ManualClock clock_;
  MetricSeries series_{clock_};
};

TEST_F(MetricSeriesTest, CountersAreRates) {
  look(queries(100, 0));  // Nobody knows since when.
  look(queries(110, 1));
  look(queries(110, 1));
  EXPECT_THAT(values("questions_per_second.success", 3), ElementsAre(std::nullopt, Optional(2.0), Optional(0.0)));
  EXPECT_THAT(values("questions_per_second.error", 2), ElementsAre(Optional(0.2), Optional(0.0)));
}

TEST_F(MetricSeriesTest, ANewCounterBeganAtNothing) {
  look("");
  look("docmind_http_requests_total{route=\"/a\"} 10\n");
  EXPECT_THAT(values("requests_per_second", 1), ElementsAre(Optional(2.0)));
}

TEST_F(MetricSeriesTest, HistogramsAreQuantilesOfWhatCame) {
  const auto page = [](int fast, int all) {
    const std::string name = "docmind_query_duration_seconds_bucket{query_type=\"ask\",le=";
    return name + "\"0.1\"} " + std::to_string(fast) + "\n" + name + "\"0.2\"} " + std::to_string(all) + "\n" + name +
           "\"+Inf\"} " + std::to_string(all) + "\n";
  };
  look(page(1000, 1000));
  look(page(1005, 1010));  // Five below 100 ms and five below 200.
  EXPECT_THAT(values("answer_ms.p50", 1), ElementsAre(Optional(100.0)));
  EXPECT_THAT(values("answer_ms.p95", 1), ElementsAre(Optional(::testing::DoubleNear(190, 0.01))));
  look(page(1005, 1010));
  EXPECT_THAT(values("answer_ms.p50", 1), IsEmpty());  // Nothing came.
}

TEST_F(MetricSeriesTest, GaugesAndOthersAreAsTheyAreAndMissingMomentsAreGaps) {
  look("docmind_http_requests_active 3\n", {{"resident_bytes", 7}});
  clock_.advance(MetricSeries::kStep);
  look("docmind_http_requests_active 5\n", {{"resident_bytes", 9}});
  EXPECT_THAT(values("requests_active", 3), ElementsAre(Optional(3.0), std::nullopt, Optional(5.0)));
  EXPECT_THAT(values("resident_bytes", 3), ElementsAre(Optional(7.0), std::nullopt, Optional(9.0)));
  const SeriesWindow coarse = series_.last(MetricSeries::kStep * 3, MetricSeries::kStep * 3);
  EXPECT_EQ(coarse.step, 15);
  EXPECT_THAT(coarse.series.at("requests_active"), ElementsAre(Optional(4.0)));
}

TEST_F(MetricSeriesTest, KeepsAnHour) {
  EXPECT_THAT(series_.last(std::chrono::hours(1), MetricSeries::kStep).series, IsEmpty());
  for (std::size_t i = 0; i < MetricSeries::kKept + 10; ++i) look("docmind_http_requests_active 1\n");
  EXPECT_EQ(values("requests_active", 100'000).size(), MetricSeries::kKept);
}

TEST_F(MetricSeriesTest, TakesAnyText) {
  look("docmind_http_requests_active\n{} 3\ndocmind_queries_total{status=\"ok 4\ndocmind_queries_total nan\n\n x");
  EXPECT_THAT(values("requests_active", 1), IsEmpty());
}

}  // namespace
}  // namespace docmind::server
