#include "app/run.h"

#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <iterator>

#include "app/backends.h"
#include "app/backups.h"
#include "app/bench.h"
#include "app/cache_server.h"
#include "app/connection.h"
#include "app/doctor.h"
#include "app/drift.h"
#include "app/holder.h"
#include "app/import.h"
#include "app/kv.h"
#include "app/layout.h"
#include "app/live_settings.h"
#include "app/log_settings.h"
#include "app/models.h"
#include "app/program_rollback.h"
#include "app/roles.h"
#include "app/serving.h"
#include "app/settings_files.h"
#include "app/shared_cache.h"
#include "app/systemd_unit.h"
#include "app/validate.h"
#include "app/vector_stores.h"
#include "app/vllm_options.h"
#include "cli/chat.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/mcp.h"
#include "config/load.h"
#include "net/client.h"
#include "sys/clock.h"
#include "sys/environment.h"
#include "sys/files.h"
#include "sys/line_reader.h"
#include "sys/paths.h"
#include "sys/process.h"
#include "sys/signals.h"

namespace docmind::app {
namespace {

constexpr std::uint64_t kLargestAnswer = 64U << 20U;

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written <= 0) return;  // Nobody reads any more.
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

cli::Terminal terminal_of(const sys::Environment& environment) {
  cli::Terminal terminal{[](std::string_view text) { write_all(STDOUT_FILENO, text); },
                         [](std::string_view text) { write_all(STDERR_FILENO, text); }};
  const bool plain = environment.get_filled("NO_COLOR").has_value() || environment.get("TERM") == "dumb";
  terminal.out_is_screen = sys::is_terminal(STDOUT_FILENO);
  terminal.colour = terminal.out_is_screen && !plain;
  terminal.live = sys::is_terminal(STDERR_FILENO) && environment.get("TERM") != "dumb";
  terminal.width = sys::terminal_width(STDERR_FILENO);
  return terminal;
}

config::Sources sources_of(const cli::Invocation& asked, const sys::Environment& environment) {
  config::Sources sources;
  if (auto folder = sys::config_folder(environment)) sources.folder = *folder;
  if (!asked.config.empty()) sources.file = asked.config;
  sources.environment = environment;
  for (const auto& [key, value] : asked.set) sources.flags.push_back({key, value, "--set"});
  if (!asked.data.empty()) sources.flags.push_back({"data", asked.data, "--data"});
  const auto* serving = std::get_if<cli::ServeOptions>(&asked.command);
  if (serving != nullptr && !serving->model.empty())
    sources.flags.push_back({"engine.model", serving->model, "--model"});
  const auto* pulling = std::get_if<cli::ModelsPullOptions>(&asked.command);
  if (pulling != nullptr && !pulling->from.empty())
    sources.flags.push_back({"models.endpoint", pulling->from, "--from"});
  return sources;
}

Result<obs::LogOptions> log_options(const config::Settings::Log& log, const cli::Terminal& terminal, bool serving) {
  obs::LogOptions options;
  options.levels = DM_TRY(log_levels_of(log, serving ? LogFor::kServer : LogFor::kCommand));
  options.format = log.format == "json" ? obs::LogFormat::kJson : obs::LogFormat::kConsole;
  if (log.format == "auto" && serving && !terminal.live) options.format = obs::LogFormat::kJson;
  options.colour = terminal.live ? obs::Colour::kOn : obs::Colour::kOff;
  options.file = log.file;
  return options;
}

Result<std::string> read_answer(const std::string& name, sys::Files& files) {
  if (name != "-") return files.read(name, kLargestAnswer);
  return std::string(std::istreambuf_iterator<char>(std::cin), {});
}

// What every command needs, in the order it comes into being.
struct Program {
  const cli::Invocation& asked;
  const config::Sources& sources;
  const config::Loaded& settings;
  const Layout& layout;
  const Clock& clock;
  net::Client& client;
  obs::Log& log;
  const sys::Environment& environment;
  cli::Surroundings here;
  sys::Signals& signals;
  std::stop_token stop;

