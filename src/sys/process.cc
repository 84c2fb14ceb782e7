#include "sys/process.h"

#include <fmt/format.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "sys/files.h"

namespace docmind::sys {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kProcFileBytes = 1U << 20U;

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || value <= 0) return std::nullopt;  // -1 is v1's "no quota".
  return value;
}

std::optional<double> number_in(const fs::path& file) {
  const auto text = RealFiles().read(file, kProcFileBytes);
  return text ? number(*text) : std::nullopt;
}

// "KEY:   123 kB" of /proc/self/status, in bytes.
std::uint64_t status_bytes(const std::string& status, std::string_view key) {
  const std::size_t at = status.find(fmt::format("\n{}:", key));
  if (at == std::string::npos) return 0;
  const std::size_t digits = status.find_first_of("0123456789", at);
  if (digits == std::string::npos) return 0;
  return static_cast<std::uint64_t>(number(std::string_view(status).substr(digits)).value_or(0)) * 1024;
}

std::optional<double> quota_v2(const fs::path& folder) {
  const auto text = RealFiles().read(folder / "cpu.max", kProcFileBytes);  // "max 100000" or "150000 100000"
  if (!text || text->starts_with("max")) return std::nullopt;
  const std::size_t space = text->find(' ');
  if (space == std::string::npos) return std::nullopt;
  const auto quota = number(*text);
  const auto period = number(std::string_view(*text).substr(space + 1));
  if (!quota || !period) return std::nullopt;
  return *quota / *period;
}

std::optional<double> quota_v1(const fs::path& folder) {
  const auto quota = number_in(folder / "cpu.cfs_quota_us");
  const auto period = number_in(folder / "cpu.cfs_period_us");
  if (!quota || !period) return std::nullopt;
  return *quota / *period;
}

// The least quota from the group up to the mount. Inside a container the path may not exist below the mount, whose own
// files are then the container's.
template <typename Quota>
std::optional<double> least_up(const fs::path& mount, std::string_view group, Quota quota) {
  std::optional<double> least;
  fs::path path = fs::path(group).lexically_normal().relative_path();
  while (true) {
    const auto here = quota(path.empty() ? mount : mount / path);
    if (here) least = std::min(least.value_or(*here), *here);
    if (path.empty()) return least;
    path = path.parent_path();
  }
}

// v1 says "no limit" with the largest number of whole pages.
constexpr double kNoLimit = 1e18;

std::optional<double> limit_v2(const fs::path& folder) { return number_in(folder / "memory.max"); }
std::optional<double> limit_v1(const fs::path& folder) {
  const auto limit = number_in(folder / "memory.limit_in_bytes");
  return limit && *limit < kNoLimit ? limit : std::nullopt;
}

// The files that the kernel caches for the group can be taken back: they count as left.
double cached(const fs::path& folder, std::string_view key) {
  const auto stat = RealFiles().read(folder / "memory.stat", kProcFileBytes);
  const std::size_t at = stat ? stat->find(key) : std::string::npos;
  return at == std::string::npos ? 0 : number(std::string_view(*stat).substr(at + key.size())).value_or(0);
}

std::optional<double> left_v2(const fs::path& folder) {
  const auto most = limit_v2(folder);
  const auto used = number_in(folder / "memory.current");
  if (!most || !used) return std::nullopt;
  return std::max(0.0, *most - *used + cached(folder, "inactive_file "));
}

std::optional<double> left_v1(const fs::path& folder) {
  const auto most = limit_v1(folder);
  const auto used = number_in(folder / "memory.usage_in_bytes");
  if (!most || !used) return std::nullopt;
  return std::max(0.0, *most - *used + cached(folder, "total_inactive_file "));
}

