#include "sys/nvml.h"

#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace docmind::sys {
namespace {

constexpr unsigned kMostCards = 256;
constexpr std::size_t kNameBytes = 96;  // NVML_DEVICE_NAME_V2_BUFFER_SIZE

// nvmlClocksThrottleReasons*
constexpr unsigned long long kByPower = 0x4 | 0x80;  // SwPowerCap, HwPowerBrakeSlowdown
constexpr unsigned long long kByHeat = 0x20 | 0x40;  // SwThermalSlowdown, HwThermalSlowdown
constexpr unsigned long long kByHardware = 0x8;      // HwSlowdown: one of the hardware's two, or neither is said.

template <typename Function>
void find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
}

std::string text_in(const char* bytes, std::size_t size) { return {bytes, strnlen(bytes, size)}; }

std::vector<GpuSlowing> slowing(unsigned long long reasons) {
  std::vector<GpuSlowing> out;
  if ((reasons & kByPower) != 0) out.push_back(GpuSlowing::kPower);
  if ((reasons & kByHeat) != 0) out.push_back(GpuSlowing::kHeat);
  if (out.empty() && (reasons & kByHardware) != 0) out.push_back(GpuSlowing::kHardware);
  return out;
}

GpuFacts facts_of(const NvmlCalls& calls, NvmlCalls::Handle card, const NvmlCalls::Memory& memory) {
  GpuFacts out;
  std::array<char, kNameBytes> name{};
  if (calls.name(card, name.data(), name.size()) == 0) out.name = text_in(name.data(), name.size());
  out.memory_total = memory.total;
  out.memory_free = std::min(memory.free, memory.total);
  if (calls.capability == nullptr || calls.capability(card, &out.compute_major, &out.compute_minor) != 0) {
    out.compute_major = out.compute_minor = 0;
  }
  unsigned value = 0;
  if (calls.power != nullptr && calls.power(card, &value) == 0) out.watts = value / 1000.0;
  if (calls.temperature != nullptr && calls.temperature(card, 0, &value) == 0 && value < 1000) {
    out.celsius = static_cast<int>(value);
  }
  NvmlCalls::Utilization used;
  if (calls.utilization != nullptr && calls.utilization(card, &used) == 0 && used.gpu <= 100) {
    out.busy_percent = used.gpu;
  }
  unsigned long long reasons = 0;
  if (calls.throttle_reasons != nullptr && calls.throttle_reasons(card, &reasons) == 0) out.slowed = slowing(reasons);
  NvmlCalls::Pci pci;
  if (calls.pci != nullptr && calls.pci(card, &pci) == 0) out.bus = text_in(pci.bus_id, sizeof pci.bus_id);
  return out;
}

}  // namespace

std::string_view name(GpuSlowing why) {
  switch (why) {
    case GpuSlowing::kPower:
      return "power";
    case GpuSlowing::kHeat:
      return "heat";
    case GpuSlowing::kHardware:
      break;
  }
  return "hardware";
}

Result<std::unique_ptr<Nvml>> Nvml::load(const std::string& library) {
  // Never unloaded: the driver's threads may still be in it.
  void* loaded = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (loaded == nullptr) return Error{Code::kNotFound, "There is no NVIDIA driver."};
  NvmlCalls calls;
  find(loaded, "nvmlInit_v2", calls.init);
  find(loaded, "nvmlShutdown", calls.shutdown);
  find(loaded, "nvmlDeviceGetCount_v2", calls.count);
  find(loaded, "nvmlDeviceGetHandleByIndex_v2", calls.handle);
  find(loaded, "nvmlDeviceGetName", calls.name);
  find(loaded, "nvmlDeviceGetMemoryInfo", calls.memory);
  find(loaded, "nvmlDeviceGetCudaComputeCapability", calls.capability);
  find(loaded, "nvmlDeviceGetPowerUsage", calls.power);
  find(loaded, "nvmlDeviceGetTemperature", calls.temperature);
  find(loaded, "nvmlDeviceGetPciInfo_v3", calls.pci);
  find(loaded, "nvmlSystemGetDriverVersion", calls.driver);
  find(loaded, "nvmlDeviceGetUtilizationRates", calls.utilization);
  find(loaded, "nvmlDeviceGetCurrentClocksThrottleReasons", calls.throttle_reasons);
  return start(calls);
}

Result<std::unique_ptr<Nvml>> Nvml::start(const NvmlCalls& calls) {
  const Error broken{Code::kUnavailable, "The NVIDIA driver is there, but does not work.",
                     "See whether nvidia-smi works; after an update of the driver, restart the machine."};
  if (calls.init == nullptr || calls.shutdown == nullptr || calls.count == nullptr || calls.handle == nullptr ||
      calls.name == nullptr || calls.memory == nullptr || calls.init() != 0) {
    return broken;
  }
  return std::unique_ptr<Nvml>(new Nvml(calls));
}

Nvml::~Nvml() { calls_.shutdown(); }

std::string Nvml::driver() const {
  std::array<char, kNameBytes> version{};
  if (calls_.driver == nullptr || calls_.driver(version.data(), version.size()) != 0) return {};
  return text_in(version.data(), version.size());
}

std::vector<GpuFacts> Nvml::gpus() const {
  unsigned count = 0;
  if (calls_.count(&count) != 0) return {};
  std::vector<GpuFacts> out;
  for (unsigned i = 0; i < std::min(count, kMostCards); ++i) {
    NvmlCalls::Handle card = nullptr;
    NvmlCalls::Memory memory;
    if (calls_.handle(i, &card) != 0 || calls_.memory(card, &memory) != 0) continue;
    out.push_back(facts_of(calls_, card, memory));
    out.back().index = i;
  }
  return out;
}

}  // namespace docmind::sys