  HolderDeps holder_deps() const { return {layout, sources, settings, environment, clock, client, log}; }
};

int ask_the_product(const Program& program, const std::function<int(Connection&)>& command) {
  Connection api({program.layout, program.clock, program.client,
                  [&]() -> Result<std::unique_ptr<Holding>> {
                    return std::unique_ptr<Holding>(DM_TRY(Holder::open(program.holder_deps())));
                  }},
                 program.stop);
  const int code = command(api);
  api.finish([&] { program.here.terminal.err("docmind: another command still uses this process; waiting for it\n"); });
  return code;
}

// The case of a command that is one request: Options decide which.
template <typename Options>
auto requesting(const Program& program, int (*command)(cli::Api&, const Options&, const cli::Surroundings&)) {
  return [&program, command](const Options& options) {
    return ask_the_product(program, [&](cli::Api& api) { return command(api, options, program.here); });
  };
}

// The case of a command that reads questions from standard input.
template <typename Options>
auto chatting(const Program& program,
              int (*command)(cli::Api&, const Options&, const cli::Surroundings&, const cli::Typing&)) {
  return [&program, command](const Options& options) {
    return ask_the_product(program, [&](Connection& api) {
      sys::LineReader lines(STDIN_FILENO);
      cli::Typing typing;
      typing.interactive = sys::is_terminal(STDIN_FILENO) && !program.here.json;
      typing.next_line = [&] { return lines.next(program.signals.stop_token()); };
      typing.go_on = [&] {
        program.signals.renew();
        api.stop_with(program.signals.stop_token());
      };
      return command(api, options, program.here, typing);
    });
  };
}

// The case of a command that works on the data directory's files as they are.
template <typename Options>
auto on_files(const Program& program, int (*command)(const Options&, const BackupsContext&)) {
  return [&program, command](const Options& options) {
    return command(options,
                   {program.layout, program.sources, program.settings, program.here, program.clock, program.stop});
  };
}

// Those that mend settings which cannot be loaded; nothing: it is another command.
std::optional<int> run_without_settings(const cli::Invocation& asked, const config::Sources& sources,
                                        const cli::Surroundings& here, const Clock& clock,
                                        const std::stop_token& stop) {
  if (const auto* migrating = std::get_if<cli::ConfigMigrateOptions>(&asked.command)) {
    return migrate_settings(*migrating, here);
  }
  const auto* going_back = std::get_if<cli::RollbackOptions>(&asked.command);
  if (going_back == nullptr || going_back->list) return std::nullopt;
  if (going_back->goes_back("program"))
    return roll_back_program(*going_back, {asked, sources.environment, clock, here, stop});
  if (going_back->goes_back("data")) return std::nullopt;
  return roll_back_settings(*going_back, {sources, here, clock});
}

int run_command(const Program& program) {
  const cli::Surroundings& here = program.here;
  return std::visit(
      Overloaded{
          requesting(program, cli::ingest),
          requesting(program, cli::ask),
          requesting(program, cli::search),
          requesting(program, cli::library),
          requesting(program, cli::backends),
          requesting(program, cli::ollama),
          requesting(program, cli::remove),
          requesting(program, cli::config_set),
          requesting(program, cli::cache_stats),
          requesting(program, cli::cache_purge),
          requesting(program, cli::keys_add),
          requesting(program, cli::keys_list),
          requesting(program, cli::keys_revoke),
          requesting(program, cli::templates_list),
          requesting(program, cli::templates_add),
          requesting(program, cli::templates_remove),
          requesting(program, cli::trace),
          requesting(program, cli::verify),
          requesting(program, cli::sessions_list),
          requesting(program, cli::sessions_show),
          requesting(program, cli::sessions_fork),
          requesting(program, cli::sessions_export),
          requesting(program, cli::sessions_delete),
          requesting(program, cli::performance),
          chatting(program, cli::chat),
          chatting(program, cli::sessions_resume),
          chatting(program, cli::mcp),
          [&](const cli::DoctorOptions&) {
            boost::json::object found =
                examine_machine({program.layout, program.settings, program.clock, program.stop});
            return ask_the_product(program, [&](cli::Api& api) { return cli::doctor(api, std::move(found), here); });
          },
          [&](const cli::ValidateOptions&) {
            return validate({program.layout, program.settings, program.environment, program.clock, program.client,
                             program.log, here, program.stop});
          },
          [&](const cli::BenchOptions& options) {
            return bench({program.layout, program.settings, program.environment, program.clock, program.client,
                          program.log, here, program.stop},
                         options);
          },
          [&](const cli::ImportOptions& options) {
            sys::RealFiles files;
            auto found = find_imports(options, here, files, program.stop);
            if (!found) return cli::report(found.error(), here);
            if (options.dry_run) return show_imports(*found, options, here);
            return ask_the_product(program,
                                   [&](cli::Api& api) { return import_all(api, *std::move(found), options, here); });
          },
          on_files(program, make_backup),
          on_files(program, restore_backup),
          on_files(program, roll_back),
          [&](const cli::ConfigMigrateOptions& options) { return migrate_settings(options, here); },
          [&](const cli::ConfigDriftOptions&) {
            return show_drift({program.layout, program.settings, program.clock, program.client, here, program.stop});
          },
          [&](const cli::ConfigOptions& options) { return show_settings(program.settings, options, here); },
          [&](const cli::ServeOptions& options) {
            return serve(options, program.holder_deps(), here, program.signals);
          },
          [&](const cli::CacheServerCommandOptions& options) {
            return serve_cache(options, {program.layout, program.settings.settings, program.environment, program.clock,
                                         here, program.stop});
          },
          [&](const cli::ServiceOptions& options) {
            return manage_service(options,
                                  {program.layout, program.environment, program.asked, program.here, program.stop});
          },
          [&](const cli::BackendsCommandOptions&) {
            return show_vllm_command(
                {program.settings.settings, program.layout, program.environment, program.clock, here, program.stop});
          },
          [&](const cli::KvOptions& options) {
            return show_kv(options, {program.layout, program.settings.settings, here, program.clock, program.stop});
          },
          [&](const cli::CompletionOptions& options) {
            here.terminal.out(cli::completion_script(options.shell));
            return cli::kOk;
          },
          [&](const cli::ModelsListOptions&) { return list_models({program.layout, here, program.stop}); },
          [&](const cli::ModelsImportOptions& options) {
            return import_model(options, {program.layout, here, program.stop});
          },
          [&](const cli::ModelsPullOptions& options) {
            return pull_model(options, program.settings.settings.models, program.clock,
                              {program.layout, here, program.stop});
          },
          [&](const cli::ModelsQuantizeOptions& options) {
            return quantize_model(options, {program.layout, here, program.stop});
          },
          [&](const cli::ModelsVerifyOptions& options) {
            return verify_models(options, {program.layout, here, program.stop});
          },
          [&](const cli::ModelsRemoveOptions& options) {
            return remove_models(options, {program.layout, here, program.stop});
          }},
      program.asked.command);
}

}  // namespace

