#include "llm/llamacpp/engine_child.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace docmind::llamacpp {
namespace {

constexpr std::size_t kMaxSocketPath = 107;

child::Launch launch(const EngineChildOptions& options, std::string socket, std::size_t step) {
  child::Launch out{.argv = {options.binary, "engine", "--model", options.model_path, "--socket", socket},
                    .environment = options.environment,
                    .endpoint = {.unix_path = std::move(socket)}};
  if (options.threads != 0) {
    out.argv.emplace_back("--threads");
    out.argv.push_back(std::to_string(options.threads));
  }
  out.argv.insert(out.argv.end(), options.arguments.begin(), options.arguments.end());
  for (std::size_t i = 0; i < std::min(step, options.step_arguments.size()); ++i) {
    out.argv.insert(out.argv.end(), options.step_arguments[i].begin(), options.step_arguments[i].end());
  }
  return out;
}

}  // namespace

Result<std::unique_ptr<child::ServerChild>> open_engine_child(EngineChildOptions options, EngineChildDeps deps) {
  if (options.socket_folder.size() + std::string_view("/engine-0123456789abcdef.sock").size() > kMaxSocketPath) {
    return Error{Code::kInvalidArgument, "The folder for the engine's socket has too long a name.",
                 "Set XDG_RUNTIME_DIR to a shorter path."};
  }
  DM_TRY(deps.files.make_dirs(options.socket_folder));
  child::ServerChildOptions keeping = std::move(options.keeping);
  keeping.stamp = [&files = deps.files, path = options.model_path]() -> Result<std::string> {
    return sys::stamp_of(DM_TRY(files.stat(path).with("the model")));
  };
  keeping.launch = [&rng = deps.rng, options = std::move(options)](std::size_t step) -> Result<child::Launch> {
    return launch(options, fmt::format("{}/engine-{:016x}.sock", options.socket_folder, rng.next()), step);
  };
  return child::ServerChild::open(std::move(keeping), {deps.clock, deps.files, deps.client, deps.log, deps.metrics});
}

}  // namespace docmind::llamacpp
