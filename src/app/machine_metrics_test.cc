#include "app/machine_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace docmind::app {
namespace {

using testing::HasSubstr;
using testing::Key;
using testing::UnorderedElementsAre;

TEST(MachineMetrics, TellsWhatTheMachineHasAndUses) {
  obs::Metrics metrics;
  MachineMetrics machine(metrics, testing::TempDir());
  const auto drawn = machine.look();
  EXPECT_THAT(drawn, UnorderedElementsAre(Key("resident_bytes"), Key("memory_used_percent"), Key("disk_used_percent")));
  const auto value = [&](const char* name) { return metrics.gauge(name, "").value(); };
  const double used = value("docmind_memory_usage_bytes");
  const double total = value("docmind_memory_total_bytes");
  EXPECT_GT(used, 0);
  EXPECT_LE(used, total);
  EXPECT_NEAR(drawn.at("memory_used_percent"), 100 * used / total, 1e-6);
  EXPECT_LE(value("docmind_disk_free_bytes"), value("docmind_disk_total_bytes"));
  EXPECT_NEAR(drawn.at("disk_used_percent"),
              100 * (1 - value("docmind_disk_free_bytes") / value("docmind_disk_total_bytes")), 1e-6);
  EXPECT_EQ(value("process_resident_memory_bytes"), drawn.at("resident_bytes"));
  EXPECT_GT(drawn.at("resident_bytes"), 0);
}

TEST(MachineMetrics, ProcessorsFromTheSecondLookOn) {
  constexpr const char* kName = "docmind_cpu_usage_percent ";
  obs::Metrics metrics;
  MachineMetrics machine(metrics, testing::TempDir());
  machine.look();
  EXPECT_THAT(metrics.text(), testing::Not(HasSubstr(kName)));
  const auto start = sys::processor_time();
  ASSERT_TRUE(start);
  while (sys::processor_time()->whole == start->whole) {  // A tick of the kernel, 10 ms.
  }
  machine.look();
  EXPECT_THAT(metrics.text(), HasSubstr(kName));
  const double busy = metrics.gauge("docmind_cpu_usage_percent", "").value();
  EXPECT_GE(busy, 0);
  EXPECT_LE(busy, 100);
}

TEST(MachineMetrics, ADiskThatCannotBeSeenIsNoMetric) {
  obs::Metrics metrics;
  const auto drawn = MachineMetrics(metrics, "/nowhere/at/all").look();
  EXPECT_THAT(drawn, testing::Not(testing::Contains(Key("disk_used_percent"))));
  EXPECT_THAT(metrics.text(), testing::Not(HasSubstr("docmind_disk")));
}

}  // namespace
}  // namespace docmind::app
