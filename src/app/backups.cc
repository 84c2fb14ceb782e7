#include "app/backups.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <utility>

#include "app/settings_files.h"
#include "base/json.h"
#include "cli/exit_code.h"
#include "graph/sqlite/sqlite_saver.h"
#include "library/library.h"
#include "model/model_folder.h"

namespace docmind::app {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr const char* kBackups = ".backups";  // Behind the data directory's name: outside of it, as it is swapped.

// A restore swaps the folder itself, not a link to it.
fs::path data_of(const Layout& layout) {
  std::error_code failed;
  fs::path real = fs::canonical(layout.data, failed);
  return failed ? layout.data : real;
}

fs::path backups_folder(const Layout& layout) {
  fs::path out = data_of(layout);
  out += kBackups;
  return out;
}

bool is_inside(const fs::path& folder, const fs::path& path) {
  std::error_code failed;
  const fs::path real = fs::weakly_canonical(path, failed);
  return !failed && std::ranges::mismatch(folder, real).in1 == folder.end();
}

fs::path absolute(const std::string& path, const cli::Surroundings& here) {
  const fs::path whole = (here.folder / path).lexically_normal();
  return whole.has_filename() ? whole : whole.parent_path();
}

// Chats first: what they cite is in a library that is copied after them.
std::vector<backup::Database> databases(const Layout& layout) {
  graph::sqlite::SqliteSaverOptions chats;
  chats.path = layout.sessions.string();
  library::LibraryOptions library;
  library.path = layout.library.string();
  return {{graph::sqlite::file_options(chats), false}, {library::file_options(library), true}};
}

Result<std::vector<std::string>> own_models(const Layout& layout) {
  sys::RealFiles files;
  std::vector<std::string> out;
  for (const model::ListedModel& one : DM_TRY(model::ModelFolder(layout.models, files).list())) {
    out.push_back(sys::printable(one.name));
  }
  return out;
}

Result<backup::Source> source_of(const cli::BackupOptions& options, const BackupsContext& context) {
  const Layout& layout = context.layout;
  backup::Source out;
  out.data = layout.data;
  out.databases = databases(layout);
  out.files = {layout.keys.filename(), layout.templates.filename()};
  out.owned_folder = layout.originals.filename();
  out.owners = "SELECT id FROM document";
  if (options.models) {
    out.folders = {layout.models.filename()};
  } else {
    out.models_left_out = DM_TRY(own_models(layout));
  }
  out.settings = settings_in_force(context.sources, context.loaded);
  return out;
}

Result<backup::Target> target_of(const Layout& layout) {
  backup::Target out;
  out.data = data_of(layout);
  out.databases = databases(layout);
  out.kept = {layout.models.filename(), "ollama"};
  out.names = {layout.keys.filename(), layout.templates.filename(), layout.originals.filename(),
               layout.models.filename()};
  for (const backup::Database& database : out.databases) out.names.push_back(fs::path(database.file.path).filename());
  sys::RealFiles files;
  for (const sys::FolderEntry& entry : DM_TRY(files.list(out.data))) {  // Shared stores still have to be told of these.
    if (entry.name.find("-purges-") != std::string::npos) out.kept.push_back(entry.name);
  }
  return out;
}

std::string size_of(std::uint64_t bytes) { return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1 << 20)); }

double seconds_since(TimePoint start, const Clock& clock) {
  return std::chrono::duration<double>(clock.now() - start).count();
}

std::uint64_t documents_in(const backup::Manifest& manifest) { return manifest.rows("library.db", "document"); }

std::string documents_text(const backup::Manifest& manifest) {
  const std::uint64_t count = documents_in(manifest);
  return fmt::format("{} document{}", count, count == 1 ? "" : "s");
}

bool holds(const backup::Manifest& manifest, std::string_view prefix) {
  return std::ranges::any_of(manifest.files, [&](const auto& file) { return file.path.starts_with(prefix); });
}

json::object object_of(const backup::Manifest& manifest, const fs::path& path) {
  return {{"path", path.string()},
          {"version", manifest.version},
          {"made_ms", manifest.made_ms},
          {"documents", documents_in(manifest)},
          {"files", manifest.files.size()},
          {"bytes", manifest.bytes()},
          {"models_left_out", json::value_from(manifest.models_left_out)}};
}

Result<> put_settings_back(const fs::path& backup, const backup::Manifest& manifest, const BackupsContext& context,
                           json::array& written) {
  std::vector<std::string> paths;
  for (const backup::FileRecord& file : manifest.files) {
    if (file.path.starts_with(backup::kSettings)) paths.push_back(file.path);
  }
  for (const fs::path& file : DM_TRY(restore_settings(backup, paths, context.sources))) {
    written.emplace_back(file.string());
  }
  return {};
}

struct Restoring {
  fs::path backup;
  bool settings = false;
};

