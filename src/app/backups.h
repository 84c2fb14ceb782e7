// `docmind backup`, `restore` and `rollback data`: what of this data directory is kept, by room backup.
//
// Without a server: they work from outside, so that they do when the product does not start. Thread safety: plain
// functions.
#pragma once
#include <stop_token>

#include "app/layout.h"
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

}  // namespace docmind::app
