// What the machine is: processor, memory, limits of control groups. For people and for plans, not for hot paths.
//
// Thread safety: plain functions. Figures are bytes. What cannot be found out is empty, 0 or nothing: a machine is
// never refused for what it does not tell.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace docmind::sys {

struct Processor {
  std::string name{};                   // "Intel(R) Xeon(R) Gold 6430"
  std::string architecture{};           // uname -m: "x86_64"
  std::uint32_t cores = 0;              // Physical ones,
  std::uint32_t threads = 0;            // with their threads,
  std::uint32_t usable = 0;             // and those that this process may use (cpu_count()).
  std::uint32_t nodes = 1;              // NUMA nodes.
  std::vector<std::string> features{};  // Those of the kernel's names that matter to models: "avx2", "amx_int8".
};

struct Memory {
  std::uint64_t total = 0;
  std::uint64_t available = 0;           // To this process: available_memory().
  std::optional<std::uint64_t> limit{};  // Of its control groups.
};

struct Machine {
  Processor processor{};
  Memory memory{};
  std::optional<double> cpu_quota{};  // Processors that the control groups allow: 1.5
};

Machine this_machine();

// From the texts of /proc/cpuinfo (x86 and ARM) and the folder /sys/devices/system/node; `usable` is not in them.
Processor processor_of(std::string_view cpuinfo, const std::filesystem::path& nodes);

struct DiskSpace {
  std::uint64_t total = 0;  // Without what is kept for root, as df(1) counts.
  std::uint64_t free = 0;   // To this user.
};
std::optional<DiskSpace> disk_space(const std::filesystem::path& folder);

}  // namespace docmind::sys
