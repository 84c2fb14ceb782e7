// The devices that libllama can compute with, and which of them a model's layers may go to.
//
// Thread safety: compute_devices() from any thread; the others are pure. A machine without cards has the processor
// alone.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/memory_plan.h"
#include "sys/nvml.h"

namespace docmind::engine {

enum class DeviceKind : std::uint8_t { kProcessor, kCard, kSharedCard, kAccelerator };
std::string_view name(DeviceKind kind);  // "cpu", "gpu", "igpu", "accelerator".

struct ComputeDevice {
  std::string name{};         // ggml's: "CUDA0".
  std::string description{};  // "NVIDIA GeForce RTX 4080"
  std::string backend{};      // "CUDA"
  std::string bus{};          // PCI, "0000:c1:00.0"; may be empty.
  DeviceKind kind = DeviceKind::kProcessor;
  std::uint64_t total = 0;  // Bytes of its memory; 0 where the backend does not know.
  std::uint64_t free = 0;
};

// Starts libllama's back ends; fails as start_libllama() does.
Result<std::vector<ComputeDevice>> compute_devices();

// What docmind engine --devices prints (docs/formats/engine.md): the devices, what ggml was built with, and the cards
// as the driver describes them. `nvml` may be an error: kNotFound is a machine without a driver.
std::string devices_json(const std::vector<ComputeDevice>& devices, const Result<std::unique_ptr<sys::Nvml>>& nvml);
// And back; kInternal when the text is not that.
Result<std::vector<ComputeDevice>> devices_of(std::string_view json);

// The setting engine.device_map: "auto" is every card by its free memory (never one that shares main memory), "cpu"
// none, "CUDA1,CUDA0=2" these, with shares. `cap` bytes of each at most, 0: what is free. kInvalidArgument for a map
// that is none, kNotFound with the names there are for a device that is not there.
Result<std::vector<CardMemory>> cards_of(std::string_view device_map, std::uint64_t cap,
                                         const std::vector<ComputeDevice>& devices);

}  // namespace docmind::engine
