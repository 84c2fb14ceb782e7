#include "app/log_settings.h"

namespace docmind::app {

Result<obs::LogLevels> log_levels_of(const config::Settings::Log& log, LogFor whom) {
  auto levels = obs::log_levels(log.level, log.rooms);
  if (!levels) return Error{levels.error().code, "log.rooms: " + levels.error().message, levels.error().hint};
  if (whom == LogFor::kCommand && log.file.empty()) return obs::LogLevels{.least = obs::Level::kError};
  return levels;
}

}  // namespace docmind::app
