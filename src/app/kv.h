// `docmind kv`: how many bytes the keys and values of a chat model take, read from its file; without the server.
#pragma once
#include <stop_token>

#include "app/layout.h"
#include "base/clock.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "config/settings.h"

namespace docmind::app {

struct KvContext {
  const Layout& layout;
  const config::Settings& settings;
  const cli::Surroundings& here;
  const Clock& clock;
  std::stop_token stop;
};

// The exit code.
int show_kv(const cli::KvOptions& options, const KvContext& context);

}  // namespace docmind::app
