#include "app/serving.h"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/json.hpp>

#include "app/exposure.h"
#include "app/liveness.h"
#include "app/settings_object.h"
#include "base/json.h"
#include "cli/exit_code.h"
#include "model/model_file.h"
#include "net/address.h"
#include "sys/files.h"
#include "sys/service_manager.h"

namespace docmind::app {
namespace {

constexpr int kPortsTried = 20;
constexpr auto kDrain = std::chrono::seconds(10);

struct Address {
  std::string host;
  std::optional<sys::ServiceManager::Socket> handed;  // Listens there already.
  std::optional<std::uint16_t> only;                  // This port and no other. Else `first`, or one of the next.
  std::uint16_t first = 0;
};

// Of a service others expect that it is where it was set up.
Address address_of(const cli::ServeOptions& options, const config::Settings::Server& settings,
                   const sys::ServiceManager& manager, std::optional<sys::ServiceManager::Socket> handed) {
  Address out;
  out.host = options.host.empty() ? settings.host : options.host;
  if (handed) out.host = handed->host;
  out.handed = std::move(handed);
  out.only = options.port;
  if (!out.only && manager.hears()) out.only = settings.port;
  out.first = settings.port;
  return out;
}

Result<std::uint16_t> listen(Holder& holder, Address address, const cli::Terminal& terminal) {
  if (address.handed) {
    DM_TRY(holder.listen_on(std::move(address.handed->fd)));
    return address.handed->port;
  }
  if (address.only) {
    auto port = holder.listen(*address.only);
    if (port || port.error().code != Code::kConflict) return port;
    return Error{Code::kConflict, fmt::format("port {} of {} is taken", *address.only, address.host),
                 "choose another one with --port, or 0 for any free one; as a service with server.port"};
  }
  for (int tried = 0;; ++tried) {
    auto port = holder.listen(static_cast<std::uint16_t>(address.first + tried));
    const bool taken = !port && port.error().code == Code::kConflict;
    if (!taken || tried == kPortsTried) return port;
    terminal.err(fmt::format("docmind: port {} is taken, trying the next\n", address.first + tried));
  }
}

// What /health/ready says, through the socket: the io thread, a thread of the server's and the service have answered.
Result<std::string> how_it_stands(const HolderDeps& deps, const Deadline& deadline, const std::stop_token& stop) {
  net::Request request;
  request.target.path = "/health/ready";
  const net::Endpoint self{.unix_path = deps.layout.socket.string()};
  const auto answer = DM_TRY(deps.client.call(self, request, {.deadline = deadline, .stop = stop}));
  boost::system::error_code failed;
  const auto body = boost::json::parse(answer.body, failed);
  const auto* found = failed ? nullptr : body.if_object();
  const auto* status = found == nullptr ? nullptr : found->if_contains("status");
  if (status != nullptr && status->is_string()) return std::string(status->get_string());
  return Error{Code::kInternal, "/health/ready answered something else", ""};
}

void tell(const sys::ServiceManager& manager, const std::string& lines, const obs::Log& log) {
  if (const Result<> told = manager.tell(lines); !told)
    log.failure(obs::Level::kWarn, "service_manager_not_told", told.error());
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

// One that does not load is no reason not to serve; the person who named it should not have to look into the log.
void look_at_model(const HolderDeps& deps, const cli::Terminal& terminal) {
  const std::string& name = deps.loaded.settings.engine.model;
  if (name.empty()) return;
  const auto file = find_model(deps.layout, name);
  if (!file) return;  // Holder::open says so.
  const auto read = model::read_model_file(*file);
  if (read) return;
  terminal.err(
      fmt::format("docmind: the chat model {} cannot be used: {}\n  Answers come in the documents' own words.\n",
                  sys::printable(name), read.error().message));
}

}  // namespace

int serve(const cli::ServeOptions& options, const HolderDeps& deps, const cli::Surroundings& here,
          sys::Signals& signals) {
  auto manager = sys::ServiceManager::of(deps.environment, ::getpid());
  if (!manager) return cli::report(manager.error(), here);
  auto handed = manager->take_socket();
  if (!handed) return cli::report(handed.error(), here);
  Address address = address_of(options, deps.loaded.settings.server, *manager, *std::move(handed));
  HolderDeps keeping = deps;
  keeping.keeps_up = true;
  keeping.host = address.host;
  auto holder = Holder::open(keeping);
  if (!holder) {
    Error error = std::move(holder).error();
    if (error.code == Code::kConflict) {
      error.hint =
          fmt::format("one docmind at a time serves {}; commands find it by themselves", deps.layout.data.string());
    }
    return cli::report(error, here);
  }
  const auto port = listen(**holder, std::move(address), here.terminal);
  if (!port) return cli::report(port.error(), here);
  // From here the port is open.
  const std::string listening = fmt::format("listening on http://{}:{}", in_address(keeping.host), *port);
  here.terminal.out(listening + "\n");
  // Ready is who listens: the library is open, and what is asked meanwhile waits for the models. One that does not load
  // is no reason to start all over; STATUS tells it.
  tell(*manager, "READY=1\nSTATUS=" + listening, deps.log);
  if (!net::is_loopback({.host = keeping.host})) {
    here.terminal.err(
        "docmind: other machines can reach this address: keys are needed, and nothing is encrypted (docs/access.md)\n");
  }
  look_at_model(deps, here.terminal);
  (*holder)->listen_for_metrics();
  (*holder)->warm_up();
  signals.on_hangup([&holder] { (void)static_cast<bool>((*holder)->reload_settings()); });  // It tells the log.
  const std::stop_token stop = signals.stop_token();
  const Look look = [&](const Deadline& deadline) { return how_it_stands(deps, deadline, stop); };
  tell_liveness(*manager, look, deps.clock, deps.log, stop);
  tell(*manager, "STOPPING=1", deps.log);
  signals.on_hangup({});
  here.terminal.err("docmind: stopping\n");
  (*holder)->stop(Deadline::in(kDrain, deps.clock));
  return cli::kOk;
}

int show_settings(const config::Loaded& loaded, const cli::ConfigOptions& options, const cli::Surroundings& here) {
  if (here.json && options.key.empty()) {
    here.terminal.out(settings_object(loaded, loaded) + "\n");
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
