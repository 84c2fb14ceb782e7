#include "app/roles.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <iostream>
#include <iterator>

#include "app/cache_server.h"
#include "app/cards.h"
#include "app/layout.h"
#include "app/role_options.h"
#include "engine/devices.h"
#include "engine/loss.h"
#include "engine/out_of_memory.h"
#include "engine/serve.h"
#include "net/http.h"
#include "obs/log.h"
#include "parse/child.h"
#include "print/pdf.h"
#include "sys/clock.h"
#include "sys/files.h"
#include "sys/group_leader.h"
#include "sys/nvml.h"
#include "sys/process.h"
#include "sys/signals.h"

namespace docmind::app {
namespace {

int parse_role(const RoleOptions& options) {
  parse::ChildOptions child;
  options.read("name", child.name);
  options.read("max-input", child.max_input);
  options.read("max-text", child.parse.max_text);
  options.read("max-pages", child.parse.pdf.max_pages);
  options.read("page", child.page);
  options.read("width", child.width);
  child.parse.pdf.max_text_bytes = child.parse.max_text;
  auto library = pdf_library();
  if (library) child.parse.pdf.library = library->string();
  return parse::run_child(child);
}

// A paper as JSON on standard input, its PDF on standard output (print/child_printer.h).
int print_role() {
  const auto paper = print::paper_of(std::string(std::istreambuf_iterator<char>(std::cin), {}));
  const auto pdf = paper ? print::to_pdf(*paper) : paper.error();
  if (pdf) return std::fwrite(pdf->data(), 1, pdf->size(), stdout) == pdf->size() ? 0 : 2;
  std::fputs((pdf.error().message + "\n" + pdf.error().hint + "\n").c_str(), stderr);
  return 1;
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

int engine_role(const RoleOptions& options) {
  auto signals = sys::Signals::watch();
  if (!signals) return 1;
  const sys::RealClock clock;
  sys::RealFiles files;
  auto log = obs::Log::open({}, clock);
  if (!log) return 1;
  engine::EngineOptions engine;
  options.read("model", engine.chat.model_path);
  options.read("socket", engine.socket_path);
  options.read("hash-memo", engine.hash_memo);
  options.read("kv-folder", engine.chat.kv_folder);
  options.read("threads", engine.chat.threads);
  options.read("context", engine.chat.context);
  options.read("batch", engine.chat.step_tokens);
  options.read("cpu-memory", engine.chat.cpu_memory);
  options.read("gpu-memory", engine.chat.gpu_memory);
  options.read("gpu-layers", engine.chat.gpu_layers);
  options.read("beside", engine.chat.beside);
  options.read("device-map", engine.chat.device_map);
  options.read("kv-bytes", engine.chat.kv_bytes);
  options.read("draft", engine.chat.scheduling.draft);
  std::string cells = "auto";
  options.read("kv-cache-dtype", cells);
  engine.chat.cell_type = engine::cell_type_named(cells);
  const auto served = engine::serve(engine, {clock, files, **log}, (*signals)->stop_token());
  if (served) return 0;
  (*log)->failure(obs::Level::kError, "engine_failed", served.error());
  return served.error().code == Code::kResourceExhausted ? engine::kOutOfMemoryExit : 1;
}

int cards_role(const RoleOptions& options) {
  CardsOptions cards;
  options.read("library", cards.library);
  options.read("every", cards.every_ms);
  return print_cards(cards);
}

// Prints one line: {"loss":{...}} or an error's object.
int loss_role(const RoleOptions& options) {
  auto signals = sys::Signals::watch();
  if (!signals) return 1;
  engine::LossOptions loss;
  options.read("reference", loss.reference);
  options.read("model", loss.candidate);
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
  if (arguments.front() == "parse") return parse_role(RoleOptions(arguments));
  if (arguments.front() == "print") return print_role();
  if (arguments == std::vector<std::string>{"engine", "--devices"}) return devices_role();
  if (arguments.front() == "engine") return engine_role(RoleOptions(arguments));
  if (arguments.front() == "cards") return cards_role(RoleOptions(arguments));
  if (arguments.front() == "loss") return loss_role(RoleOptions(arguments));
  if (arguments.front() == "cache-worker") return cache_worker(RoleOptions(arguments));
  if (arguments.front() == "leader") return leader_role(arguments);
  return {};
}

std::vector<std::string> leader_command(const Layout& layout) {
  return {layout.binary.string(), "leader", std::to_string(sys::process_id())};
}

std::vector<std::string> cards_command(const Layout& layout, const std::string& library) {
  std::vector<std::string> command = {layout.binary.string(), "cards"};
  if (!library.empty()) command.push_back("--library=" + library);
  return command;
}

std::vector<std::string> parse_arguments(const ParseLimits& limits) {
  return {"parse", fmt::format("--max-input={}", limits.input_bytes), fmt::format("--max-text={}", limits.text_bytes),
          fmt::format("--max-pages={}", limits.pages)};
}

}  // namespace docmind::app