int run(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  // The children's roles come first: they have their own arguments and settings.
  if (const auto code = run_role(arguments)) return *code;

  // Before any thread starts, so that all of them leave the signals to this one.
  auto signals = sys::Signals::watch();
  const sys::Environment environment = sys::Environment::of_process();
  cli::Terminal terminal = terminal_of(environment);
  sys::RealFiles files;
  const sys::RealClock clock;

  const auto parsed = cli::parse_command_line(arguments);
  if (const auto* reply = std::get_if<cli::Reply>(&parsed)) {
    terminal.out(reply->out);
    terminal.err(reply->err);
    return reply->code;
  }
  const cli::Invocation& asked = std::get<cli::Invocation>(parsed);
  std::error_code ignored;
  const cli::Surroundings here{terminal, std::filesystem::current_path(ignored), asked.json,
                               [&](const std::string& name) { return read_answer(name, files); }};
  if (!signals) return cli::report(signals.error(), here);

  const config::Sources sources = sources_of(asked, environment);
  if (const auto code = run_without_settings(asked, sources, here, clock, (*signals)->stop_token())) return *code;
  const auto settings = config::load(sources, files);
  if (!settings) {
    cli::report(settings.error(), here);
    return cli::kConfiguration;
  }
  if (const Result<> usable = check_settings(settings->settings); !usable) {
    cli::report(usable.error(), here);
    return cli::kConfiguration;
  }
  for (const std::string& warning : settings->warnings) terminal.err("docmind: " + warning + "\n");
  const bool looking = std::holds_alternative<cli::BackupOptions>(asked.command) ||
                       std::holds_alternative<cli::RollbackOptions>(asked.command);
  const auto layout = lay_out(settings->settings.data, environment, looking ? DataFolder::kThere : DataFolder::kMade);
  if (!layout) return cli::report(layout.error(), here);
  const bool serving = std::holds_alternative<cli::ServeOptions>(asked.command);
  auto logging = log_options(settings->settings.log, terminal, serving);
  if (!logging) return cli::report(logging.error(), here);
  const auto log = obs::Log::open(*std::move(logging), clock);
  if (!log) return cli::report(log.error(), here);
  const auto client = net::Client::open();
  if (!client) return cli::report(client.error(), here);

  return run_command({asked, sources, *settings, *layout, clock, **client, **log, environment, here, **signals,
                      (*signals)->stop_token()});
}

}  // namespace docmind::app
