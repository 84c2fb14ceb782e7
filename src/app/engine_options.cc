#include "app/engine_options.h"

#include <fmt/format.h>

#include "app/engine_steps.h"
#include "sys/process.h"

namespace docmind::app {

llamacpp::EngineChildOptions engine_options(std::uint32_t threads, const Layout& layout,
                                            const std::filesystem::path& model) {
  llamacpp::EngineChildOptions options;
  options.binary = layout.binary.string();
  options.model_path = model.string();
  options.socket_folder = layout.runtime.string();
  options.keeping.name = "embedding engine";
  options.threads = threads;
  return options;
}

llamacpp::EngineChildOptions chat_options(const config::Settings& settings, const Layout& layout,
                                          const std::filesystem::path& model, std::uint64_t beside) {
  const config::Settings::Engine& engine = settings.engine;
  llamacpp::EngineChildOptions options = engine_options(engine.threads, layout, model);
  options.keeping.name = "engine of the chat model";
  options.keeping.backend = "llamacpp";
  options.arguments = {fmt::format("--context={}", engine.context),
                       fmt::format("--batch={}", engine.batch),
                       fmt::format("--cpu-memory={}", engine.cpu_memory_bytes),
                       fmt::format("--gpu-memory={}", engine.gpu_memory_bytes),
                       fmt::format("--gpu-layers={}", engine.gpu_layers),
                       fmt::format("--device-map={}", engine.device_map),
                       fmt::format("--beside={}", beside),
                       fmt::format("--kv-cache-dtype={}", engine.kv_cache_dtype),
                       fmt::format("--hash-memo={}", (layout.cards / "chat_model.hash").string())};
  if (engine.kv_spill_bytes > 0) {
    options.arguments.push_back(fmt::format("--kv-folder={}", (layout.data / "kv").string()));
    options.arguments.push_back(fmt::format("--kv-bytes={}", engine.kv_spill_bytes));
  }
  if (const auto file = model::read_model_file(model)) {
    for (EngineStep& step : engine_steps(engine, *file)) {
      options.keeping.steps.push_back(std::move(step.name));
      options.step_arguments.push_back(std::move(step.arguments));
    }
  }
  options.keeping.step_helps = ended_for_memory(sys::memory_kills);
  // The engine's own words have to be the last ones when it is aborted, and it has to be gone at once.
  options.environment = {"GGML_NO_BACKTRACE=1"};
  return options;
}

}  // namespace docmind::app
