// The commands that are app's own: serve, and config show.
#pragma once
#include "app/holder.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "config/load.h"
#include "sys/signals.h"

namespace docmind::app {

// Serves until a signal ends it; SIGHUP has it read its settings again. The first line on standard output is
// "listening on http://HOST:PORT".
int serve(const cli::ServeOptions& options, const HolderDeps& deps, const cli::Surroundings& here,
          sys::Signals& signals);

int show_settings(const config::Loaded& loaded, const cli::ConfigOptions& options, const cli::Surroundings& here);

}  // namespace docmind::app
