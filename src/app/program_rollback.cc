#include "app/program_rollback.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "app/backups.h"
#include "app/trial.h"
#include "base/deadline.h"
#include "base/json.h"
#include "base/json_members.h"
#include "cli/exit_code.h"
#include "exec/wait.h"
#include "sys/process.h"

namespace docmind::app {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

// As cmake/package.cmake and deploy/ have them.
constexpr const char* kConfig = "/etc/docmind/docmind.yaml";
constexpr const char* kUser = "docmind";
constexpr const char* kHome = "HOME=/var/lib/docmind";
constexpr const char* kUnit = "docmind.service";
constexpr const char* kSocket = "docmind.socket";
constexpr const char* kArchives = "/var/cache/apt/archives";
constexpr const char* kBooted = "/run/systemd/system";  // sd_booted(3)

constexpr auto kPatience = std::chrono::minutes(2);       // With each program that only looks.
constexpr auto kLongPatience = std::chrono::minutes(30);  // With data that goes back, and with dpkg.
constexpr auto kUntilReady = std::chrono::seconds(90);
constexpr auto kBetweenLooks = std::chrono::milliseconds(200);

using Words = std::vector<std::string>;

std::string last_words(const sys::Finished& finished) {
  std::string text = finished.err.empty() ? finished.out : finished.err;
  while (text.ends_with('\n')) text.pop_back();
  return text.substr(text.size() - std::min<std::size_t>(text.size(), 500));
}

class ProgramRollback {
 public:
  ProgramRollback(const cli::RollbackOptions& options, const ProgramRollbackDeps& deps)
      : options_(options), deps_(deps) {}

  Result<RolledBackProgram> run() {
    done_.from = DM_TRY(installed_version(deps_.binary, deps_.run));
    if (!deps_.root)
      return Error{Code::kUnauthorized, "another program can be installed by root alone",
                   "sudo docmind rollback program"};
    if (deps_.flags)
      return Error{Code::kInvalidArgument, "rollback program is of the service: --data and --set are not for it",
                   "Its settings file says where its data is; name another file with --config."};
    if (options_.goes_back("settings")) DM_TRY(settings_back());
    auto done = look_ahead();
    if (done) done = change();
    if (!done) return std::move(done).error();
    return done_;
  }

 private:
  // Of the settings it is said at once: everything else can fail after them.
  Result<> settings_back() {
    Words words = of_the_service(deps_.binary, {"rollback", "settings"});
    if (!options_.to.empty() && !options_.goes_back("data")) words.insert(words.end(), {"--to", options_.to});
    const auto ran = DM_TRY(deps_.run(std::move(words)));
    if (!ran.exit.clean()) return Error{Code::kConflict, last_words(ran), "Nothing was changed."};
    done_.settings = true;
    return {};
  }

  // What can be known before anything is stopped.
  Result<> look_ahead() {
    const fs::path given =
        options_.package.empty() ? fs::path(kArchives) : (deps_.folder / options_.package).lexically_normal();
    PackageFile found = DM_TRY(unchanged(older_package(given, done_.from, deps_.files, deps_.run)));
    // A copy of our own: what is installed is what was looked at.
    const fs::path copy = deps_.scratch / "docmind.deb";
    std::error_code failed;
    fs::copy_file(found.path, copy, failed);
    if (failed)
      return unchanged(
          Result<>(Error{Code::kResourceExhausted, "the package cannot be copied: " + failed.message(), ""}));
    package_ = DM_TRY(unchanged(read_package(copy, deps_.run)));
    if (package_.version != found.version)
      return unchanged(Result<>(Error{Code::kConflict, sys::printable(found.path) + " is being changed", ""}));
    done_.to = package_.version;
    done_.package = std::move(found.path);
    const fs::path data = DM_TRY(unchanged(where_its_data_is()));
    return unchanged(options_.goes_back("data") ? choose_backup(data) : can_read(data));
  }

  // The older program itself says whether it takes the settings, and where the data is.
  Result<fs::path> where_its_data_is() {
    const fs::path tree = deps_.scratch / "tree";
    const auto unpacked = DM_TRY(deps_.run({"/usr/bin/dpkg-deb", "--extract", package_.path.string(), tree.string()}));
    if (!unpacked.exit.clean())
      return Error{Code::kDataLoss, "the package cannot be unpacked: " + last_words(unpacked), ""};
    const auto ran = DM_TRY(deps_.run(of_the_service(tree / "usr/bin/docmind", {"config", "get", "data"})));
    if (ran.exit.clean()) return fs::path(ran.out.substr(0, ran.out.find('\n')));
    if (ran.exit.code == cli::kConfiguration) {
      return Error{Code::kConflict,
                   fmt::format("docmind {} does not take the settings: {}", package_.version, last_words(ran)),
                   "Mend that line, or docmind rollback program settings."};
    }
    return Error{Code::kUnavailable,
                 fmt::format("docmind {} does not start here: {}", package_.version, last_words(ran)), ""};
  }

