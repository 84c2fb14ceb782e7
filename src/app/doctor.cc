#include "app/doctor.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "access/keys.h"
#include "app/chat_plan.h"
#include "app/exposure.h"
#include "app/shared_cache.h"
#include "app/vector_stores.h"
#include "cli/render.h"
#include "model/model_folder.h"
#include "store/database.h"
#include "sys/files.h"
#include "sys/machine.h"
#include "sys/rng.h"

namespace docmind::app {
namespace {

namespace json = boost::json;

constexpr auto kPatience = std::chrono::seconds(20);
constexpr std::uint64_t kFullDisk = 64ULL << 20U;  // The library cannot grow any more,
constexpr std::uint64_t kSmallDisk = 1ULL << 30U;  // or soon.
constexpr std::uint64_t kLeastMemory = 512ULL << 20U;

double gibibytes(std::uint64_t bytes) { return static_cast<double>(bytes) / (1U << 30U); }

std::string with_hint(const Error& error) {
  if (error.hint.empty()) return error.message;
  return error.message + (error.message.ends_with('.') || error.message.ends_with('?') ? " " : ". ") + error.hint;
}

class Findings {
 public:
  void ok(std::string_view name, std::string_view message) { add(name, "ok", message); }
  void degraded(std::string_view name, std::string_view message) { add(name, "degraded", message); }
  void failed(std::string_view name, std::string_view message) { add(name, "failed", message); }

  json::object machine;
  json::value plan = nullptr;

  json::object take() {
    return {{"checks", std::move(checks_)}, {"machine", std::move(machine)}, {"plan", std::move(plan)}};
  }

