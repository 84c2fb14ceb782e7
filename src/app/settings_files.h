// The settings files as files: those that a backup takes, what `restore --settings` and `rollback settings` write, and
// `docmind config migrate`.
//
// Thread safety: plain functions.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "backup/backup.h"
#include "base/clock.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "config/load.h"

namespace docmind::app {

// Under "settings/folder/" those of the config folder, under "settings/file/" the one of --config and its .env.
std::vector<backup::NamedFile> settings_in_force(const config::Sources& sources, const config::Loaded& loaded);

// Puts them (paths in the backup) where this docmind reads them: into the config folder, or in the place of --config's.
// What stood there is kept (config/previous.h). The files written.
Result<std::vector<std::filesystem::path>> restore_settings(const std::filesystem::path& backup,
                                                            const std::vector<std::string>& paths,
                                                            const config::Sources& sources);

// Versions of the file that changes are written to, the latest first: before each change, and before each going back.
struct KeptSettings {
  std::vector<std::filesystem::path> previous{};
  std::vector<std::filesystem::path> undone{};
};
Result<KeptSettings> kept_settings(const config::Sources& sources);

struct SettingsFilesContext {
  const config::Sources& sources;
  const cli::Surroundings& here;
  const Clock& clock;
};

// Needs no settings that can be loaded: it mends them. A docmind that serves is told. The exit code.
int roll_back_settings(const cli::RollbackOptions& options, const SettingsFilesContext& context);

// The exit code.
int migrate_settings(const cli::ConfigMigrateOptions& options, const cli::Surroundings& here);

}  // namespace docmind::app
