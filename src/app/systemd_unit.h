// `docmind service`: docmind as a service of systemd, a user's own or the machine's, by systemctl and journalctl.
#pragma once
#include <stop_token>
#include <string>
#include <vector>

#include "app/layout.h"
#include "cli/command_line.h"
#include "cli/commands.h"

namespace docmind::app {

// The unit of a user's own service, which starts that command; systemd.unit(5), systemd.service(5). Pure.
// kInvalidArgument for a word that no unit can hold.
Result<std::string> user_unit(const std::vector<std::string>& command);

struct UnitContext {
  const Layout& layout;
  const sys::Environment& environment;
  const cli::Invocation& asked;  // What it is to be started with: --data, --config, --set.
  const cli::Surroundings& here;
  std::stop_token stop;
};

// The exit code. Without a systemd nothing is done but to say so.
int manage_service(const cli::ServiceOptions& options, const UnitContext& context);

}  // namespace docmind::app
