#include "app/systemd_unit.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>

#include "base/json.h"
#include "cli/exit_code.h"
#include "sys/files.h"
#include "sys/paths.h"
#include "sys/subprocess.h"

namespace docmind::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* kUnit = "docmind.service";
constexpr const char* kOurs = "# Written by `docmind service install`";
constexpr const char* kBooted = "/run/systemd/system";  // sd_booted(3)
constexpr std::uint64_t kLargestUnit = 64U << 10U;

// One word of ExecStart=, systemd.service(5) "Command lines".
Result<std::string> word(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < ' ')
      return Error{Code::kInvalidArgument, "a unit cannot hold a path with control characters", "Use another folder."};
    if (c == '"' || c == '\\') out += '\\';
    if (c == '%' || c == '$') out += c;
    out += c;
  }
  return out + "\"";
}

Result<fs::path> unit_file(const sys::Environment& environment) {
  return DM_TRY(sys::config_folder(environment)).parent_path() / "systemd" / "user" / kUnit;
}

Result<bool> is_ours(const fs::path& file, sys::Files& files) {
  const auto text = files.read(file, kLargestUnit);
  if (!text && text.error().code == Code::kNotFound) return false;
  if (!text) return text.error();
  if (text->starts_with(kOurs)) return true;
  return Error{Code::kConflict, sys::printable(file) + " is a unit that somebody else wrote",
               "Move it away, or change it by hand."};
}

// What the service is to be started with.
std::vector<std::string> serve_command(const UnitContext& context) {
  std::vector<std::string> out = {context.layout.binary.string(), "--data", context.layout.data.string()};
  if (!context.asked.config.empty()) {
    out.insert(out.end(), {"--config", (context.here.folder / context.asked.config).lexically_normal().string()});
  }
  for (const auto& [key, value] : context.asked.set) out.insert(out.end(), {"--set", key + "=" + value});
  out.emplace_back("serve");
  return out;
}

Result<> write_unit(const UnitContext& context) {
  sys::RealFiles files;
  const fs::path file = DM_TRY(unit_file(context.environment));
  (void)DM_TRY(is_ours(file, files));
  const std::string text = DM_TRY(user_unit(serve_command(context)));
  DM_TRY(files.make_dirs(file.parent_path()));
  return files.write_atomic(file, text);
}

Result<> remove_unit(const UnitContext& context) {
  sys::RealFiles files;
  const fs::path file = DM_TRY(unit_file(context.environment));
  if (DM_TRY(is_ours(file, files))) DM_TRY(files.remove(file));
  return {};
}

using Words = std::vector<std::string>;

// The commands that do it, one after the other.
std::vector<Words> commands(const cli::ServiceOptions& options) {
  using enum cli::ServiceAction;
  const std::string user = options.system ? "--system" : "--user";
  switch (options.action) {
    case kInstall:
      return {{"/usr/bin/systemctl", user, "daemon-reload"}, {"/usr/bin/systemctl", user, "enable", "--now", kUnit}};
    case kUninstall:
      return {{"/usr/bin/systemctl", user, "disable", "--now", kUnit}};
    case kStart:
      return {{"/usr/bin/systemctl", user, "start", kUnit}};
    case kStop:
      return {{"/usr/bin/systemctl", user, "stop", kUnit}};
    case kStatus:
      return {{"/usr/bin/systemctl", user, "status", "--no-pager", "--full", kUnit}};
    case kLogs:
      break;
  }
  Words logs = {"/usr/bin/journalctl", options.system ? "--unit" : "--user-unit", kUnit, "--no-pager",
                "--lines=" + std::to_string(options.lines)};
  if (options.follow) logs.emplace_back("--follow");
  return {logs};
}

struct Ran {
  bool done = true;
  std::string said;
};

Result<Ran> run(const std::vector<Words>& all, const UnitContext& context) {
  Ran ran;
  for (const Words& words : all) {
    sys::SubprocessOptions options{.argv = words};
    options.out = options.err = context.here.json ? sys::Output::kCapture : sys::Output::kInherit;
    for (const auto& [name, value] : context.environment.all()) options.env.push_back(name + "=" + value);
    const auto finished = DM_TRY(sys::run_process(std::move(options), Deadline::never(), context.stop));
    ran.said += finished.out + finished.err;
    ran.done = finished.exit.clean();
    if (!ran.done) break;
  }
  return ran;
}

Result<Ran> manage(const cli::ServiceOptions& options, const UnitContext& context) {
  std::error_code ignored;
  if (!fs::is_directory(kBooted, ignored)) {
    return Error{
        Code::kUnavailable, "systemd does not run here",
        "Have what starts services here start: docmind serve (docs/install.md); in a container it is the command."};
  }
  const bool own = !options.system;
  if (own && options.action == cli::ServiceAction::kInstall) DM_TRY(write_unit(context));
  Ran ran = DM_TRY(run(commands(options), context));
  if (own && ran.done && options.action == cli::ServiceAction::kUninstall) {
    DM_TRY(remove_unit(context));
    ran = DM_TRY(run({{"/usr/bin/systemctl", "--user", "daemon-reload"}}, context));
  }
  return ran;
}

std::string_view afterwards(const cli::ServiceOptions& options) {
  if (options.action == cli::ServiceAction::kInstall && !options.system)
    return "docmind: it runs while you are logged in; always, after: loginctl enable-linger\n";
  if (options.action == cli::ServiceAction::kUninstall) return "docmind: the library and all other data stay\n";
  return "";
}

}  // namespace

Result<std::string> user_unit(const std::vector<std::string>& command) {
  std::string line;
  for (const std::string& text : command) line += (line.empty() ? "" : " ") + DM_TRY(word(text));
  return fmt::format(
      "{}; `docmind service uninstall` takes it away.\n"
      "[Unit]\n"
      "Description=DocMind, answers from your documents\n"
      "StartLimitIntervalSec=5min\n"
      "StartLimitBurst=6\n"
      "\n"
      "[Service]\n"
      "Type=notify\n"
      "ExecStart={}\n"
      "ExecReload=kill -HUP $MAINPID\n"
      "Restart=always\n"
      "RestartSec=5\n"
      "RestartPreventExitStatus={}\n"
      "WatchdogSec=60\n"
      "TimeoutStartSec=2min\n"
      "TimeoutStopSec=30\n"
      "KillMode=mixed\n"
      "LimitCORE=0\n"
      "UMask=0077\n"
      "NoNewPrivileges=yes\n"
      "\n"
      "[Install]\n"
      "WantedBy=default.target\n",
      kOurs, line, static_cast<int>(cli::kConfiguration));
}

int manage_service(const cli::ServiceOptions& options, const UnitContext& context) {
  const auto ran = manage(options, context);
  if (!ran) return cli::report(ran.error(), context.here);
  if (context.here.json) {
    context.here.terminal.out(
        to_text(boost::json::object{
            {"unit", kUnit}, {"system", options.system}, {"done", ran->done}, {"said", ran->said}}) +
        "\n");
  }
  if (ran->done) context.here.terminal.err(afterwards(options));
  return ran->done ? cli::kOk : cli::kFailed;
}

}  // namespace docmind::app
