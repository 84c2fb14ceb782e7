#include "app/settings_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "app/layout.h"
#include "app/live_settings.h"
#include "base/json.h"
#include "cli/exit_code.h"
#include "config/migrate.h"
#include "config/previous.h"
#include "config/source.h"
#include "net/client.h"
#include "sys/files.h"

namespace docmind::app {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::string_view kFolder = "settings/folder/";
constexpr std::string_view kFile = "settings/file/";
constexpr auto kPatience = std::chrono::seconds(10);

// Where a backup's file goes; empty: nowhere, as no --config names a file.
fs::path place_of(const std::string& path, const config::Sources& sources) {
  if (path.starts_with(kFolder) && !sources.folder.empty()) return sources.folder / fs::path(path).filename();
  if (!path.starts_with(kFile) || !sources.file) return {};
  return fs::path(path).filename() == ".env" ? sources.file->parent_path() / ".env" : *sources.file;
}

// What is written is what a start would read, so that going back never leads to a docmind that does not start.
Result<config::Loaded> load_with(const config::Sources& sources, const fs::path& file, const std::string& text) {
  sys::RealFiles files;
  config::Sources then = sources;
  then.edited = config::EditedFile{file, text};
  auto loaded = DM_TRY(config::load(then, files));
  DM_TRY(check_settings(loaded.settings));
  return loaded;
}

// A docmind that serves reads its settings again; false: none does.
Result<bool> tell_the_server(const config::Loaded& loaded, const SettingsFilesContext& context) {
  const Layout layout = DM_TRY(lay_out(loaded.settings.data, context.sources.environment));
  const auto client = DM_TRY(net::Client::open());
  net::Request request;
  request.method = "PATCH";
  request.target.path = "/api/settings";
  request.headers.set("Content-Type", "application/json");
  request.body = R"({"changes":{},"check":false})";
  const auto reply = client->call({.unix_path = layout.socket.string()}, request,
                                  {.deadline = Deadline::in(kPatience, context.clock)});
  if (reply) return true;
  if (reply.error().code == Code::kUnavailable) return false;
  return reply.error();
}

}  // namespace

std::vector<backup::NamedFile> settings_in_force(const config::Sources& sources, const config::Loaded& loaded) {
  std::vector<backup::NamedFile> out;
  for (const fs::path& file : loaded.files) {
    const bool of_folder = file.parent_path() == sources.folder && (!sources.file || file != *sources.file);
    std::string path = std::string(of_folder ? kFolder : kFile) + file.filename().string();
    if (std::ranges::find(out, path, &backup::NamedFile::path) == out.end()) out.push_back({file, std::move(path)});
  }
  return out;
}

Result<std::vector<fs::path>> restore_settings(const fs::path& backup, const std::vector<std::string>& paths,
                                               const config::Sources& sources) {
  sys::RealFiles files;
  std::vector<fs::path> out;
  for (const std::string& path : paths) {
    const fs::path place = place_of(path, sources);
    if (place.empty()) continue;
    DM_TRY(config::write_settings(place, DM_TRY(files.read(backup / path, config::kMaxFileBytes)), files));
    out.push_back(place);
  }
  return out;
}

Result<KeptSettings> kept_settings(const config::Sources& sources) {
  sys::RealFiles files;
  const fs::path file = DM_TRY(config::written_file(sources, files));
  if (file.empty()) return KeptSettings{};
  return KeptSettings{DM_TRY(config::previous_versions(file, files)), DM_TRY(config::undone_versions(file, files))};
}

namespace {

struct RolledBack {
  fs::path file;
  fs::path to;
  fs::path undo;  // What stood there; empty: nothing did.
  config::Loaded loaded;
};

Result<fs::path> version_named(const std::string& name, const config::Sources& sources) {
  const KeptSettings kept = DM_TRY(kept_settings(sources));
  for (const auto* versions : {&kept.previous, &kept.undone}) {
    for (const fs::path& one : *versions) {
      if (one.filename() == name || one == fs::path(name)) return one;
    }
  }
  return Error{Code::kNotFound, "there is no earlier version " + sys::printable(name),
               "docmind writes one with each change it makes; docmind rollback --list shows them."};
}

// Another version by its name is a change like any other; without a name it is one step back.
Result<RolledBack> write_earlier(const std::string& to, const config::Sources& sources) {
  sys::RealFiles files;
  RolledBack out;
  out.file = DM_TRY(config::written_file(sources, files));
  if (out.file.empty()) return Error{Code::kNotFound, "there is no file for settings", "Name one with --config FILE."};
  out.to = DM_TRY(to.empty() ? config::version_before(out.file, files) : version_named(to, sources));
  const std::string text = DM_TRY(files.read(out.to, config::kMaxFileBytes));
  out.loaded = DM_TRY(load_with(sources, out.file, text).with(sys::printable(out.to.filename()) + " is of no use"));
  if (to.empty()) {
    out.undo = DM_TRY(config::go_back_to(out.to, out.file, files));
    return out;
  }
  const auto now = files.read(out.file, config::kMaxFileBytes);
  DM_TRY(config::write_settings(out.file, text, files));
  if (now && *now != text) out.undo = DM_TRY(kept_settings(sources)).previous.front();
  return out;
}

}  // namespace

