#include "server/alert_changes.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace docmind::server {
namespace {

AlertChange begun(const Alert& alert, std::int64_t now) {
  const bool critical = alert.state == AlertState::kCritical;
  // The state of one that is but foretold is that of something else, and older.
  const bool foretold = !critical && alert.state != AlertState::kWarning;
  return {.alert = alert,
          .severity = critical ? AlertState::kCritical : AlertState::kWarning,
          .since_ms = foretold ? now : alert.since_ms};
}

}  // namespace

std::vector<AlertChange> AlertChanges::look(const std::vector<Alert>& alerts) {
  const std::int64_t now = clock_.wall().time_since_epoch().count();
  std::map<std::string, AlertChange> raised;
  std::vector<AlertChange> beginning;
  for (const Alert& alert : alerts) {
    if (!alert.raised()) continue;
    const auto before = raised_.find(alert.name);
    const bool worse = alert.state == AlertState::kCritical;
    if (before != raised_.end() && !(worse && before->second.severity == AlertState::kWarning)) {
      raised.insert(raised_.extract(before));
    } else {
      beginning.push_back(raised[alert.name] = begun(alert, now));
    }
  }
  std::vector<AlertChange> out;
  for (auto& [name, over] : std::exchange(raised_, std::move(raised))) {
    over.ended_ms = now;
    out.push_back(std::move(over));
  }
  std::ranges::move(beginning, std::back_inserter(out));
  return out;
}

void log_change(const obs::Log& log, const AlertChange& change) {
  const std::string_view severity = name_of(change.severity);
  if (change.ended_ms == 0) {
    log.event(obs::Level::kWarn, "alert_raised",
              {{"alert", change.alert.name},
               {"severity", severity},
               {"says", change.alert.says},
               {"to_do", change.alert.to_do}});
  } else {
    log.event(obs::Level::kInfo, "alert_over",
              {{"alert", change.alert.name}, {"severity", severity}, {"lasted_ms", change.ended_ms - change.since_ms}});
  }
}

}  // namespace docmind::server
