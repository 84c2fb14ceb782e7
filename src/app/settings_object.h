// The settings as the JSON object that `docmind config show --json` prints and GET /api/config answers with.
#pragma once
#include <string>

#include "config/load.h"

namespace docmind::app {

// {"settings":[{"key","value","origin","help"}]}; secrets are masked. One line.
std::string settings_object(const config::Loaded& loaded);

}  // namespace docmind::app
