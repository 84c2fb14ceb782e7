// `docmind backup`, `restore` and `rollback data`: what of this data directory is kept, by room backup.
//
// Without a server: they work from outside, so that they do when the product does not start. Thread safety: plain
// functions.
#pragma once
#include <stop_token>

#include "app/layout.h"
#include "app/package_file.h"
#include "backup/backup.h"
#include "backup/restore.h"
#include "base/clock.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "config/load.h"

namespace docmind::app {

struct BackupsContext {
  const Layout& layout;
  const config::Sources& sources;
  const config::Loaded& loaded;
  const cli::Surroundings& here;
  const Clock& clock;
  std::stop_token stop;
};

// Each returns the exit code.
int make_backup(const cli::BackupOptions& options, const BackupsContext& context);
int restore_backup(const cli::RestoreOptions& options, const BackupsContext& context);
int roll_back(const cli::RollbackOptions& options, const BackupsContext& context);

// For a rollback of the program, of which the settings need not load. Of each database in this data directory: the
// oldest schema whose program can work on it.
Result<Formats> oldest_readers(const std::filesystem::path& data, const sys::Environment& environment);

// The backup that `rollback data --to` would take by this name; empty: the newest beside the data directory that a
// program of these formats can read. kNotFound (there is none), kConflict (that program cannot read it).
Result<std::string> backup_for(const std::filesystem::path& data, const Formats& formats, const std::string& to,
                               const sys::Environment& environment);

}  // namespace docmind::app
