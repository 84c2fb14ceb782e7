// `docmind config drift`: the settings in force in the docmind that serves, beside those that a start would read now.
//
// Thread safety: plain functions.
#pragma once
#include <boost/json/value.hpp>
#include <stop_token>
#include <string>
#include <vector>

#include "app/layout.h"
#include "base/clock.h"
#include "base/result.h"
#include "cli/commands.h"
#include "config/load.h"
#include "net/client.h"

namespace docmind::app {

struct Drift {
  std::string key{};
  boost::json::value in_force{};  // Secrets are masked.
  std::string in_force_origin{};
  boost::json::value written{};
  std::string written_origin{};
};

// `serving` is the answer of GET /api/settings, `written` settings_object() of what is written. A secret's value is
// told by nobody: of one that waits for a start the server says so. Pure; what is missing counts as nothing.
std::vector<Drift> drift_between(const boost::json::value& serving, const boost::json::value& written);

struct DriftContext {
  const Layout& layout;
  const config::Loaded& loaded;
  const Clock& clock;
  net::Client& client;
  const cli::Surroundings& here;
  std::stop_token stop;
};

// The exit code: 0 they are the same, 1 they are not, 2 nobody serves.
int show_drift(const DriftContext& context);

}  // namespace docmind::app
