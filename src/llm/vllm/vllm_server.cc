#include "llm/vllm/vllm_server.h"

#include <fmt/format.h>

#include <csignal>
#include <utility>

#include "llm/vllm/steps.h"
#include "net/free_port.h"
#include "sys/process.h"

namespace docmind::vllm {
namespace {

constexpr auto kAskTime = std::chrono::minutes(3);         // It imports all of vLLM, from a cold disk perhaps.
constexpr Duration kStartTime = std::chrono::minutes(30);  // Kernels are compiled at the first one.

Result<std::uint16_t> port_for(const VllmService& service) {
  auto port = net::free_port(static_cast<std::uint16_t>(service.port));
  if (port || port.error().code != Code::kConflict) return port;
  return Error{
      Code::kConflict, fmt::format("port {} of vllm.port is taken by another program", service.port),
      fmt::format("Set vllm.port to another one, or to 0 for any that is free; a vLLM that runs there already is "
                  "used with vllm.url=http://127.0.0.1:{}.",
                  service.port)};
}

// What a file is, whether it is there or not: a change of it, its coming and its going give another text.
std::string stamp_of(sys::Files& files, const std::filesystem::path& path) {
  const auto stat = files.stat(path);
  return stat ? sys::stamp_of(*stat) + ";" : "absent;";
}

Place place_of(const VllmServerOptions& options) {
  return {.program = options.program,
          .home = options.folder,
          .passed_on = options.passed_on,
          .available_memory = sys::available_memory()};
}

}  // namespace

Result<VllmCommand> plan_command(const VllmServerOptions& options, std::size_t step, sys::Files& files,
                                 Deadline deadline, std::stop_token stop) {
  DM_TRY(files.make_dirs(options.folder));
  const Checkpoint checkpoint = DM_TRY(read_checkpoint(files, options.service.model_path));
  const Place place = place_of(options);
  const Installed installed = DM_TRY(ask_installed(
      {.program = options.program, .memo = options.folder / "installed.json", .environment = base_environment(place)},
      files, deadline, std::move(stop)));
  const VllmService service = after_steps(options.service, installed.build, step, checkpoint);
  return command_of(service, checkpoint, installed, place);
}

struct VllmServer::State {
  State(VllmServerOptions o, child::ServerChildDeps d) : options(std::move(o)), deps(d) {}

  VllmServerOptions options;
  const child::ServerChildDeps deps;
  std::stop_source ending;
  std::unique_ptr<child::ServerChild> child;  // Last: it uses all of the above.

  Result<child::Launch> launch(std::size_t step) const;
  child::ServerChildOptions keeping() const;
};

Result<child::Launch> VllmServer::State::launch(std::size_t step) const {
  VllmServerOptions now = options;
  now.service.port = DM_TRY(port_for(options.service));
  VllmCommand command =
      DM_TRY(plan_command(now, step, deps.files, Deadline::in(kAskTime, deps.clock), ending.get_token()));
  for (const std::string& what : command.left_out) {
    deps.log.event(obs::Level::kInfo, "vllm_setting", {{"what", what}});
  }
  command.argv.insert(command.argv.begin(), options.leader.begin(), options.leader.end());
  return child::Launch{.argv = std::move(command.argv),
                       .environment = std::move(command.environment),
                       .endpoint = {.host = now.service.host, .port = static_cast<std::uint16_t>(now.service.port)}};
}

child::ServerChildOptions VllmServer::State::keeping() const {
  child::ServerChildOptions out = options.keeping;
  const Build build = build_of(packaged_version(deps.files, options.program));
  out.start_timeout = kStartTime;
  out.steps = steps_of(options.service, build);
  out.launch = [this](std::size_t step) { return launch(step); };
  out.step_helps = [has_attention = build == Build::kDevice && !options.service.attention_backend.empty()](
                       const sys::Exit& exit, std::string_view said) {
    // Somebody ended it: what it said of memory before was not why.
    if (exit.signal == SIGKILL || exit.signal == SIGTERM) return false;
    return ended_for_memory(said) || (has_attention && ended_for_attention(said));
  };
  out.cause = cause_in;
  out.stamp = [this]() -> Result<std::string> {
    return stamp_of(deps.files, options.program) +
           stamp_of(deps.files, std::filesystem::path(options.service.model_path) / "config.json");
  };
  return out;
}

VllmServer::VllmServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

VllmServer::~VllmServer() { state_->ending.request_stop(); }

Result<std::unique_ptr<VllmServer>> VllmServer::open(VllmServerOptions options, Rng& rng, child::ServerChildDeps deps) {
  if (options.service.api_key.empty()) {
    options.service.api_key = fmt::format("{:016x}{:016x}", rng.next(), rng.next());
  }
  auto state = std::make_unique<State>(std::move(options), deps);
  state->child = DM_TRY(child::ServerChild::open(state->keeping(), deps));
  return std::unique_ptr<VllmServer>(new VllmServer(std::move(state)));
}

child::ServerChild& VllmServer::child() { return *state_->child; }

const std::string& VllmServer::api_key() const { return state_->options.service.api_key; }

}  // namespace docmind::vllm
