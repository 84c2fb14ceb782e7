// Which alerts begin and which end from one look at all of them to the next: what the log and alerts.webhook are told.
//
// One that gets worse ends as a warning and begins as critical; one that gets better goes on as it began. Thread
// safety: one thread.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "obs/log.h"
#include "server/alerts.h"

namespace docmind::server {

struct AlertChange {
  Alert alert{};                               // As it began, like the rest of it.
  AlertState severity = AlertState::kWarning;  // Or kCritical. What is but foretold is a warning.
  std::int64_t since_ms = 0;                   // UTC.
  std::int64_t ended_ms = 0;                   // 0: it begins.
};

class AlertChanges {
 public:
  explicit AlertChanges(const Clock& clock) : clock_(clock) {}

  // All alerts as they stand now. Those that end come first.
  std::vector<AlertChange> look(const std::vector<Alert>& alerts);

 private:
  const Clock& clock_;
  std::map<std::string, AlertChange> raised_{};
};

// alert_raised and alert_over.
void log_change(const obs::Log& log, const AlertChange& change);

}  // namespace docmind::server
