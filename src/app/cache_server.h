// `docmind cache-server`: keeps the port, and a worker behind it that is started again whenever it dies.
#pragma once
#include <stop_token>

#include "app/layout.h"
#include "app/role_options.h"
#include "base/clock.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "config/settings.h"
#include "sys/environment.h"

namespace docmind::app {

struct CacheServerContext {
  const Layout& layout;
  const config::Settings& settings;
  const sys::Environment& environment;
  const Clock& clock;
  const cli::Surroundings& here;
  std::stop_token stop;
};

// The exit code.
int serve_cache(const cli::CacheServerCommandOptions& options, const CacheServerContext& context);

// The role "cache-worker": serves the listening socket that is its standard input. The exit code.
int cache_worker(const RoleOptions& options);

}  // namespace docmind::app
