#include "obs/metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <thread>

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

TEST(MetricsDeathTest, ANameOfTwoKindsIsABug) {
  Metrics metrics;
  metrics.counter("docmind_test_total", "x");
  EXPECT_DEATH(metrics.gauge("docmind_test_total", "x"), "does not hold");
  EXPECT_DEATH(metrics.gauge("no spaces", "x"), "does not hold");
}

}  // namespace
}  // namespace docmind::obs