// The least of all groups in the text of /proc/self/cgroup: "0::/user.slice" (v2), "4:cpu,cpuacct:/docker/1" (v1).
template <typename V2, typename V1>
std::optional<double> least_of_groups(std::string_view text, const fs::path& mount, std::string_view controller, V2 v2,
                                      V1 v1) {
  std::optional<double> least;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string group = line.substr(second + 1);
    std::optional<double> here;
    if (controllers.empty()) {
      here = least_up(mount, group, v2);
    } else if (("," + controllers + ",").find("," + std::string(controller) + ",") != std::string::npos) {
      here = least_up(mount / controllers, group, v1);
    }
    if (here) least = std::min(least.value_or(*here), *here);
  }
  return least;
}

std::optional<std::uint64_t> whole(const std::optional<double>& bytes) {
  if (!bytes) return std::nullopt;
  return static_cast<std::uint64_t>(std::min(*bytes, kNoLimit));
}

std::size_t affinity_count() {
  for (std::size_t cpus = 1024; cpus <= 65536; cpus *= 2) {  // The kernel refuses a mask smaller than its own.
    std::vector<cpu_set_t> mask(cpus / (8 * sizeof(cpu_set_t)) + 1);
    const std::size_t bytes = mask.size() * sizeof(cpu_set_t);
    if (::sched_getaffinity(0, bytes, mask.data()) == 0)
      return static_cast<std::size_t>(CPU_COUNT_S(bytes, mask.data()));
  }
  return 1;
}

}  // namespace

Result<MemoryUse> memory_use() {
  const std::string status = DM_TRY(RealFiles().read("/proc/self/status", kProcFileBytes));
  return MemoryUse{.resident = status_bytes(status, "VmRSS"), .peak = status_bytes(status, "VmHWM")};
}

std::uint64_t memory_of_its_own(int pid) {
  const auto status = RealFiles().read(fmt::format("/proc/{}/status", pid), kProcFileBytes);
  return status ? status_bytes(*status, "RssAnon") + status_bytes(*status, "RssShmem") : 0;
}

std::uint64_t memory_of_family() {
  RealFiles files;
  std::uint64_t bytes = 0;
  std::vector<int> family = {::getpid()};
  for (std::size_t at = 0; at < family.size(); ++at) {
    bytes += memory_of_its_own(family[at]);
    const fs::path tasks = fmt::format("/proc/{}/task", family[at]);
    const auto threads = files.list(tasks);  // Whichever of them started a child has it.
    for (const FolderEntry& thread : threads ? *threads : std::vector<FolderEntry>()) {
      const auto children = files.read(tasks / thread.name / "children", kProcFileBytes);
      std::istringstream numbers(children ? *children : std::string());
      for (int pid = 0; numbers >> pid;) family.push_back(pid);
    }
  }
  return bytes;
}

std::optional<std::uint64_t> memory_left(std::string_view proc_self_cgroup, const fs::path& mount) {
  return whole(least_of_groups(proc_self_cgroup, mount, "memory", left_v2, left_v1));
}

std::optional<std::uint64_t> memory_limit(std::string_view proc_self_cgroup, const fs::path& mount) {
  return whole(least_of_groups(proc_self_cgroup, mount, "memory", limit_v2, limit_v1));
}

std::uint64_t available_memory() {
  const auto meminfo = RealFiles().read("/proc/meminfo", kProcFileBytes);
  const std::uint64_t machine = meminfo ? status_bytes(*meminfo, "MemAvailable") : 0;
  const auto groups = RealFiles().read("/proc/self/cgroup", kProcFileBytes);
  const auto group = groups ? memory_left(*groups, "/sys/fs/cgroup") : std::nullopt;
  return std::min(machine, group.value_or(machine));
}

std::uint64_t memory_kills_in(std::string_view proc_vmstat) {
  constexpr std::string_view kName = "\noom_kill ";
  const std::size_t at = proc_vmstat.find(kName);
  std::uint64_t kills = 0;
  if (at == std::string_view::npos) return 0;
  const std::string_view number = proc_vmstat.substr(at + kName.size());
  std::from_chars(number.data(), number.data() + number.size(), kills);
  return kills;
}