int put_in_place(const Restoring& what, const BackupsContext& context) {
  const cli::Surroundings& here = context.here;
  const TimePoint start = context.clock.now();
  const auto target = target_of(context.layout);
  if (!target) return cli::report(target.error(), here);
  sys::RealFiles files;
  const auto restored = backup::restore(what.backup, *target, {files, context.clock}, Deadline::never(), context.stop);
  if (!restored) return cli::report(restored.error(), here);
  json::array settings;
  if (what.settings) {
    auto written = put_settings_back(what.backup, restored->manifest, context, settings);
    if (!written)
      return cli::report(std::move(written).with("the data is in place, but not the settings").error(), here);
  }
  const double seconds = seconds_since(start, context.clock);
  if (here.json) {
    json::object out = object_of(restored->manifest, what.backup);
    out["data"] = context.layout.data.string();
    out["before"] = restored->before.empty() ? json::value() : json::value(restored->before.string());
    out["settings"] = std::move(settings);
    out["seconds"] = seconds;
    here.terminal.out(to_text(out) + "\n");
    return cli::kOk;
  }
  here.terminal.out(fmt::format("{} is in place: {}, {}, {:.2f} s\n", sys::printable(context.layout.data),
                                documents_text(restored->manifest), size_of(restored->manifest.bytes()), seconds));
  for (const json::value& file : settings) {
    here.terminal.out(fmt::format("settings: {}\n", std::string_view(file.get_string())));
  }
  if (!restored->before.empty()) {
    here.terminal.out(fmt::format("what was there is kept: {}\nto undo: docmind rollback data --to {}\n",
                                  sys::printable(restored->before), sys::printable(restored->before.filename())));
  }
  if (!what.settings && holds(restored->manifest, backup::kSettings)) {
    here.terminal.err("docmind: the settings are as they were; restore --settings brings them, too\n");
  }
  if (holds(restored->manifest, "data/keys.json")) {
    here.terminal.err("docmind: keys that were revoked since the backup are valid again: docmind keys list\n");
  }
  return cli::kOk;
}

// The backups that are kept beside the data directory, the newest first; what is none is left out.
std::vector<std::pair<fs::path, backup::Manifest>> kept_backups(const Layout& layout) {
  sys::RealFiles files;
  std::vector<std::pair<fs::path, backup::Manifest>> out;
  const auto entries = files.list(backups_folder(layout));
  if (!entries) return out;
  for (const sys::FolderEntry& entry : *entries) {
    const fs::path path = backups_folder(layout) / entry.name;
    if (auto manifest = backup::read_manifest(path, files)) out.emplace_back(path, *std::move(manifest));
  }
  std::ranges::sort(out, std::greater<>(), [](const auto& one) { return one.second.made_ms; });
  return out;
}

int undo_restore(const fs::path& before, const BackupsContext& context) {
  const cli::Surroundings& here = context.here;
  const auto target = target_of(context.layout);
  if (!target) return cli::report(target.error(), here);
  sys::RealFiles files;
  const auto aside = backup::swap_back(before, *target, {files, context.clock}, Deadline::never(), context.stop);
  if (!aside) return cli::report(aside.error(), here);
  const json::object out{{"data", context.layout.data.string()}, {"before", aside->string()}};
  here.terminal.out(here.json ? to_text(out) + "\n"
                              : fmt::format("{} is as it was\nwhat was there is kept: {}\n",
                                            sys::printable(context.layout.data), sys::printable(*aside)));
  return cli::kOk;
}

int roll_back_data(const std::string& to, const BackupsContext& context) {
  sys::RealFiles files;
  const auto before = backup::before_restores(data_of(context.layout), files);
  if (!before) return cli::report(before.error(), context.here);
  for (const fs::path& one : *before) {
    if (one.filename() == to) return undo_restore(one, context);
  }
  const auto kept = kept_backups(context.layout);
  if (to.empty() && kept.empty()) {
    return cli::report({Code::kNotFound, "there is no backup in " + sys::printable(backups_folder(context.layout)),
                        "Make one with docmind backup, or name one with --to FOLDER."},
                       context.here);
  }
  if (to.empty()) return put_in_place({kept.front().first}, context);
  for (const auto& [path, manifest] : kept) {
    if (path.filename() == to) return put_in_place({path}, context);
  }
  return put_in_place({absolute(to, context.here)}, context);
}

int list_states(const BackupsContext& context) {
  const cli::Surroundings& here = context.here;
  sys::RealFiles files;
  json::array backups;
  std::string text;
  for (const auto& [path, manifest] : kept_backups(context.layout)) {
    json::object one = object_of(manifest, path);
    one["name"] = path.filename().string();
    backups.push_back(std::move(one));
    text += fmt::format("data --to {}  a backup: {}, {}, by docmind {}\n", sys::printable(path.filename()),
                        documents_text(manifest), size_of(manifest.bytes()), manifest.version);
  }
  json::array before;
  const auto folders = backup::before_restores(data_of(context.layout), files);
  if (!folders) return cli::report(folders.error(), here);
  for (const fs::path& one : *folders) {
    before.push_back({{"name", one.filename().string()}, {"path", one.string()}});
    text += fmt::format("data --to {}  what was there before a restore\n", sys::printable(one.filename()));
  }
  const auto kept = kept_settings(context.sources);
  if (!kept) return cli::report(kept.error(), here);
  json::array settings;
  const auto add = [&](const std::vector<fs::path>& versions, std::string_view what) {
    for (const fs::path& one : versions) {
      settings.push_back({{"name", one.filename().string()}, {"path", one.string()}});
      text += fmt::format("settings --to {}  the settings file before a {}\n", sys::printable(one.filename()), what);
    }
  };
  add(kept->previous, "change");
  add(kept->undone, "rollback");
  const json::object out{
      {"backups", std::move(backups)}, {"before_restores", std::move(before)}, {"settings", std::move(settings)}};
  here.terminal.out(here.json ? to_text(out) + "\n" : text);
  if (text.empty()) here.terminal.err("There is nothing to go back to yet: docmind backup\n");
  return cli::kOk;
}

}  // namespace

