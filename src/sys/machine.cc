#include "sys/machine.h"

#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <sstream>

#include "sys/files.h"
#include "sys/process.h"

namespace docmind::sys {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kProcFileBytes = 16U << 20U;  // cpuinfo has a kilobyte and a half for each thread.

// What libllama has kernels for, by the names of the kernel (x86, then ARM).
constexpr std::array<std::string_view, 21> kFeatures{
    "sse4_2",   "avx",      "f16c",     "fma",         "bmi2",        "avx2",        "avx_vnni",
    "avx512f",  "avx512bw", "avx512vl", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_tile",
    "amx_int8", "amx_bf16", "asimddp",  "i8mm",        "bf16",        "sve",         "sme"};

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") + 1 - begin);
}

std::string architecture() {
  utsname names{};
  return ::uname(&names) == 0 ? std::string(names.machine) : std::string();
}

std::uint32_t count_nodes(const fs::path& folder) {
  std::uint32_t count = 0;
  std::error_code failed;
  for (fs::directory_iterator it(folder, failed), end; !failed && it != end; it.increment(failed)) {
    const std::string name = it->path().filename().string();
    const bool node = name.starts_with("node") && name.size() > 4 &&
                      std::all_of(name.begin() + 4, name.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (node) ++count;
  }
  return std::max(1U, count);
}

std::vector<std::string> known_features(std::string_view words) {
  std::set<std::string> all;
  std::istringstream stream{std::string(words)};
  for (std::string word; stream >> word;) all.insert(word);
  std::vector<std::string> out;
  for (const std::string_view feature : kFeatures) {
    if (all.contains(std::string(feature))) out.emplace_back(feature);
  }
  return out;
}

// "KEY:   123 kB" of /proc/meminfo, in bytes.
std::uint64_t kibibytes(std::string_view meminfo, std::string_view key) {
  const auto at = meminfo.find(key);
  if (at == std::string_view::npos) return 0;
  const std::string_view rest = trimmed(meminfo.substr(at + key.size()));
  std::uint64_t value = 0;
  std::from_chars(rest.data(), rest.data() + rest.size(), value);
  return value * 1024;
}

}  // namespace

Processor processor_of(std::string_view cpuinfo, const fs::path& nodes) {
  Processor out;
  std::set<std::pair<std::string, std::string>> cores;
  std::string package;
  std::istringstream lines{std::string(cpuinfo)};
  for (std::string line; std::getline(lines, line);) {
    const auto colon = line.find(':');
    if (colon == std::string::npos) continue;
    const std::string_view key = trimmed(std::string_view(line).substr(0, colon));
    const std::string_view value = trimmed(std::string_view(line).substr(colon + 1));
    if (key == "processor") ++out.threads;
    if (key == "model name" && out.name.empty()) out.name = value;
    if (key == "physical id") package = value;
    if (key == "core id") cores.emplace(package, value);
    if ((key == "flags" || key == "Features") && out.features.empty()) out.features = known_features(value);
  }
  out.cores = cores.empty() ? out.threads : static_cast<std::uint32_t>(cores.size());
  out.nodes = count_nodes(nodes);
  out.architecture = architecture();
  return out;
}

Machine this_machine() {
  RealFiles files;
  const auto text = [&](const char* path) {
    auto read = files.read(path, kProcFileBytes);
    return read ? *std::move(read) : std::string();
  };
  Machine out;
  out.processor = processor_of(text("/proc/cpuinfo"), "/sys/devices/system/node");
  out.processor.usable = static_cast<std::uint32_t>(cpu_count());
  out.memory.total = kibibytes(text("/proc/meminfo"), "MemTotal:");
  out.memory.available = available_memory();
  const std::string groups = text("/proc/self/cgroup");
  out.memory.limit = memory_limit(groups, "/sys/fs/cgroup");
  out.cpu_quota = cpu_quota_exact(groups, "/sys/fs/cgroup");
  return out;
}

std::optional<DiskSpace> disk_space(const fs::path& folder) {
  std::error_code failed;
  const fs::space_info space = fs::space(folder, failed);
  if (failed) return {};
  return DiskSpace{.total = space.capacity - space.free + space.available, .free = space.available};
}

}  // namespace docmind::sys