  Result<> can_read(const fs::path& data) const {
    for (const auto& [name, oldest] : DM_TRY(deps_.needs(data))) {
      const auto known = package_.formats.find(name);
      const std::uint32_t newest = known == package_.formats.end() ? 0 : known->second;
      if (oldest <= newest) continue;
      return Error{Code::kConflict,
                   fmt::format("docmind {} cannot read {} as it is now: it needs schema {}, and knows {}",
                               package_.version, name, oldest, newest),
                   "docmind rollback program data takes the newest backup that it can read, too."};
    }
    return {};
  }

  Result<> choose_backup(const fs::path& data) {
    done_.data = DM_TRY(deps_.backup_for(data, package_.formats, options_.to));
    return {};
  }

  Result<> change() {
    if (auto stopped = stop_service(); !stopped) return as_before(std::move(stopped));
    if (!done_.data.empty()) {
      if (auto put = data_back(); !put) return as_before(std::move(put));
    }
    if (auto put = install(); !put) return not_installed(std::move(put));
    return start_service();
  }

  Result<> stop_service() {
    done_.service = "none";
    if (!deps_.systemd) return {};
    had_socket_ = DM_TRY(deps_.run({"/usr/bin/systemctl", "is-active", "--quiet", kSocket})).exit.clean();
    ran_ = DM_TRY(deps_.run({"/usr/bin/systemctl", "is-active", "--quiet", kUnit})).exit.clean();
    return do_it({"/usr/bin/systemctl", "stop", kSocket, kUnit});
  }

  Result<> data_back() {
    const auto ran =
        DM_TRY(deps_.finish(of_the_service(deps_.binary, {"--json", "rollback", "data", "--to", done_.data})));
    if (!ran.exit.clean()) {
      done_.data.clear();
      return Error{Code::kConflict, "the data did not go back: " + last_words(ran), ""};
    }
    if (const auto said = parse_json(ran.out))
      done_.undo = fs::path(json_text(json_member(*said, "before"))).filename().string();
    return {};
  }

  // What the administrator changed in the settings file stays; nobody is asked.
  Result<> install() { return do_it({"/usr/bin/dpkg", "--install", "--force-confold", package_.path.string()}); }

  // What the package itself started counts, too.
  Result<> start_service() {
    if (!deps_.systemd) return {};
    if (auto started = start_again(); !started) return new_one_fails(started.error().message);
    done_.service = "stopped";
    const bool runs = DM_TRY(deps_.finish({"/usr/bin/systemctl", "is-active", "--quiet", kUnit})).exit.clean();
    return runs || ran_ ? until_ready() : Result<>();
  }

  Result<> until_ready() {
    std::string told;
    do {
      const auto shown = DM_TRY(
          deps_.finish({"/usr/bin/systemctl", "show", "--property=ActiveState", "--property=StatusText", kUnit}));
      told = shown.out;
      if (told.find("ActiveState=failed") != std::string::npos) return new_one_fails("the service has failed");
      if (told.find("ActiveState=active") != std::string::npos && told.find("StatusText=ready") != std::string::npos) {
        done_.service = "ready";
        return {};
      }
    } while (deps_.rest());
    while (told.ends_with('\n')) told.pop_back();
    std::ranges::replace(told, '\n', ' ');
    return new_one_fails("the service is not ready: " + told);
  }

  Result<> do_it(Words words) const {
    const std::string what = fs::path(words[0]).filename().string() + " " + words[1];
    const auto ran = DM_TRY(deps_.finish(std::move(words)));
    if (ran.exit.clean()) return {};
    return Error{Code::kUnavailable, fmt::format("{}: {}", what, last_words(ran)), ""};
  }

  // A command of the service's user on its data (docs/install.md).
  Words of_the_service(const fs::path& program, Words command) const {
    Words out = {"/usr/bin/setpriv",
                 fmt::format("--reuid={}", kUser),
                 fmt::format("--regid={}", kUser),
                 "--clear-groups",
                 "/usr/bin/env",
                 kHome,
                 program.string(),
                 "--config",
                 deps_.config.string()};
    out.insert(out.end(), command.begin(), command.end());
    return out;
  }

  // What is said of an error, by how far it went.
  // Once more with the settings would take them one version further back.
  std::string settings_words() const {
    if (!done_.settings) return "";
    return fmt::format(" The settings went back already: go on with docmind rollback program{}.",
                       options_.goes_back("data") ? " data" : "");
  }

  template <typename T>
  Result<T> unchanged(Result<T> result) const {
    if (result) return result;
    Error error = std::move(result).error();
    error.hint +=
        fmt::format("{}docmind {} goes on as it was.{}", error.hint.empty() ? "" : " ", done_.from, settings_words());
    return error;
  }

  Result<> as_before(Result<> failed) {
    const auto started = start_again();
    Error error = std::move(failed).error();
    error.hint =
        fmt::format("Program and data are as they were{}.{}",
                    started ? "" : ", but the service does not start: journalctl -u docmind", settings_words());
    return error;
  }

