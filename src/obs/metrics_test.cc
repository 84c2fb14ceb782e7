#include "obs/metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <thread>

#include "base/trace_context.h"

namespace docmind::obs {
namespace {

TEST(Metrics, TextFormHasHelpTypeLabelsAndValues) {
  Metrics metrics;
  metrics.counter("docmind_test_files_total", "Files.", {{"kind", "pdf"}}).add(2);
  metrics.counter("docmind_test_files_total", "Files.", {{"kind", "a\"b\n"}}).add();
  metrics.gauge("docmind_test_queue", "Waiting.").set(4);
  metrics.histogram("docmind_test_seconds", "Time.", {}, {0.1, 1}).observe(0.5);
  const std::string text = metrics.text();
  for (const char* part : {"# HELP docmind_test_files_total Files.", "# TYPE docmind_test_files_total counter",
                           "docmind_test_files_total{kind=\"pdf\"} 2", "docmind_test_files_total{kind=\"a\\\"b\\n\"} 1",
                           "docmind_test_queue 4", "docmind_test_seconds_bucket{le=\"0.1\"} 0",
                           "docmind_test_seconds_bucket{le=\"1\"} 1", "docmind_test_seconds_count 1"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
}

TEST(Metrics, TheSameNameAndLabelsAreTheSameObject) {
  Metrics metrics;
  Counter& a = metrics.counter("docmind_test_total", "x", {{"k", "1"}});
  Counter& b = metrics.counter("docmind_test_total", "x", {{"k", "1"}});
  EXPECT_EQ(&a, &b);
  EXPECT_NE(&a, &metrics.counter("docmind_test_total", "x", {{"k", "2"}}));
}

TEST(Metrics, SeriesThatComeAndGo) {
  Metrics metrics;
  const auto has = [&](const char* part) { return metrics.text().find(part) != std::string::npos; };
  metrics.show("docmind_test_card", "x", {{{{"device", "0"}}, 5}, {{{"device", "1"}}, 6}});
  EXPECT_TRUE(has("docmind_test_card{device=\"0\"} 5"));
  EXPECT_TRUE(has("docmind_test_card{device=\"1\"} 6"));
  metrics.show("docmind_test_card", "x", {{{{"device", "1"}}, 7}});
  EXPECT_FALSE(has("device=\"0\""));
  EXPECT_TRUE(has("docmind_test_card{device=\"1\"} 7"));
  metrics.show("docmind_test_card", "x", {});
  EXPECT_FALSE(has("docmind_test_card"));
  metrics.show("docmind_test_card", "x", {{{{"device", "0"}}, 8}});
  EXPECT_TRUE(has("docmind_test_card{device=\"0\"} 8"));
}

TEST(Metrics, CountersOnlyGoUp) {
  Metrics metrics;
  Counter& counter = metrics.counter("docmind_test_total", "x");
  counter.add(3);
  counter.add(-1);
  counter.add(std::nan(""));
  EXPECT_EQ(counter.value(), 3);
}

TEST(Metrics, ManyThreadsCountExactly) {
  Metrics metrics;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&metrics] {
        for (int n = 0; n < 1000; ++n) metrics.counter("docmind_test_total", "x").add();
      });
    }
  }
  EXPECT_EQ(metrics.counter("docmind_test_total", "x").value(), 4000);
}

TEST(Metrics, ABucketRemembersItsLastValueInATrace) {
  ManualClock clock;
  clock.advance(std::chrono::milliseconds(1500));
  Metrics metrics(clock);
  Histogram& histogram = metrics.histogram("docmind_test_seconds", "Time.", {{"type", "a"}}, {0.1, 1});
  metrics.histogram("docmind_test_seconds", "Time.", {{"type", "b"}}, {0.1, 1}).observe(0.5);
  metrics.counter("docmind_test_total", "x").add();
  histogram.observe(0.5);  // Nobody's.
  EXPECT_EQ(metrics.text_with_exemplars().find(" # "), std::string::npos);
  {
    const TraceScope unseen({.high = 9, .low = 9, .sampled = false});
    histogram.observe(0.5);
  }
  for (const std::uint64_t low : {1, 2}) {
    const TraceScope scope({.high = 0xAB, .low = low});
    histogram.observe(1);  // It belongs to the bucket that it bounds.
  }
  {
    const TraceScope scope({.high = 0xAB, .low = 3});
    histogram.observe(70);
  }
  const std::string text = metrics.text_with_exemplars();
  const std::string trace = "trace_id=\"00000000000000ab000000000000000";
  for (const std::string& part :
       {"docmind_test_seconds_bucket{type=\"a\",le=\"1\"} 4 # {" + trace + "2\"} 1 1.500\n",
        "docmind_test_seconds_bucket{type=\"a\",le=\"+Inf\"} 5 # {" + trace + "3\"} 70 1.500\n",
        std::string("docmind_test_seconds_bucket{type=\"a\",le=\"0.1\"} 0\n"),
        std::string("docmind_test_seconds_bucket{type=\"b\",le=\"1\"} 1\n"), std::string("docmind_test_total 1\n")}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << text;
  }
  EXPECT_EQ(metrics.text().find(" # "), std::string::npos);
}

TEST(Metrics, WithoutAClockNothingIsRemembered) {
  Metrics metrics;
  const TraceScope scope({.high = 1});
  metrics.histogram("docmind_test_seconds", "Time.").observe(0.5);
  EXPECT_EQ(metrics.text_with_exemplars().find(" # "), std::string::npos);
}

TEST(MetricsDeathTest, ANameOfTwoKindsIsABug) {
  Metrics metrics;
  metrics.counter("docmind_test_total", "x");
  EXPECT_DEATH(metrics.gauge("docmind_test_total", "x"), "does not hold");
  EXPECT_DEATH(metrics.gauge("no spaces", "x"), "does not hold");
}

}  // namespace
}  // namespace docmind::obs
