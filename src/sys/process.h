// What this process is and has: memory, processors, its own file, its terminal.
//
// Thread safety: any. Figures are bytes.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace docmind::sys {

struct MemoryUse {
  std::uint64_t resident = 0;
  std::uint64_t peak = 0;
};

Result<MemoryUse> memory_use();
// What would be available if that process ended: of its memory what no file holds. 0 when it is gone.
std::uint64_t memory_of_its_own(int pid);

// The same of this process and all that come from it, summed up.
std::uint64_t memory_of_family();

// Bytes that can still be taken without swapping: what the kernel says is available, or less where the memory limit of
// a control group (v2 and v1, on the way up to the root) leaves less.
std::uint64_t available_memory();
// The latter alone, for given texts of /proc/self/cgroup and a cgroup mount, and the limit itself; nullopt without one.
std::optional<std::uint64_t> memory_left(std::string_view proc_self_cgroup, const std::filesystem::path& mount);
std::optional<std::uint64_t> memory_limit(std::string_view proc_self_cgroup, const std::filesystem::path& mount);

// How many processes the kernel has ended for want of memory since it started; 0 where it does not tell. The latter for
// a given text of /proc/vmstat.
std::uint64_t memory_kills();
std::uint64_t memory_kills_in(std::string_view proc_vmstat);

// Processors this process may use at once: the least of its affinity and the CPU quotas of its control groups
// (cgroup v2 cpu.max, v1 cfs_quota, on the way up to the root). At least 1.
std::size_t cpu_count();
// The same by quota alone, for given texts of /proc/self/cgroup and a cgroup mount; 0 when there is no quota.
std::size_t cpu_quota(std::string_view proc_self_cgroup, const std::filesystem::path& mount);
// As it is, not rounded up: 1.5; nullopt when there is no quota.
std::optional<double> cpu_quota_exact(std::string_view proc_self_cgroup, const std::filesystem::path& mount);

// Processors of the machine that nobody wants at this moment; 0 where the kernel does not tell. Costs some µs.
std::size_t free_processors();
// Threads that run or wait for a processor, the asking one included, in a text of /proc/loadavg; 0: it does not say.
std::size_t running_threads_in(std::string_view proc_loadavg);

// Time of all processors since the machine started, in the kernel's ticks. Waiting for a disk is no work.
struct ProcessorTime {
  std::uint64_t worked = 0;
  std::uint64_t whole = 0;
};
// Nothing where the kernel does not tell. The latter for a given text of /proc/stat (proc(5)).
std::optional<ProcessorTime> processor_time();
std::optional<ProcessorTime> processor_time_in(std::string_view proc_stat);

// Lets this process have as many files and connections open as it may, and returns how many.
std::uint64_t raise_open_files();

Result<std::filesystem::path> executable_path();
int process_id();

bool is_terminal(int fd);
// Columns of a terminal, or the fallback.
std::size_t terminal_width(int fd, std::size_t fallback = 80);

}  // namespace docmind::sys
