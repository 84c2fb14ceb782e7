// `docmind validate`: each production requirement of the specifications measured on this machine, now.
//
// Works in a temporary folder that is gone at its end, at Ctrl-C too: of the data directory it reads the models alone.
#pragma once
#include <stop_token>

#include "app/layout.h"
#include "base/clock.h"
#include "cli/commands.h"
#include "config/load.h"
#include "net/client.h"
#include "obs/log.h"
#include "sys/environment.h"

namespace docmind::app {

struct ValidateContext {
  const Layout& layout;
  const config::Loaded& loaded;
  const sys::Environment& environment;
  const Clock& clock;
  net::Client& client;
  obs::Log& log;
  const cli::Surroundings& here;
  std::stop_token stop;
};

// The exit code: kQualityLimit when something failed.
int validate(const ValidateContext& context);

}  // namespace docmind::app
