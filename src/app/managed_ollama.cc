#include "app/managed_ollama.h"

#include <utility>

#include "app/roles.h"
#include "llm/ollama/ollama_process.h"

namespace docmind::app {
namespace {

ollama::OllamaProcessOptions process_options(const BackendsDeps& deps, ollama::Reaches reaches) {
  const config::Settings& settings = deps.settings;
  const Layout& layout = deps.layout;
  return {.program = settings.ollama.program,
          .leader = leader_command(layout),
          .folder = layout.data / "ollama",
          .logs = layout.data / "logs",
          .port = reaches == ollama::Reaches::kNothing ? settings.ollama.port : std::uint16_t{0},
          .keep_alive = settings.ollama.keep_alive,
          .parallel = settings.ollama.parallel,
          .reaches = reaches,
          .passed_on = deps.environment.pick(ollama::names_passed_on(reaches))};
}

// The one that answers; for a pull another one, which goes when the pull is over.
ollama::Where where_of(child::ServerChild& child, const BackendsDeps& deps) {
  return [&child, deps](ollama::Reaches reaches, Deadline deadline, std::stop_token stop) -> Result<ollama::Place> {
    if (reaches == ollama::Reaches::kNothing) {
      return ollama::Place{.endpoint = DM_TRY(child.running(deadline, std::move(stop))).endpoint};
    }
    const std::shared_ptr<child::ServerChild> pulling = DM_TRY(ollama::open_ollama(
        process_options(deps, reaches), {deps.clock, deps.files, deps.client, deps.log, deps.metrics}));
    return ollama::Place{.endpoint = DM_TRY(pulling->running(deadline, std::move(stop))).endpoint, .needed = pulling};
  };
}

}  // namespace

Result<std::unique_ptr<ManagedOllama>> ManagedOllama::open(const BackendsDeps& deps) {
  const config::Settings& settings = deps.settings;
  std::unique_ptr<ManagedOllama> out(new ManagedOllama);
  out->child_ = DM_TRY(ollama::open_ollama(process_options(deps, ollama::Reaches::kNothing),
                                           {deps.clock, deps.files, deps.client, deps.log, deps.metrics}));
  out->models_ = std::make_unique<ollama::OllamaModels>(where_of(*out->child_, deps), deps.client, deps.clock);
  const bool is_ours = settings.ollama.model.empty() || settings.ollama.model == ollama::kOwnName;
  if (!is_ours || settings.engine.model.empty()) return out;
  ollama::OwnModelOptions own{.file = DM_TRY(find_model(deps.layout, settings.engine.model)),
                              .record = deps.layout.data / "ollama" / "own_model.json",
                              .context = settings.ollama.context};
  out->own_ = std::make_unique<ollama::OwnModel>(std::move(own),
                                                 ollama::OwnModelDeps{*out->models_, deps.files, deps.clock, deps.log});
  return out;
}

}  // namespace docmind::app
