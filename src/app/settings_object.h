// The settings as the JSON object that `docmind config show --json` prints and /api/settings answers with.
#pragma once
#include <string>

#include "config/load.h"

namespace docmind::app {

// {"file","settings":[{"key","kind","choices","min","max","unit","values","default","value","origin","locked_by",
// "effect","pending","help"}]}, one line; secrets are masked. "pending": a docmind that was started with `started`
// still goes by the value it had then.
std::string settings_object(const config::Loaded& loaded, const config::Settings& started);

}  // namespace docmind::app