  Result<> start_again() const {
    if (!ran_ && !had_socket_) return {};
    Words units = {"/usr/bin/systemctl", "start"};
    if (had_socket_) units.emplace_back(kSocket);
    if (ran_) units.emplace_back(kUnit);
    return do_it(std::move(units));
  }

  std::string data_words() const {
    if (done_.undo.empty()) return "";
    return fmt::format(" The data is that of {}; what was there: docmind rollback data --to {}.", done_.data,
                       done_.undo);
  }

  // Another program may hold dpkg's lock: then nothing has changed.
  Result<> not_installed(Result<> failed) {
    const auto now = package_state(deps_.finish);
    if (now && now->whole() && now->version == done_.from && done_.undo.empty()) return as_before(std::move(failed));
    Error error = std::move(failed).error();
    error.hint = fmt::format(
        "dpkg says docmind is: {}. The service is stopped. Mend what dpkg says, then: dpkg --configure -a; "
        "apt install --fix-broken; systemctl start docmind.{}{}",
        now ? now->version + " " + now->status : "nothing", data_words(), settings_words());
    return error;
  }

  Result<> new_one_fails(const std::string& what) const {
    return Error{Code::kUnavailable, fmt::format("docmind {} is installed, but {}", done_.to, what),
                 fmt::format("journalctl -u docmind says why.{}{}", data_words(), settings_words())};
  }

  const cli::RollbackOptions& options_;
  const ProgramRollbackDeps& deps_;
  PackageFile package_{};
  RolledBackProgram done_{};
  bool ran_ = false;
  bool had_socket_ = false;
};

RunProgram running(const Clock& clock, Duration patience, const std::stop_token& stop) {
  return [&clock, patience, stop](Words words) {
    sys::SubprocessOptions options{.argv = std::move(words)};
    options.env = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "HOME=/root",
                   "DEBIAN_FRONTEND=noninteractive"};
    return sys::run_process(std::move(options), Deadline::in(patience, clock), stop);
  };
}

int show(const RolledBackProgram& done, double seconds, const cli::Surroundings& here) {
  if (here.json) {
    const auto or_null = [](const std::string& text) { return text.empty() ? json::value() : json::value(text); };
    here.terminal.out(to_text(json::object{{"from", done.from},
                                           {"to", done.to},
                                           {"package", done.package.string()},
                                           {"data", or_null(done.data)},
                                           {"before", or_null(done.undo)},
                                           {"settings", done.settings},
                                           {"service", done.service},
                                           {"seconds", seconds}}) +
                      "\n");
    return cli::kOk;
  }
  std::string text = fmt::format("docmind {} is in place of {}, {:.2f} s\n", done.to, done.from, seconds);
  if (!done.undo.empty()) {
    text += fmt::format("the data is that of {}; to undo: docmind rollback data --to {}\n", done.data, done.undo);
  }
  if (done.settings) text += "the settings are those before the last change\n";
  text += done.service == "none" ? "systemd does not run here: start docmind as it was started\n"
                                 : fmt::format("the service is {}\n", done.service);
  here.terminal.out(text);
  return cli::kOk;
}

}  // namespace

Result<RolledBackProgram> roll_back_program(const cli::RollbackOptions& options, const ProgramRollbackDeps& deps) {
  return ProgramRollback(options, deps).run();
}

int roll_back_program(const cli::RollbackOptions& options, const ProgramRollbackContext& context) {
  const cli::Surroundings& here = context.here;
  const TimePoint start = context.clock.now();
  const auto binary = sys::executable_path();
  if (!binary) return cli::report(binary.error(), here);
  const auto scratch = Scratch::make(context.environment);
  if (!scratch) return cli::report(scratch.error(), here);
  std::error_code ignored;
  // The service's user runs what is unpacked there.
  fs::permissions(scratch->path(), fs::perms::owner_all | fs::perms::group_exec | fs::perms::others_exec, ignored);
  sys::RealFiles files;
  Deadline ready = Deadline::never();
  const ProgramRollbackDeps deps{
      .run = running(context.clock, kPatience, context.stop),
      .finish = running(context.clock, kLongPatience, {}),
      .files = files,
      .binary = *binary,
      .config = context.asked.config.empty() ? fs::path(kConfig) : here.folder / context.asked.config,
      .scratch = scratch->path(),
      .folder = here.folder,
      .root = ::geteuid() == 0,
      .systemd = fs::is_directory(kBooted, ignored),
      .flags = !context.asked.data.empty() || !context.asked.set.empty(),
      .needs = [&](const fs::path& data) { return oldest_readers(data, context.environment); },
      .backup_for = [&](const fs::path& data, const Formats& formats,
                        const std::string& to) { return backup_for(data, formats, to, context.environment); },
      .rest =
          [&] {
            if (ready.is_never()) ready = Deadline::in(kUntilReady, context.clock);
            (void)exec::rest(Deadline::in(kBetweenLooks, context.clock), {});
            return !ready.expired();
          }};
  const auto done = roll_back_program(options, deps);
  if (!done) return cli::report(done.error(), here);
  return show(*done, std::chrono::duration<double>(context.clock.now() - start).count(), here);
}

}  // namespace docmind::app
