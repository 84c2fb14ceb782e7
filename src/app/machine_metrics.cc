#include "app/machine_metrics.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "sys/machine.h"

namespace docmind::app {
namespace {

double percent(std::uint64_t part, std::uint64_t whole) {
  return 100 * static_cast<double>(part) / static_cast<double>(whole);
}

std::uint64_t usable_memory() {
  const sys::Memory memory = sys::this_machine().memory;
  return std::min(memory.total, memory.limit.value_or(memory.total));
}

}  // namespace

MachineMetrics::MachineMetrics(obs::Metrics& metrics, std::filesystem::path data)
    : metrics_(metrics), data_(std::move(data)), memory_(usable_memory()) {}

std::map<std::string, double> MachineMetrics::look() {
  std::map<std::string, double> out;
  const auto set = [this](std::string_view name, std::string_view help, std::uint64_t value) {
    metrics_.gauge(name, help).set(static_cast<double>(value));
  };
  if (const auto own = sys::memory_use()) {
    set("process_resident_memory_bytes", "Memory of this process.", own->resident);
    out["resident_bytes"] = static_cast<double>(own->resident);
  }
  if (memory_ > 0) {
    const std::uint64_t used = memory_ - std::min(memory_, sys::available_memory());
    set("docmind_memory_usage_bytes", "Memory of the machine, or of the control group, that is in use.", used);
    set("docmind_memory_total_bytes", "Of this in all.", memory_);
    out["memory_used_percent"] = percent(used, memory_);
  }
  if (const auto disk = sys::disk_space(data_); disk && disk->total > 0) {
    const std::uint64_t free = std::min(disk->free, disk->total);
    set("docmind_disk_free_bytes", "Of the disk with the data directory.", free);
    set("docmind_disk_total_bytes", "Of this in all.", disk->total);
    out["disk_used_percent"] = percent(disk->total - free, disk->total);
  }
  look_at_processors();
  return out;
}

void MachineMetrics::look_at_processors() {
  const auto now = sys::processor_time();
  const auto before = std::exchange(before_, now);
  if (!now || !before || now->whole <= before->whole || now->worked < before->worked) return;
  metrics_.gauge("docmind_cpu_usage_percent", "Of the time of all processors, between the last two looks.")
      .set(percent(now->worked - before->worked, now->whole - before->whole));
}

}  // namespace docmind::app
