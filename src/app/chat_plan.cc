#include "app/chat_plan.h"

#include <boost/json.hpp>
#include <utility>

#include "base/json.h"
#include "sys/process.h"
#include "sys/subprocess.h"

namespace docmind::app {

namespace {

std::uint64_t bytes_of(const std::string& model, std::uint32_t asked, const Layout& layout) {
  if (model.empty()) return 0;
  const auto path = find_model(layout, model);
  if (!path) return 0;
  const auto file = model::read_model_file(*path);
  if (!file) return 0;
  const std::size_t threads = asked != 0 ? asked : sys::cpu_count();
  return engine::encoder_bytes(*file, engine::kEmbeddingWindow, static_cast<std::uint32_t>(threads));
}

}  // namespace

std::uint64_t beside_chat(const config::Settings& settings, const Layout& layout) {
  return bytes_of(settings.embedder.model, settings.embedder.threads, layout) +
         bytes_of(settings.reranker.model, settings.reranker.threads, layout);
}

Result<Devices> ask_devices(const Layout& layout, Deadline deadline, std::stop_token stop) {
  sys::SubprocessOptions child;
  child.argv = {layout.binary.string(), "engine", "--devices"};
  const auto failed = [](const std::string& how) {
    return Error{Code::kUnavailable, "The engine cannot say what devices it has: " + how + ".",
                 "Reinstall docmind, or the driver of the card."};
  };
  const auto done = sys::run_process(std::move(child), deadline, std::move(stop));
  if (!done) return done.error().code == Code::kCancelled ? done.error() : failed(done.error().message);
  if (!done->exit.clean()) return failed(sys::describe(done->exit));
  Devices out;
  out.devices = DM_TRY(engine::devices_of(done->out));
  out.told = DM_TRY(parse_json(done->out)).as_object();  // devices_of has seen that it is one.
  return out;
}

engine::ChatEngineOptions memory_options(const config::Settings& settings, const Layout& layout) {
  const config::Settings::Engine& of = settings.engine;
  engine::ChatEngineOptions options;
  options.context = of.context;
  options.cell_type = engine::cell_type_named(of.kv_cache_dtype);
  options.cpu_memory = of.cpu_memory_bytes;
  options.gpu_memory = of.gpu_memory_bytes;
  options.beside = beside_chat(settings, layout);
  options.gpu_layers = of.gpu_layers;
  options.device_map = of.device_map;
  options.step_tokens = of.batch;
  return options;
}

Result<engine::MemoryPlan> plan_chat_model(const config::Settings& settings, const Layout& layout,
                                           const model::ModelFile& file,
                                           const std::vector<engine::ComputeDevice>& devices, std::uint64_t available) {
  return engine::plan_chat(memory_options(settings, layout), file, devices, available);
}

}  // namespace docmind::app