int make_backup(const cli::BackupOptions& options, const BackupsContext& context) {
  const cli::Surroundings& here = context.here;
  const TimePoint start = context.clock.now();
  const fs::path to = options.path.empty() ? backups_folder(context.layout) / backup::time_name(context.clock.wall())
                                           : absolute(options.path, here);
  if (is_inside(data_of(context.layout), to)) {
    return cli::report({Code::kInvalidArgument, sys::printable(to) + " is in the data directory, and would go with it",
                        "Name a folder elsewhere, best on another disk."},
                       here);
  }
  const auto source = source_of(options, context);
  if (!source) return cli::report(source.error(), here);
  sys::RealFiles files;
  const auto made = backup::make(*source, to, DOCMIND_VERSION, {files, context.clock}, Deadline::never(), context.stop);
  if (!made) return cli::report(made.error(), here);
  const double seconds = seconds_since(start, context.clock);
  if (here.json) {
    json::object out = object_of(*made, to);
    out["seconds"] = seconds;
    here.terminal.out(to_text(out) + "\n");
    return cli::kOk;
  }
  here.terminal.out(fmt::format("{}: {}, {}, verified, {:.2f} s\n", sys::printable(to), documents_text(*made),
                                size_of(made->bytes()), seconds));
  if (!made->models_left_out.empty()) {
    here.terminal.err(fmt::format("docmind: without your own models ({}); --models takes them along\n",
                                  fmt::join(made->models_left_out, ", ")));
  }
  return cli::kOk;
}

int restore_backup(const cli::RestoreOptions& options, const BackupsContext& context) {
  return put_in_place({absolute(options.path, context.here), options.settings}, context);
}

int roll_back(const cli::RollbackOptions& options, const BackupsContext& context) {
  if (options.list) return list_states(context);
  if (options.goes_back("data")) {
    const int code = roll_back_data(options.to, context);
    if (code != cli::kOk || !options.goes_back("settings")) return code;
  }
  return roll_back_settings(options, {context.sources, context.here, context.clock});
}

namespace {

// Of the databases in a folder: the oldest schema whose program can work on each.
Result<Formats> readers_in(const fs::path& folder, Layout layout) {
  layout.library = folder / layout.library.filename();
  layout.sessions = folder / layout.sessions.filename();
  sys::RealFiles files;
  Formats out;
  for (const backup::Database& database : databases(layout)) {
    if (!files.stat(database.file.path)) continue;
    const auto oldest = DM_TRY(
        store::query_column(database.file, "SELECT min_reader FROM schema_migrations ORDER BY version DESC LIMIT 1",
                            Deadline::never(), {}));
    std::uint32_t schema = 1;
    if (!oldest.empty()) std::from_chars(oldest[0].data(), oldest[0].data() + oldest[0].size(), schema);
    out[fs::path(database.file.path).filename().string()] = schema;
  }
  return out;
}

bool can_read(const Formats& formats, const Formats& needs) {
  return std::ranges::all_of(needs, [&](const auto& one) {
    const auto known = formats.find(one.first);
    return known != formats.end() && one.second <= known->second;
  });
}

}  // namespace

Result<Formats> oldest_readers(const fs::path& data, const sys::Environment& environment) {
  return readers_in(data, DM_TRY(lay_out(data.string(), environment, DataFolder::kThere)));
}

Result<std::string> backup_for(const fs::path& data, const Formats& formats, const std::string& to,
                               const sys::Environment& environment) {
  const Layout layout = DM_TRY(lay_out(data.string(), environment, DataFolder::kThere));
  for (const auto& [path, manifest] : kept_backups(layout)) {
    const std::string name = path.filename().string();
    if (!to.empty() && name != to) continue;
    const auto needs = readers_in(path / backup::kData, layout);
    if (needs && can_read(formats, *needs)) return name;
    if (to.empty()) continue;
    return Error{Code::kConflict,
                 fmt::format("the backup {} is by docmind {}, newer than the program can read", name, manifest.version),
                 ""};
  }
  if (!to.empty()) return to;  // What a restore left, or a folder elsewhere.
  return Error{Code::kNotFound, "there is no backup that it can read in " + sys::printable(backups_folder(layout)),
               "Name one with --to."};
}

}  // namespace docmind::app