 private:
  void add(std::string_view name, std::string_view status, std::string_view message) {
    checks_.push_back(json::object{{"name", name}, {"status", status}, {"message", message}});
  }
  json::array checks_;
};

void examine_processor(const sys::Machine& machine, Findings& out) {
  const sys::Processor& cpu = machine.processor;
  out.machine["processor"] = json::object{{"name", cpu.name},        {"architecture", cpu.architecture},
                                          {"cores", cpu.cores},      {"threads", cpu.threads},
                                          {"usable", cpu.usable},    {"quota", json::value_from(machine.cpu_quota)},
                                          {"numa_nodes", cpu.nodes}, {"features", json::value_from(cpu.features)}};
  std::string text =
      fmt::format("{}, {} cores, {} threads, {} usable, {} NUMA node{}; {}", sys::printable(cpu.name), cpu.cores,
                  cpu.threads, cpu.usable, cpu.nodes, cpu.nodes == 1 ? "" : "s", fmt::join(cpu.features, " "));
  const bool slow = cpu.architecture == "x86_64" && std::ranges::find(cpu.features, "avx2") == cpu.features.end();
  if (slow) return out.degraded("processor", text + "; without AVX2 models are very slow");
  out.ok("processor", text);
}

void examine_memory(const sys::Memory& memory, Findings& out) {
  out.machine["memory"] =
      json::object{{"total", memory.total}, {"available", memory.available}, {"limit", json::value_from(memory.limit)}};
  std::string text = fmt::format("{:.1f} GiB, {:.1f} available", gibibytes(memory.total), gibibytes(memory.available));
  if (memory.limit) text += fmt::format(", limited to {:.1f} by a control group", gibibytes(*memory.limit));
  if (memory.available < kLeastMemory) return out.degraded("memory", text + "; end other programs, or raise the limit");
  out.ok("memory", text);
}

void examine_disk(const Layout& layout, Findings& out) {
  const auto space = sys::disk_space(layout.data);
  if (!space) return out.failed("disk space", "the data directory cannot be asked; is it there?");
  out.machine["disk"] =
      json::object{{"path", sys::printable(layout.data)}, {"total", space->total}, {"free", space->free}};
  const std::string text = fmt::format("{:.1f} GiB free of {:.1f} at {}", gibibytes(space->free),
                                       gibibytes(space->total), sys::printable(layout.data));
  if (space->free < kFullDisk) return out.failed("disk space", text + "; make room, or choose another with --data");
  if (space->free < kSmallDisk) return out.degraded("disk space", text + "; it will soon be full");
  out.ok("disk space", text);
}

std::string sentence_of(const json::value& gpu) {
  std::string text = fmt::format("{} {:.1f} GiB, {:.1f} free, compute {}{}", sys::printable(cli::text(gpu, "name")),
                                 gibibytes(cli::count(gpu, "memory_total")), gibibytes(cli::count(gpu, "memory_free")),
                                 cli::text(gpu, "compute_capability"), cli::flag(gpu, "fp8") ? " (FP8)" : "");
  if (const double watts = cli::number(gpu, "power_watts"); watts > 0) text += fmt::format(", {:.0f} W", watts);
  if (const auto celsius = cli::count(gpu, "temperature_celsius"); celsius > 0) text += fmt::format(", {} C", celsius);
  return text;
}

// What the driver knows of, and what our engine can use: a card without a back end for it is a card lost.
std::vector<engine::ComputeDevice> examine_devices(const DoctorContext& context, Findings& out) {
  const auto asked = ask_devices(context.layout, Deadline::in(kPatience, context.clock), context.stop);
  if (!asked) {
    out.failed("devices", with_hint(asked.error()));
    return {};
  }
  for (const char* key : {"devices", "features", "ggml", "driver", "gpus"}) {
    if (const json::value* value = asked->told.if_contains(key)) out.machine[key] = *value;
  }
  const json::value told(asked->told);
  std::vector<std::string> usable;
  for (const engine::ComputeDevice& device : asked->devices) {
    usable.push_back(fmt::format("{} ({})", sys::printable(device.name), sys::printable(device.description)));
  }
  out.ok("devices",
         fmt::format("ggml {} computes on {}", sys::printable(cli::text(told, "ggml")), fmt::join(usable, ", ")));
  const json::array& gpus = cli::list(told, "gpus");
  const std::string problem = cli::text(told, "driver_problem");
  const bool used = std::ranges::any_of(
      asked->devices, [](const auto& device) { return device.kind != engine::DeviceKind::kProcessor; });
  std::vector<std::string> sentences;
  for (const json::value& gpu : gpus) sentences.push_back(sentence_of(gpu));
  if (!problem.empty()) {
    out.degraded("gpu", problem + " See whether nvidia-smi works.");
  } else if (gpus.empty()) {
    out.ok("gpu", used ? "no NVIDIA driver; see devices" : "none: everything runs on the processor");
  } else if (!used) {
    out.degraded("gpu", fmt::format("{}; this build of the engine has no back end for it: everything runs on the "
                                    "processor",
                                    fmt::join(sentences, "; ")));
  } else {
    out.ok("gpu", fmt::format("{}", fmt::join(sentences, "; ")));
  }
  return asked->devices;
}

void examine_models(const Layout& layout, Findings& out) {
  sys::RealFiles files;
  const auto listed = model::ModelFolder(layout.models, files).list();
  if (!listed) return out.degraded("models", with_hint(listed.error()));
  json::array all;
  std::vector<std::string> names;
  std::vector<std::string> bad;
  for (const model::ListedModel& of : *listed) {
    all.push_back(json::object{{"name", of.name}, {"bytes", of.bytes}, {"usable", of.file.has_value()}});
    names.push_back(of.name);
    if (!of.file) bad.push_back(of.name + ": " + of.why);
  }
  out.machine["models"] = std::move(all);
  if (!bad.empty()) return out.degraded("models", fmt::format("{}", fmt::join(bad, "; ")));
  out.ok("models", names.empty() ? std::string("none of your own; the built-in embedder is there without them")
                                 : fmt::format("{}", fmt::join(names, ", ")));
}

json::object json_of(const engine::MemoryPlan& plan, std::string_view model, std::uint64_t beside) {
  json::array cards;
  for (const engine::CardPlan& card : plan.cards) {
    cards.push_back(json::object{{"name", card.name}, {"layers", card.layers}, {"bytes", card.bytes}});
  }
  return {{"model", model},
          {"context", plan.context},
          {"kv_cache_dtype", engine::name(plan.cell_type)},
          {"weights", plan.weights},
          {"keys_and_values", plan.cells},
          {"buffers", plan.buffers},
          {"process", plan.process},
          {"main_memory", plan.main},
          {"beside", beside},
          {"gpu_layers", plan.gpu_layers()},
          {"cards", std::move(cards)}};
}

void examine_plan(const DoctorContext& context, const sys::Memory& memory,
                  const std::vector<engine::ComputeDevice>& devices, Findings& out) {
  const config::Settings& settings = context.loaded.settings;
  const std::string& name = settings.engine.model;
  if (name.empty()) return out.ok("chat model", "none is set (engine.model): answers are extractive");
  const auto path = find_model(context.layout, name);
  if (!path) return out.failed("chat model", with_hint(path.error()));
  const auto file = model::read_model_file(*path);
  if (!file) return out.failed("chat model", with_hint(file.error()));
  const auto plan_with = [&](std::uint64_t available) {
    return plan_chat_model(settings, context.layout, *file, devices, available);
  };
  auto plan = plan_with(memory.available);
  if (!plan) {
    // A server that has loaded it just now leaves no room for a second one.
    const bool ever = static_cast<bool>(plan_with(std::min(memory.total, memory.limit.value_or(memory.total))));
    return ever ? out.degraded("chat model", "Not beside what runs now: " + with_hint(plan.error()))
                : out.failed("chat model", with_hint(plan.error()));
  }
  out.plan = json_of(*plan, name, beside_chat(settings, context.layout));
  out.ok("chat model", fmt::format("{}: {} tokens of context, keys and values as {}; {:.2f} GiB of main memory, {} "
                                   "layers on cards",
                                   sys::printable(name), plan->context, engine::name(plan->cell_type),
                                   gibibytes(plan->main), plan->gpu_layers()));
}

void examine_settings(const config::Loaded& loaded, Findings& out) {
  if (loaded.warnings.empty()) return out.ok("settings", "nothing to remark");
  out.degraded("settings", fmt::format("{}", fmt::join(loaded.warnings, "; ")));
}

// Who can reach what `docmind serve` would serve, by the settings.
void examine_access(const DoctorContext& context, Findings& out) {
  const config::Settings::Server& server = context.loaded.settings.server;
  const auto exposure = exposure_of(server, server.host);
  if (!exposure) return out.failed("access", with_hint(exposure.error()));
  sys::RealFiles files;
  sys::RealRng rng;
  const auto keys = access::Keys::open(context.layout.keys, {files, context.clock, rng});
  if (!keys) return out.failed("access", with_hint(keys.error()));
  const std::size_t count = (*keys)->list().size();
  const std::string has = fmt::format("{} key{}", count, count == 1 ? "" : "s");
  if (!exposure->keys_needed)
    return out.ok("access", fmt::format("{}: this machine alone, without a key", server.host));
  if (!(*keys)->any_usable()) {
    return out.failed("access", fmt::format("{} needs a key and there is none that is valid: docmind serve refuses to "
                                            "start. Make one: docmind keys add --scope ask",
                                            server.host));
  }
  if (exposure->loopback) return out.ok("access", fmt::format("{}, with keys: {}", server.host, has));
  out.degraded("access", fmt::format("{}: open to other machines, with keys ({}); nothing is encrypted: put a proxy "
                                     "with TLS before it (docs/access.md)",
                                     server.host, has));
}

void examine_shared(const DoctorContext& context, Findings& out) {
  const auto found = examine_shared_cache(context.loaded.settings, context.clock,
                                          Deadline::in(kPatience, context.clock), context.stop);
  if (!found)
    return out.degraded("shared cache", with_hint(found.error()) + " Answers are kept on this machine alone.");
  const std::string text = fmt::format("{} at {}", sys::printable(found->report.server), found->place);
  const std::vector<std::string> remarks = found->report.remarks();
  if (remarks.empty()) return out.ok("shared cache", text);
  out.degraded("shared cache", fmt::format("{}; {}", text, fmt::join(remarks, "; ")));
}

void examine_vectors(const DoctorContext& context, Findings& out) {
  const auto found = examine_vector_stores(context.loaded.settings, context.layout.data, context.clock,
                                           Deadline::in(kPatience, context.clock), context.stop);
  if (found) return out.ok("vector store", *found);
  out.degraded("vector store", with_hint(found.error()) + " Vectors are searched in this machine's memory.");
}

}  // namespace

json::object examine_machine(const DoctorContext& context) {
  Findings out;
  const sys::Machine machine = sys::this_machine();
  examine_processor(machine, out);
  examine_memory(machine.memory, out);
  examine_disk(context.layout, out);
  const auto devices = examine_devices(context, out);
  examine_models(context.layout, out);
  examine_plan(context, machine.memory, devices, out);
  examine_settings(context.loaded, out);
  examine_access(context, out);
  if (!context.loaded.settings.cache.shared.empty()) examine_shared(context, out);
  if (context.loaded.settings.vectors.store != "embedded") examine_vectors(context, out);
  out.machine["sqlite"] = store::sqlite_version();
  out.ok("sqlite", store::sqlite_version());
  return out.take();
}

}  // namespace docmind::app