std::uint64_t memory_kills() {
  const auto vmstat = RealFiles().read("/proc/vmstat", kProcFileBytes);
  return vmstat ? memory_kills_in(*vmstat) : 0;
}

std::optional<double> cpu_quota_exact(std::string_view proc_self_cgroup, const fs::path& mount) {
  return least_of_groups(proc_self_cgroup, mount, "cpu", quota_v2, quota_v1);
}

std::size_t cpu_quota(std::string_view proc_self_cgroup, const fs::path& mount) {
  const auto least = cpu_quota_exact(proc_self_cgroup, mount);
  return least ? static_cast<std::size_t>(std::max(1.0, std::ceil(*least))) : 0;
}

std::size_t cpu_count() {
  const std::size_t allowed = std::max<std::size_t>(1, affinity_count());
  const auto groups = RealFiles().read("/proc/self/cgroup", kProcFileBytes);
  const std::size_t quota = groups ? cpu_quota(*groups, "/sys/fs/cgroup") : 0;
  return quota == 0 ? allowed : std::min(allowed, quota);
}

std::size_t running_threads_in(std::string_view proc_loadavg) {  // "0.20 0.18 0.12 1/80 11206"
  std::size_t at = 0;
  for (int i = 0; i < 3; ++i) at = std::min(proc_loadavg.find(' ', at), proc_loadavg.size() - 1) + 1;
  const std::string_view fraction = proc_loadavg.substr(at);
  std::size_t running = 0;
  const auto [end, error] = std::from_chars(fraction.data(), fraction.data() + fraction.size(), running);
  return error == std::errc() && fraction.substr(static_cast<std::size_t>(end - fraction.data())).starts_with('/')
             ? running
             : 0;
}

std::size_t free_processors() {
  const auto loadavg = RealFiles().read("/proc/loadavg", kProcFileBytes);
  const std::size_t running = loadavg ? running_threads_in(*loadavg) : 0;
  const auto all = static_cast<std::size_t>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
  return running == 0 || running > all ? 0 : all - running;
}

std::optional<ProcessorTime> processor_time_in(std::string_view proc_stat) {
  // "cpu  user nice system idle iowait irq softirq steal guest ...": a guest's time is in user and nice already.
  constexpr std::size_t kIdle = 3;
  constexpr std::size_t kWaits = 4;
  constexpr std::size_t kCounted = 8;
  if (!proc_stat.starts_with("cpu ")) return std::nullopt;
  std::istringstream line{std::string(proc_stat.substr(4, proc_stat.find('\n')))};
  ProcessorTime out;
  for (std::size_t i = 0; i < kCounted; ++i) {
    std::uint64_t ticks = 0;
    if (!(line >> ticks)) return std::nullopt;
    out.whole += ticks;
    if (i != kIdle && i != kWaits) out.worked += ticks;
  }
  return out;
}

std::optional<ProcessorTime> processor_time() {
  const auto stat = RealFiles().read("/proc/stat", kProcFileBytes);
  return stat ? processor_time_in(*stat) : std::nullopt;
}

Result<fs::path> executable_path() {
  std::error_code error;
  fs::path path = fs::read_symlink("/proc/self/exe", error);
  if (error) return Error{Code::kInternal, "cannot find this program's own file: " + error.message()};
  return path;
}

std::uint64_t raise_open_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 256;  // Less than any system gives.
  rlimit wanted = limit;
  wanted.rlim_cur = limit.rlim_max;
  return ::setrlimit(RLIMIT_NOFILE, &wanted) == 0 ? wanted.rlim_cur : limit.rlim_cur;
}

int process_id() { return ::getpid(); }

bool is_terminal(int fd) { return ::isatty(fd) == 1; }

std::size_t terminal_width(int fd, std::size_t fallback) {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return fallback;
  return size.ws_col;
}

}  // namespace docmind::sys
