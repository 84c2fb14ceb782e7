// What the machine has and uses: memory, processors, the disk of the data directory, and this process' own memory.
//
// One thread at a time. Of the machine's memory only what a control group leaves counts. What cannot be found out is no
// metric.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "obs/metrics.h"
#include "sys/process.h"

namespace docmind::app {

class MachineMetrics {
 public:
  MachineMetrics(obs::Metrics& metrics, std::filesystem::path data);

  // Sets the metrics, and returns what is drawn of them: resident_bytes, memory_used_percent, disk_used_percent. How
  // busy the processors are is told from the second look on, since the one before.
  std::map<std::string, double> look();

 private:
  void look_at_processors();

  obs::Metrics& metrics_;
  const std::filesystem::path data_;
  const std::uint64_t memory_;  // Bytes in all.
  std::optional<sys::ProcessorTime> before_{};
};

}  // namespace docmind::app
