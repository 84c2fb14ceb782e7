#include "app/roles.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <map>

#include "app/cache_server.h"
#include "app/layout.h"
#include "engine/devices.h"
#include "engine/loss.h"
#include "engine/out_of_memory.h"
#include "engine/serve.h"
#include "net/http.h"
#include "obs/log.h"
#include "parse/child.h"
#include "sys/clock.h"
#include "sys/files.h"
#include "sys/group_leader.h"
#include "sys/nvml.h"
#include "sys/process.h"
#include "sys/signals.h"

namespace docmind::app {
namespace {

// "--key=value" and "--key value".
std::map<std::string, std::string> options_of(const std::vector<std::string>& arguments) {
  std::map<std::string, std::string> options;
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (!argument.starts_with("--")) continue;
    const auto equals = argument.find('=');
    if (equals != std::string::npos) {
      options[argument.substr(2, equals - 2)] = argument.substr(equals + 1);
    } else if (i + 1 < arguments.size()) {
      options[argument.substr(2)] = arguments[++i];
    }
  }
  return options;
}

template <typename Number>
void read_number(const std::map<std::string, std::string>& options, const char* key, Number& to) {
  if (const auto found = options.find(key); found != options.end()) {
    std::from_chars(found->second.data(), found->second.data() + found->second.size(), to);
  }
}

int parse_role(const std::map<std::string, std::string>& options) {
  parse::ChildOptions child;
  if (const auto name = options.find("name"); name != options.end()) child.name = name->second;
  read_number(options, "max-input", child.max_input);
  read_number(options, "max-text", child.parse.max_text);
  read_number(options, "max-pages", child.parse.pdf.max_pages);
  child.parse.pdf.max_text_bytes = child.parse.max_text;
  auto library = pdf_library();
  if (library) child.parse.pdf.library = library->string();
  return parse::run_child(child);
}

int devices_role() {
  const auto devices = engine::compute_devices();
  if (!devices) {
    std::fputs((devices.error().message + "\n").c_str(), stderr);
    return 1;
  }
  std::fputs((engine::devices_json(*devices, sys::Nvml::load()) + "\n").c_str(), stdout);
  return 0;
}

int engine_role(const std::map<std::string, std::string>& options) {
  auto signals = sys::Signals::watch();
  if (!signals) return 1;
  const sys::RealClock clock;
  sys::RealFiles files;
  auto log = obs::Log::open({}, clock);
  if (!log) return 1;
  engine::EngineOptions engine;
  const auto text = [&](const char* key, std::string& to) {
    if (const auto found = options.find(key); found != options.end()) to = found->second;
  };
  text("model", engine.chat.model_path);
  text("socket", engine.socket_path);
  text("hash-memo", engine.hash_memo);
  text("kv-folder", engine.chat.kv_folder);
  read_number(options, "threads", engine.chat.threads);
  read_number(options, "context", engine.chat.context);
  read_number(options, "batch", engine.chat.step_tokens);
  read_number(options, "cpu-memory", engine.chat.cpu_memory);
  read_number(options, "gpu-memory", engine.chat.gpu_memory);
  read_number(options, "gpu-layers", engine.chat.gpu_layers);
  read_number(options, "beside", engine.chat.beside);
  text("device-map", engine.chat.device_map);
  read_number(options, "kv-bytes", engine.chat.kv_bytes);
  read_number(options, "draft", engine.chat.scheduling.draft);
  std::string cells = "auto";
  text("kv-cache-dtype", cells);
  engine.chat.cell_type = engine::cell_type_named(cells);
  const auto served = engine::serve(engine, {clock, files, **log}, (*signals)->stop_token());
  if (served) return 0;
  (*log)->failure(obs::Level::kError, "engine_failed", served.error());
  return served.error().code == Code::kResourceExhausted ? engine::kOutOfMemoryExit : 1;
}

// Prints one line: {"loss":{...}} or an error's object.
int loss_role(const std::map<std::string, std::string>& options) {
  auto signals = sys::Signals::watch();
  if (!signals) return 1;
  engine::LossOptions loss;
  if (const auto found = options.find("reference"); found != options.end()) loss.reference = found->second;
  if (const auto found = options.find("model"); found != options.end()) loss.candidate = found->second;
  const auto report = engine::measure_loss(loss, (*signals)->stop_token());
  const std::string line = report ? model::text_of(*report) : net::error_body(report.error());
  std::fputs((line + "\n").c_str(), stdout);
  return report ? 0 : 1;
}

// `docmind leader PARENT PROGRAM ARGUMENTS...`
int leader_role(const std::vector<std::string>& arguments) {
  sys::LeaderOptions options;
  if (arguments.size() < 3) return 2;
  std::from_chars(arguments[1].data(), arguments[1].data() + arguments[1].size(), options.parent);
  options.argv.assign(arguments.begin() + 2, arguments.end());
  return sys::lead_group(options);
}

}  // namespace

std::optional<int> run_role(const std::vector<std::string>& arguments) {
  if (arguments.empty()) return {};
  if (arguments.front() == "parse") return parse_role(options_of(arguments));
  if (arguments == std::vector<std::string>{"engine", "--devices"}) return devices_role();
  if (arguments.front() == "engine") return engine_role(options_of(arguments));
  if (arguments.front() == "loss") return loss_role(options_of(arguments));
  if (arguments.front() == "cache-worker") return cache_worker(options_of(arguments));
  if (arguments.front() == "leader") return leader_role(arguments);
  return {};
}

std::vector<std::string> leader_command(const Layout& layout) {
  return {layout.binary.string(), "leader", std::to_string(sys::process_id())};
}

std::vector<std::string> parse_arguments(const ParseLimits& limits) {
  return {"parse", fmt::format("--max-input={}", limits.input_bytes), fmt::format("--max-text={}", limits.text_bytes),
          fmt::format("--max-pages={}", limits.pages)};
}

}  // namespace docmind::app
