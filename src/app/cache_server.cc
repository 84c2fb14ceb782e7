#include "app/cache_server.h"

#include <fmt/format.h>
#include <unistd.h>

#include "cache/entries/entry_file.h"
#include "cache/guard/normalised.h"
#include "cache/server/cache_server.h"
#include "cli/exit_code.h"
#include "obs/log.h"
#include "sys/clock.h"
#include "sys/files.h"
#include "sys/keeper.h"
#include "sys/signals.h"

namespace docmind::app {
namespace {

constexpr auto kPatience = std::chrono::seconds(10);

std::vector<std::string> worker_command(const CacheServerContext& context, const std::string& host) {
  const auto& cache = context.settings.cache_server;
  return {context.layout.binary.string(),
          "cache-worker",
          fmt::format("--file={}", (context.layout.data / "cache-server.db").string()),
          fmt::format("--host={}", host),
          fmt::format("--entries={}", cache.max_entries),
          fmt::format("--bytes={}", cache.max_bytes),
          fmt::format("--hot-bytes={}", cache.hot_bytes),
          fmt::format("--value-bytes={}", cache.max_value_bytes),
          fmt::format("--log-level={}", context.settings.log.level)};
}

Result<> run_worker(const RoleOptions& options) {
  auto signals = DM_TRY(sys::Signals::watch());
  const sys::RealClock clock;
  sys::RealFiles files;
  obs::LogOptions logging;
  if (const auto level = obs::level_named(options.text("log-level"))) logging.levels.least = *level;
  const auto log = DM_TRY(obs::Log::open(logging, clock));
  cache::EntryFileOptions file{.path = options.text("file")};
  options.read("entries", file.max_entries);
  options.read("bytes", file.max_bytes);
  options.read("hot-bytes", file.hot_bytes);
  options.read("value-bytes", file.max_value_bytes);
  const auto entries = DM_TRY(cache::EntryFile::open(file, {clock, files, *log}));
  cache::CacheServerOptions serving;
  serving.max_value_bytes = file.max_value_bytes;
  serving.hosts.allowed.push_back(options.text("host"));
  serving.normalise = cache::normalised;
  const auto server = DM_TRY(cache::CacheServer::open(std::move(serving), sys::Fd(STDIN_FILENO), *entries, clock));
  server->run(signals->stop_token());
  return {};
}

}  // namespace

int serve_cache(const cli::CacheServerCommandOptions& options, const CacheServerContext& context) {
  const cli::Surroundings& here = context.here;
  const auto& cache = context.settings.cache_server;
  const std::string host = options.host.empty() ? cache.host : options.host;
  const std::uint16_t port = options.port.value_or(cache.port);
  const auto listening = cache::listen_for_cache(host, port);
  if (!listening) {
    Error error = listening.error();
    if (error.code == Code::kConflict) error.hint = "choose another one with --port, or 0 for any free one";
    return cli::report(error, here);
  }
  here.terminal.out(fmt::format("listening on http://{}:{}\n", host, listening->port));
  sys::SubprocessOptions worker{.argv = worker_command(context, host)};
  worker.input = sys::Input::kFd;
  worker.input_fd = listening->socket.get();
  worker.out = worker.err = sys::Output::kInherit;
  for (const auto& [name, value] : context.environment.all()) worker.env.push_back(name + "=" + value);
  const auto code = sys::keep_running(worker, kPatience, context.clock, context.stop, [&](const sys::Exit& exit) {
    here.terminal.err(fmt::format("docmind: the cache server was {}; it is started again\n", sys::describe(exit)));
  });
  if (!code) return cli::report(code.error(), here);
  return *code;
}

int cache_worker(const RoleOptions& options) {
  const auto served = run_worker(options);
  if (served) return cli::kOk;
  std::string line = fmt::format("docmind: {} {}\n", served.error().message, served.error().hint);
  const ssize_t ignored = ::write(STDERR_FILENO, line.data(), line.size());
  static_cast<void>(ignored);
  return 1;
}

}  // namespace docmind::app
