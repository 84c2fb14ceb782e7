#include "app/vllm_options.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <utility>

#include "app/roles.h"
#include "base/json.h"
#include "cli/exit_code.h"
#include "config/source.h"
#include "llm/vllm/service.h"

namespace docmind::app {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr auto kPatience = std::chrono::minutes(3);

Result<vllm::ServiceRead> read_file(const std::string& file, sys::Files& files) {
  if (file.empty()) return vllm::read_service({});
  const std::string text = DM_TRY(files.read(file, config::kMaxFileBytes).with("read the file of vllm.service"));
  std::vector<vllm::ServiceEntry> entries;
  for (config::Assignment& one : DM_TRY(config::read_service_yaml(text, file))) {
    entries.push_back({std::move(one.key), std::move(one.value), std::move(one.origin)});
  }
  auto out = DM_TRY(vllm::read_service(entries));
  fs::path model = out.service.model_path;
  if (model.is_relative()) out.service.model_path = (fs::path(file).parent_path() / model).lexically_normal().string();
  return out;
}

// For a POSIX shell: nothing in it means anything there.
std::string shell_word(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string script_of(const vllm::VllmCommand& command) {
  std::string out = "# The vLLM that DocMind would start. Its key, if it shall have one: VLLM_API_KEY.\n";
  for (const std::string& variable : command.environment) {
    const std::size_t equals = variable.find('=');
    out += fmt::format("export {}={}\n", variable.substr(0, equals), shell_word(variable.substr(equals + 1)));
  }
  out += "exec";
  for (const std::string& word : command.argv) out += " " + shell_word(word);
  return out + "\n";
}

json::object json_of(const vllm::VllmCommand& command) {
  return {{"argv", json::value_from(command.argv)},
          {"environment", json::value_from(command.environment)},
          {"left_out", json::value_from(command.left_out)}};
}

Result<vllm::VllmCommand> plan(const VllmCommandContext& context, std::vector<std::string>& warnings) {
  if (context.settings.vllm.program.empty()) {
    return Error{Code::kInvalidArgument, "vllm.program is not set, so there is no vLLM to start",
                 "Name the vllm program of an installed vLLM: --set vllm.program=/opt/vllm/bin/vllm"};
  }
  sys::RealFiles files;
  VllmOptions options = DM_TRY(vllm_options(context.settings, context.layout, context.environment, files));
  warnings = std::move(options.warnings);
  options.server.service.api_key.clear();
  return vllm::plan_command(options.server, 0, files, Deadline::in(kPatience, context.clock), context.stop);
}

}  // namespace

Result<VllmOptions> vllm_options(const config::Settings& settings, const Layout& layout,
                                 const sys::Environment& environment, sys::Files& files) {
  auto read = DM_TRY(read_file(settings.vllm.service, files));
  VllmOptions out{.warnings = std::move(read.warnings)};
  vllm::VllmService& service = read.service;
  if (!settings.vllm.model_folder.empty()) service.model_path = settings.vllm.model_folder;
  if (settings.vllm.port >= 0) service.port = static_cast<std::uint32_t>(settings.vllm.port);
  if (!settings.vllm.api_key.empty()) service.api_key = settings.vllm.api_key;
  out.server.program = settings.vllm.program;
  out.server.service = std::move(service);
  out.server.folder = layout.data / "vllm";
  out.server.passed_on = environment.pick({"PATH", "CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH"});
  out.server.leader = leader_command(layout);
  out.server.keeping.name = "vLLM";
  out.server.keeping.backend = "vllm";
  out.server.keeping.log_file = (layout.data / "logs" / "vllm.log").string();
  return out;
}

int show_vllm_command(const VllmCommandContext& context) {
  std::vector<std::string> warnings;
  const auto command = plan(context, warnings);
  if (!command) return cli::report(command.error(), context.here);
  const cli::Terminal& terminal = context.here.terminal;
  if (context.here.json) {
    terminal.out(to_text(json_of(*command)) + "\n");
    return cli::kOk;
  }
  for (const std::string& warning : warnings) terminal.err("docmind: " + warning + "\n");
  for (const std::string& what : command->left_out) terminal.err("docmind: " + what + "\n");
  terminal.out(script_of(*command));
  return cli::kOk;
}

}  // namespace docmind::app
