// NVIDIA cards as their driver describes them: NVML, loaded at run time, so that a machine without a driver needs
// nothing.
//
// Only asks, never sets. Thread safety: one thread at a time per Nvml. A driver that hangs or crashes takes its process
// along: doctor asks in a child with a deadline. Source of names, structures and codes: nvml.h (CUDA 12), ABI stable
// since NVML 1.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace docmind::sys {

// Why a card runs slower than it could; what its owner has set, or that it has nothing to do, is no reason.
enum class GpuSlowing : std::uint8_t { kPower, kHeat, kHardware };
std::string_view name(GpuSlowing why);  // "power", "heat", "hardware"

struct GpuFacts {
  unsigned index = 0;  // As nvidia-smi counts.
  std::string name{};
  std::string bus{};  // PCI, "00000000:01:00.0".
  std::uint64_t memory_total = 0;
  std::uint64_t memory_free = 0;
  int compute_major = 0;  // Compute capability 8.9: 8
  int compute_minor = 0;  // and 9; 0.0 when the driver does not say.
  std::optional<double> watts{};
  std::optional<int> celsius{};
  std::optional<unsigned> busy_percent{};  // Of the driver's last period, up to 1 s: at work at all.
  std::vector<GpuSlowing> slowed{};

  bool fp8() const { return compute_major > 8 || (compute_major == 8 && compute_minor >= 9); }
};

// The functions of the library; a test gives its own.
struct NvmlCalls {
  struct Memory {  // nvmlMemory_t
    unsigned long long total = 0;
    unsigned long long free = 0;
    unsigned long long used = 0;
  };
  struct Pci {  // nvmlPciInfo_t
    char legacy_bus[16] = {};
    unsigned domain = 0;
    unsigned bus = 0;
    unsigned device = 0;
    unsigned id = 0;
    unsigned subsystem = 0;
    char bus_id[32] = {};
  };
  struct Utilization {  // nvmlUtilization_t, percent
    unsigned gpu = 0;
    unsigned memory = 0;
  };
  using Handle = void*;
  int (*init)() = nullptr;
  int (*shutdown)() = nullptr;
  int (*count)(unsigned*) = nullptr;
  int (*handle)(unsigned, Handle*) = nullptr;
  int (*name)(Handle, char*, unsigned) = nullptr;
  int (*memory)(Handle, Memory*) = nullptr;
  int (*capability)(Handle, int*, int*) = nullptr;  // These may be missing in an old library.
  int (*power)(Handle, unsigned*) = nullptr;
  int (*temperature)(Handle, int, unsigned*) = nullptr;
  int (*pci)(Handle, Pci*) = nullptr;
  int (*driver)(char*, unsigned) = nullptr;
  int (*utilization)(Handle, Utilization*) = nullptr;
  int (*throttle_reasons)(Handle, unsigned long long*) = nullptr;
};

class Nvml {
 public:
  // kNotFound without the library (no driver), kUnavailable when it is there and does not work.
  static Result<std::unique_ptr<Nvml>> load(const std::string& library = "libnvidia-ml.so.1");
  static Result<std::unique_ptr<Nvml>> start(const NvmlCalls& calls);
  ~Nvml();
  Nvml(const Nvml&) = delete;
  Nvml& operator=(const Nvml&) = delete;

  std::string driver() const;  // "570.86.15"; may be empty.
  // Cards that do not answer are left out: one that fell off the bus does not hide the others.
  std::vector<GpuFacts> gpus() const;

 private:
  explicit Nvml(const NvmlCalls& calls) : calls_(calls) {}
  NvmlCalls calls_;
};

}  // namespace docmind::sys
