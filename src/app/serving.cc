#include "app/serving.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "app/exposure.h"
#include "app/settings_object.h"
#include "base/json.h"
#include "cli/exit_code.h"
#include "exec/wait.h"
#include "net/address.h"
#include "sys/files.h"

namespace docmind::app {
namespace {

constexpr int kPortsTried = 20;
constexpr auto kDrain = std::chrono::seconds(10);

// The port asked for and no other; else that of the settings or one of the next.
Result<std::uint16_t> listen(Holder& holder, const std::string& host, const cli::ServeOptions& options,
                             std::uint16_t first, const cli::Terminal& terminal) {
  if (options.port) {
    auto port = holder.listen(*options.port);
    if (port || port.error().code != Code::kConflict) return port;
    return Error{Code::kConflict, fmt::format("port {} of {} is taken", *options.port, host),
                 "choose another one with --port, or 0 for any free one"};
  }
  for (int tried = 0;; ++tried) {
    auto port = holder.listen(static_cast<std::uint16_t>(first + tried));
    const bool taken = !port && port.error().code == Code::kConflict;
    if (!taken || tried == kPortsTried) return port;
    terminal.err(fmt::format("docmind: port {} is taken, trying the next\n", first + tried));
  }
}

int show_setting(const config::Loaded& loaded, const std::string& key, const cli::Surroundings& here) {
  for (const config::SettingLine& line : config::show(loaded)) {
    if (line.key != key) continue;
    const boost::json::object object{{"key", line.key}, {"value", line.value}, {"origin", line.origin}};
    here.terminal.out((here.json ? to_text(object) : line.value) + "\n");
    return cli::kOk;
  }
  return cli::report({Code::kNotFound, "there is no setting " + sys::printable(key),
                      "All settings are listed by: docmind config show"},
                     here);
}

}  // namespace

int serve(const cli::ServeOptions& options, const HolderDeps& deps, const cli::Surroundings& here,
          sys::Signals& signals) {
  const config::Settings& settings = deps.loaded.settings;
  HolderDeps keeping = deps;
  keeping.keeps_up = true;
  keeping.host = options.host.empty() ? settings.server.host : options.host;
  auto holder = Holder::open(keeping);
  if (!holder) {
    Error error = std::move(holder).error();
    if (error.code == Code::kConflict) {
      error.hint =
          fmt::format("one docmind at a time serves {}; commands find it by themselves", deps.layout.data.string());
    }
    return cli::report(error, here);
  }
  const auto port = listen(**holder, keeping.host, options, settings.server.port, here.terminal);
  if (!port) return cli::report(port.error(), here);
  // From here the port is open.
  here.terminal.out(fmt::format("listening on http://{}:{}\n", in_address(keeping.host), *port));
  if (!net::is_loopback({.host = keeping.host})) {
    here.terminal.err(
        "docmind: other machines can reach this address: keys are needed, and nothing is encrypted (docs/access.md)\n");
  }
  (*holder)->warm_up();
  signals.on_hangup([&holder] { (void)static_cast<bool>((*holder)->reload_settings()); });  // It tells the log.
  exec::rest(Deadline::never(), signals.stop_token());
  signals.on_hangup({});
  here.terminal.err("docmind: stopping\n");
  (*holder)->stop(Deadline::in(kDrain, deps.clock));
  return cli::kOk;
}

int show_settings(const config::Loaded& loaded, const cli::ConfigOptions& options, const cli::Surroundings& here) {
  if (here.json && options.key.empty()) {
    here.terminal.out(settings_object(loaded, loaded.settings) + "\n");
    return cli::kOk;
  }
  if (!options.key.empty()) return show_setting(loaded, options.key, here);
  for (const config::SettingLine& line : config::show(loaded)) {
    const std::string origin = options.origin ? here.terminal.faint(line.origin) : std::string();
    here.terminal.out(fmt::format("{:28s} {:24s} {}\n", line.key, line.value, origin));
  }
  return cli::kOk;
}

}  // namespace docmind::app
