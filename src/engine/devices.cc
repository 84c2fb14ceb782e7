#include "engine/devices.h"

#include <fmt/format.h>
#include <ggml-backend.h>
#include <ggml.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "base/json.h"
#include "base/json_members.h"
#include "engine/libllama.h"

namespace docmind::engine {
namespace {

DeviceKind kind_of(enum ggml_backend_dev_type type) {
  switch (type) {
    case GGML_BACKEND_DEVICE_TYPE_GPU:
      return DeviceKind::kCard;
    case GGML_BACKEND_DEVICE_TYPE_IGPU:
      return DeviceKind::kSharedCard;
    case GGML_BACKEND_DEVICE_TYPE_CPU:
      return DeviceKind::kProcessor;
    case GGML_BACKEND_DEVICE_TYPE_ACCEL:
    case GGML_BACKEND_DEVICE_TYPE_META:
      break;
  }
  return DeviceKind::kAccelerator;
}

std::string text_of(const char* text) { return text == nullptr ? std::string() : std::string(text); }

// What the processor's back end was built with and found.
boost::json::object features() {
  boost::json::object out;
  ggml_backend_dev_t processor = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
  if (processor == nullptr) return out;
  auto* of = reinterpret_cast<ggml_backend_get_features_t>(
      ggml_backend_reg_get_proc_address(ggml_backend_dev_backend_reg(processor), "ggml_backend_get_features"));
  if (of == nullptr) return out;
  for (const ggml_backend_feature* it = of(ggml_backend_dev_backend_reg(processor)); it->name != nullptr; ++it) {
    out[it->name] = it->value;
  }
  return out;
}

boost::json::object json_of(const sys::GpuFacts& gpu) {
  boost::json::object out{{"name", gpu.name},
                          {"bus", gpu.bus},
                          {"memory_total", gpu.memory_total},
                          {"memory_free", gpu.memory_free},
                          {"compute_capability", fmt::format("{}.{}", gpu.compute_major, gpu.compute_minor)},
                          {"fp8", gpu.fp8()},
                          {"power_watts", nullptr},
                          {"temperature_celsius", nullptr}};
  if (gpu.watts) out["power_watts"] = *gpu.watts;
  if (gpu.celsius) out["temperature_celsius"] = *gpu.celsius;
  return out;
}

Error no_map(std::string_view text) {
  return {Code::kInvalidArgument, fmt::format("engine.device_map cannot be \"{}\".", text),
          "Write auto, cpu, or names of devices with shares, like CUDA0=3,CUDA1=1; docmind doctor lists them."};
}

// "CUDA0" or "CUDA0=2.5"
Result<CardMemory> card_named(std::string_view part, std::string_view map) {
  CardMemory card;
  const auto equals = part.find('=');
  card.name = part.substr(0, equals);
  card.share = 1;
  if (equals != std::string_view::npos) {
    const std::string_view share = part.substr(equals + 1);
    const auto [end, error] = std::from_chars(share.data(), share.data() + share.size(), card.share);
    if (error != std::errc() || end != share.data() + share.size() || !(card.share > 0 && card.share <= 1e6)) {
      return no_map(map);
    }
  }
  if (card.name.empty()) return no_map(map);
  return card;
}

}  // namespace

std::string_view name(DeviceKind kind) {
  switch (kind) {
    case DeviceKind::kProcessor:
      return "cpu";
    case DeviceKind::kCard:
      return "gpu";
    case DeviceKind::kSharedCard:
      return "igpu";
    case DeviceKind::kAccelerator:
      break;
  }
  return "accelerator";
}

Result<std::vector<ComputeDevice>> compute_devices() {
  DM_TRY(start_libllama());
  std::vector<ComputeDevice> out;
  for (std::size_t i = 0; i < ggml_backend_dev_count(); ++i) {
    ggml_backend_dev_t device = ggml_backend_dev_get(i);
    ggml_backend_dev_props props{};
    ggml_backend_dev_get_props(device, &props);
    out.push_back({.name = text_of(props.name),
                   .description = text_of(props.description),
                   .backend = text_of(ggml_backend_reg_name(ggml_backend_dev_backend_reg(device))),
                   .bus = text_of(props.device_id),
                   .kind = kind_of(props.type),
                   .total = props.memory_total,
                   .free = std::min(props.memory_free, props.memory_total)});
  }
  return out;
}

std::string devices_json(const std::vector<ComputeDevice>& devices, const Result<std::unique_ptr<sys::Nvml>>& nvml) {
  boost::json::array all;
  for (const ComputeDevice& of : devices) {
    all.push_back(boost::json::object{{"name", of.name},
                                      {"description", of.description},
                                      {"backend", of.backend},
                                      {"bus", of.bus},
                                      {"kind", name(of.kind)},
                                      {"memory_total", of.total},
                                      {"memory_free", of.free}});
  }
  boost::json::object out{{"devices", std::move(all)}, {"features", features()}, {"ggml", ggml_version()}};
  out["driver"] = nvml ? (*nvml)->driver() : std::string();
  out["driver_problem"] = nvml || nvml.error().code == Code::kNotFound ? std::string() : nvml.error().message;
  boost::json::array gpus;
  if (nvml) {
    for (const sys::GpuFacts& of : (*nvml)->gpus()) gpus.push_back(json_of(of));
  }
  out["gpus"] = std::move(gpus);
  return to_text(out);
}

Result<std::vector<ComputeDevice>> devices_of(std::string_view text) {
  const Error other{Code::kInternal, "The engine's list of devices cannot be read.", "Reinstall docmind."};
  const auto json = parse_json(text, {.bytes = 1U << 20U});
  if (!json || !json_member(*json, "devices").is_array()) return other;
  std::vector<ComputeDevice> out;
  for (const boost::json::value& of : json_list(json_member(*json, "devices"))) {
    if (!of.is_object()) return other;
    const auto word = [&of](std::string_view key) { return std::string(json_text(json_member(of, key))); };
    ComputeDevice device{.name = word("name"),
                         .description = word("description"),
                         .backend = word("backend"),
                         .bus = word("bus"),
                         .kind = DeviceKind::kAccelerator,
                         .total = json_count(json_member(of, "memory_total")),
                         .free = json_count(json_member(of, "memory_free"))};
    for (const DeviceKind kind : {DeviceKind::kProcessor, DeviceKind::kCard, DeviceKind::kSharedCard}) {
      if (name(kind) == word("kind")) device.kind = kind;
    }
    out.push_back(std::move(device));
  }
  return out;
}

Result<std::vector<CardMemory>> cards_of(std::string_view device_map, std::uint64_t cap,
                                         const std::vector<ComputeDevice>& devices) {
  const auto room = [&](const ComputeDevice& device) { return cap == 0 ? device.free : std::min(cap, device.free); };
  std::vector<CardMemory> cards;
  if (device_map == "cpu") return cards;
  if (device_map == "auto") {
    for (const ComputeDevice& device : devices) {
      if (device.kind == DeviceKind::kCard) cards.push_back({.name = device.name, .free = room(device)});
    }
    return cards;
  }
  std::string known;
  for (const ComputeDevice& device : devices) {
    if (device.kind != DeviceKind::kProcessor) known += (known.empty() ? "" : ", ") + device.name;
  }
  for (std::string_view rest = device_map;;) {
    const auto comma = rest.find(',');
    CardMemory card = DM_TRY(card_named(rest.substr(0, comma), device_map));
    const auto at = std::ranges::find_if(devices, [&](const ComputeDevice& device) {
      return device.name == card.name && device.kind != DeviceKind::kProcessor;
    });
    if (std::ranges::find(cards, card.name, &CardMemory::name) != cards.end()) return no_map(device_map);
    if (at == devices.end()) {
      return Error{Code::kNotFound,
                   fmt::format("engine.device_map names {}, but {}.", card.name,
                               known.empty() ? "this machine has no card that our engine can use"
                                             : "the devices here are " + known),
                   "Set engine.device_map to auto, or to devices that docmind doctor lists."};
    }
    card.free = room(*at);
    cards.push_back(std::move(card));
    if (comma == std::string_view::npos) return cards;
    rest.remove_prefix(comma + 1);
  }
}

}  // namespace docmind::engine