int roll_back_settings(const cli::RollbackOptions& options, const SettingsFilesContext& context) {
  const cli::Surroundings& here = context.here;
  const auto done = write_earlier(options.to, context.sources);
  if (!done) {
    cli::report(done.error(), here);
    return done.error().code == Code::kInvalidArgument ? cli::kConfiguration : cli::kFailed;
  }
  const auto told = tell_the_server(done->loaded, context);
  if (!told) return cli::report(told.error(), here);
  if (here.json) {
    here.terminal.out(
        to_text(json::object{{"file", done->file.string()},
                             {"from", done->to.string()},
                             {"before", done->undo.empty() ? json::value() : json::value(done->undo.string())},
                             {"in_force", *told}}) +
        "\n");
    return cli::kOk;
  }
  here.terminal.out(fmt::format("{} is as in {}{}\n", sys::printable(done->file), sys::printable(done->to.filename()),
                                *told ? ", and the docmind that serves has read it" : ""));
  if (!done->undo.empty())
    here.terminal.out("to undo: docmind rollback settings --to " + sys::printable(done->undo.filename()) + "\n");
  return cli::kOk;
}

namespace {

std::string_view word(config::NameFate fate) {
  switch (fate) {
    case config::NameFate::kSame:
      return "same";
    case config::NameFate::kRenamed:
      return "renamed";
    case config::NameFate::kNoEffect:
      return "no_effect";
    case config::NameFate::kForeign:
      return "foreign";
    case config::NameFate::kWrong:
      return "wrong";
  }
  return "";
}

json::object object_of(const config::Migrated& migrated, const fs::path& file, const fs::path& written) {
  json::array names;
  for (const config::NameReport& one : migrated.names) {
    names.push_back(
        {{"at", one.origin}, {"name", one.spelt}, {"fate", word(one.fate)}, {"setting", one.key}, {"why", one.why}});
  }
  return {{"file", file.string()},
          {"written", written.empty() ? json::value() : json::value(written.string())},
          {"names", std::move(names)}};
}

std::string text_of(const config::Migrated& migrated) {
  std::string out;
  for (const config::NameReport& one : migrated.names) {
    if (one.fate == config::NameFate::kSame) continue;
    out += fmt::format("{}: {} {}\n", one.origin, one.spelt,
                       one.fate == config::NameFate::kRenamed ? "becomes " + one.key : one.why);
  }
  return out;
}

// Beside the old one; never over anything.
Result<fs::path> write_migrated(const config::Migrated& migrated, const fs::path& file, sys::Files& files) {
  fs::path to = file;
  to += ".migrated";
  if (files.stat(to)) {
    return Error{Code::kConflict, sys::printable(to) + " is there already", "Use it, or move it away."};
  }
  DM_TRY(files.write_atomic(to, migrated.text));
  return to;
}

}  // namespace

int migrate_settings(const cli::ConfigMigrateOptions& options, const cli::Surroundings& here) {
  sys::RealFiles files;
  const fs::path file = (here.folder / options.file).lexically_normal();
  const auto text = files.read(file, config::kMaxFileBytes);
  if (!text) return cli::report(text.error(), here);
  const auto migrated = config::migrate(*text, file);
  if (!migrated) {
    cli::report(migrated.error(), here);
    return cli::kConfiguration;
  }
  fs::path written;
  if (!options.check && migrated->changes()) {
    auto to = write_migrated(*migrated, file, files);
    if (!to) return cli::report(to.error(), here);
    written = *std::move(to);
  }
  if (here.json) here.terminal.out(to_text(object_of(*migrated, file, written)) + "\n");
  if (!here.json) {
    here.terminal.out(text_of(*migrated));
    here.terminal.out(!migrated->changes() ? "every name is one of today\n"
                      : written.empty()    ? ""
                                           : fmt::format("written to {}\n", sys::printable(written)));
  }
  return migrated->wrong() ? cli::kConfiguration : cli::kOk;
}

}  // namespace docmind::app
