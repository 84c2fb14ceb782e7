#include "app/chat_plan.h"

#include <utility>

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

Result<std::vector<engine::ComputeDevice>> ask_devices(const Layout& layout, Deadline deadline, std::stop_token stop) {
  sys::SubprocessOptions child;
  child.argv = {layout.binary.string(), "engine", "--devices"};
  const sys::Finished done = DM_TRY(sys::run_process(std::move(child), deadline, std::move(stop)));
  if (done.exit.clean()) return engine::devices_of(done.out);
  return Error{Code::kUnavailable, "The engine cannot say what devices it has: " + sys::describe(done.exit) + ".",
               "Reinstall docmind, or the driver of the card."};
}

Result<engine::MemoryPlan> plan_chat_model(const config::Settings& settings, const Layout& layout,
                                           const model::ModelFile& file,
                                           const std::vector<engine::ComputeDevice>& devices, std::uint64_t available) {
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
  return engine::plan_chat(options, file, devices, available);
}

}  // namespace docmind::app
