// The settings of the log as the log takes them.
#pragma once
#include "base/result.h"
#include "config/settings.h"
#include "obs/log.h"

namespace docmind::app {

// A command's own words are enough for a person; the log of one that serves, or that has a file, is what is left of it.
enum class LogFor : std::uint8_t { kCommand, kServer };

// kInvalidArgument names the setting that is to blame.
Result<obs::LogLevels> log_levels_of(const config::Settings::Log& log, LogFor whom);

}  // namespace docmind::app
