// What a person should know before it fails: the disk fills, memory runs out, a backend is away, answers fail or take
// too long. Looked at with every step of the metrics' series; each alert says since when, what to do, and, for the
// disk, memory and times, when the limit will be reached if it goes on like this.
//
// Thread safety: every method from any thread. An alert is pending until what it watches has lasted its time; one whose
// value nobody knows is kNoData; what this machine has not is kNotHere and never alarms. What is expected is drawn from
// the last ten minutes by a line, and, once two days are known, from up to fourteen by the pattern of a day; what comes
// sooner is told (forecast.h), once it was expected for five minutes without a break (the disk: ten seconds).
#pragma once
#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/thread_annotations.h"
#include "server/forecast.h"
#include "server/metric_series.h"
#include "service/service.h"

namespace docmind::server {

enum class AlertState : std::uint8_t { kOk, kPending, kWarning, kCritical, kNoData, kNotHere };
// "ok", "pending", "warning", "critical", "no_data", "not_on_this_machine"
std::string_view name_of(AlertState state);

struct Alert {
  std::string name{};   // "disk"
  std::string title{};  // "Disk"
  AlertState state = AlertState::kOk;
  std::int64_t since_ms = 0;  // UTC; of the state.
  std::optional<double> value{};
  double limit = 0;
  std::string unit{};
  std::string says{};   // For anything but ok: one sentence.
  std::string to_do{};  //
  std::optional<Expected> expected{};
  bool quiet = false;  // Nothing fails of it: told to whoever looks, raised for nobody.

  // Whether somebody should know of it now.
  bool raised() const {
    return !quiet && (state == AlertState::kWarning || state == AlertState::kCritical || expected.has_value());
  }
};

class Alerts {
 public:
  Alerts(const MetricSeries& series, const Clock& clock) : series_(series), clock_(clock) {}

  // How many cards the machine has; none until somebody has looked.
  void know_cards(std::size_t cards) { cards_ = cards; }
  std::size_t cards() const { return cards_; }

  // Why models compute with fewer threads now, in a sentence; empty: they do not.
  void know_slowed(std::string says);

  // Once a step of the series, after it was added.
  void look(const std::vector<service::Check>& checks);
  std::vector<Alert> now() const;

 private:
  void settle(Alert found, Duration lasting) DM_REQUIRES(mutex_);
  void look_at_values() DM_REQUIRES(mutex_);
  void look_at_checks(const std::vector<service::Check>& checks) DM_REQUIRES(mutex_);
  void remember(const std::string& rule, std::optional<double> value) DM_REQUIRES(mutex_);
  std::optional<Expected> foretold(const std::string& rule, const std::string& series, double limit) const
      DM_REQUIRES(mutex_);
  std::optional<Expected> held(const std::string& rule, std::optional<Expected> expected, Duration lasting)
      DM_REQUIRES(mutex_);

  struct Kept {
    Alert alert{};
    std::optional<TimePoint> began{};     // Since it is over its limit.
    std::optional<TimePoint> foretold{};  // Since it is foretold that it will be.
  };

  // Means of ten minutes, and what the one that goes on is made of.
  struct Days {
    std::deque<std::optional<double>> means{};
    double sum = 0;
    double known = 0;
    std::int64_t slot = 0;  // Of ten minutes, since the clock's beginning.
  };

  const MetricSeries& series_;
  const Clock& clock_;
  std::atomic<std::size_t> cards_ = 0;
  mutable Mutex mutex_;
  std::string slowed_ DM_GUARDED_BY(mutex_);
  std::map<std::string, Kept> kept_ DM_GUARDED_BY(mutex_);
  std::map<std::string, Days, std::less<>> days_ DM_GUARDED_BY(mutex_);  // By rule.
};

}  // namespace docmind::server
