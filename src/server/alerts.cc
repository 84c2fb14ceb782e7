#include "server/alerts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace docmind::server {
namespace {

constexpr auto kLately = std::chrono::minutes(5);  // What rates and times are taken over.
constexpr auto kTrend = std::chrono::minutes(10);
constexpr auto kHalfATrend = std::chrono::minutes(5);  // Half of what it is drawn from is new by then.
constexpr double kDay = 24 * 3600;
constexpr double kHour = 3600;
constexpr std::size_t kMeansOfADay = std::chrono::hours(24) / kTrend;
constexpr std::size_t kDaysKept = 14;
constexpr double kLeastAsked = 20;  // Questions, before a share of them says anything.

constexpr std::string_view kNoCard = "This machine has no card.";

enum class Bad : std::uint8_t { kAbove, kBelow };

struct Rule {
  std::string_view name;
  std::string_view title;
  std::string_view unit;
  double warning;
  double critical;
  Bad bad;
  Duration lasting;
  std::string_view to_do;
  bool quiet = false;
  std::string_view series{};  // Its value; empty: it is counted from several.
  double reached = 0;         // When this is reached is foretold, in these words; empty: it is not.
  std::string_view then{};
  Duration held = kHalfATrend;  // So long it is foretold without a break before anybody is told: chance goes again.
};

constexpr auto kRules = std::to_array<Rule>({
    {"disk", "Disk of the data directory", "%", 90, 97, Bad::kAbove, std::chrono::seconds(10),
     "Free some space, or move the data directory (setting data) to a larger disk.", false, "disk_used_percent", 100,
     "Full", std::chrono::seconds(10)},
    {"memory", "Memory of the machine", "%", 90, 97, Bad::kAbove, std::chrono::seconds(60),
     "End other programs, or take a smaller model or context (engine.model, engine.context).", false,
     "memory_used_percent", 97, "Over 97 %"},
    {"gpu_memory", "Memory of the fullest card", "%", 100 * 15.5 / 16, 99.5, Bad::kAbove, std::chrono::seconds(60),
     "End other programs on the card, or take a smaller context or 8-bit cells (engine.context, "
     "engine.kv_cache_dtype).",
     false, "gpu_memory_used_percent"},  // Not foretold: a model that loads fills it within seconds, as it should.
    {"errors", "Questions that failed", "%", 5, 50, Bad::kAbove, Duration::zero(),
     "See the log and docmind doctor for why."},
    {"search", "Search time", "ms", 200, 2000, Bad::kAbove, std::chrono::seconds(60),
     "Give it more processors, or search by words alone (search.dense).", false, "search_ms.p50", 200, "Over 200 ms"},
    {"coordination", "Coordination of an answer", "ms", 300, 3000, Bad::kAbove, std::chrono::seconds(60),
     "The machine is short of processors: ask less at once.", false, "coordination_ms.p50", 300, "Over 300 ms"},
    {"cache_hits", "Answers given again", "%", 60, -1, Bad::kBelow, std::chrono::minutes(2),
     "Nothing is wrong when people ask new things; docmind cache stats tells more.", true},
});

using Values = std::map<std::string, double>;

// What was lately: how often, for what is counted, and the mean of anything else.
Values lately(const MetricSeries& series) {
  const SeriesWindow window = series.last(kLately, MetricSeries::kStep);
  Values out;
  for (const auto& [name, values] : window.series) {
    double sum = 0;
    double known = 0;
    for (const auto& value : values) {
      sum += value.value_or(0);
      known += value ? 1 : 0;
    }
    if (known == 0) continue;
    out[name] = name.find("_per_second") != std::string::npos ? sum * window.step : sum / known;
  }
  return out;
}

std::optional<double> last_of(const MetricSeries& series, const std::string& name) {
  const SeriesWindow window = series.last(MetricSeries::kStep, MetricSeries::kStep);
  const auto found = window.series.find(name);
  if (found == window.series.end() || found->second.empty()) return std::nullopt;
  return found->second.back();
}

double sum_of(const Values& values, std::string_view prefix) {
  double out = 0;
  for (const auto& [name, value] : values) {
    if (name.starts_with(prefix)) out += value;
  }
  return out;
}

// In percent; nothing while too little was asked.
std::optional<double> share(double part, double all) {
  if (all < kLeastAsked) return std::nullopt;
  return 100 * part / all;
}

std::optional<double> failed_share(const Values& values) {
  return share(sum_of(values, "questions_per_second.error"), sum_of(values, "questions_per_second."));
}

std::optional<double> hit_share(const Values& values) {
  const double hits = sum_of(values, "cache_hits_per_second");
  return share(hits, hits + sum_of(values, "cache_misses_per_second"));
}

std::optional<double> value_of(const Rule& rule, const Values& values, const MetricSeries& series) {
  if (rule.unit == "%" && !rule.series.empty()) return last_of(series, std::string(rule.series));
  if (rule.name == "errors") return failed_share(values);
  if (rule.name == "cache_hits") return hit_share(values);
  const auto found = values.find(std::string(rule.series));
  return found == values.end() ? std::nullopt : std::optional(found->second);
}

AlertState state_of(const Rule& rule, const std::optional<double>& value) {
  if (!value) return AlertState::kNoData;
  if (rule.bad == Bad::kBelow) return *value < rule.warning ? AlertState::kWarning : AlertState::kOk;
  if (*value > rule.critical) return AlertState::kCritical;
  return *value > rule.warning ? AlertState::kWarning : AlertState::kOk;
}

bool alarms(AlertState state) { return state == AlertState::kWarning || state == AlertState::kCritical; }

std::string in_words(double seconds) {
  if (!(seconds < kDay)) return "more than a day";
  if (seconds >= 2 * 3600) return fmt::format("{:.0f} h", seconds / 3600);
  return fmt::format("{:.0f} min", std::max(1.0, seconds / 60));
}

}  // namespace

std::string_view name_of(AlertState state) {
  constexpr std::array<std::string_view, 6> kNames = {"ok",       "pending", "warning",
                                                      "critical", "no_data", "not_on_this_machine"};
  return kNames.at(static_cast<std::size_t>(state));
}

void Alerts::look(const std::vector<service::Check>& checks) {
  const MutexLock lock(mutex_);
  look_at_values();
  look_at_checks(checks);
  Alert decode{.name = "decode", .title = "Decode on a card", .unit = "tok/s"};
  decode.state = cards() == 0 ? AlertState::kNotHere : AlertState::kNoData;
  decode.says = cards() == 0 ? kNoCard : "Nothing is warned of here: docmind performance tells it.";
  settle(std::move(decode), Duration::zero());
  Alert slowed{.name = "slowed", .title = "Threads of the models", .says = slowed_};
  if (!slowed_.empty()) {
    slowed.state = AlertState::kWarning;
    slowed.to_do = "Plug it in, or let it cool; engine.slow_down_on says when this is done.";
  }
  settle(std::move(slowed), Duration::zero());
}

void Alerts::know_slowed(std::string says) {
  const MutexLock lock(mutex_);
  slowed_ = std::move(says);
}

void Alerts::look_at_values() {
  const Values values = lately(series_);
  for (const Rule& rule : kRules) {
    Alert found{.name = std::string(rule.name), .title = std::string(rule.title)};
    found.value = value_of(rule, values, series_);
    found.state = state_of(rule, found.value);
    if (rule.name == "gpu_memory" && !found.value && cards() == 0) {
      found.state = AlertState::kNotHere;
      found.says = kNoCard;
    }
    found.limit = found.state == AlertState::kCritical ? rule.critical : rule.warning;
    found.unit = rule.unit;
    found.quiet = rule.quiet;
    if (found.value && alarms(found.state)) {
      found.says = fmt::format("{}: {:.0f} {}, {} the limit of {:.0f} {}.", rule.title, *found.value, rule.unit,
                               rule.bad == Bad::kAbove ? "over" : "under", found.limit, rule.unit);
      found.to_do = rule.to_do;
    }
    if (!rule.then.empty()) {
      remember(found.name, last_of(series_, std::string(rule.series)));
      found.expected = held(found.name, foretold(found.name, std::string(rule.series), rule.reached), rule.held);
    }
    if (found.expected) {
      found.says += fmt::format("{}{} in about {} ({} to {}) if it goes on like this.", found.says.empty() ? "" : " ",
                                rule.then, in_words(found.expected->seconds), in_words(found.expected->least),
                                in_words(found.expected->most));
      found.to_do = rule.to_do;
    }
    settle(std::move(found), rule.lasting);
  }
}

// A time in which the machine slept is one of which nothing is known.
void Alerts::remember(const std::string& rule, std::optional<double> value) {
  Days& days = days_[rule];
  const std::int64_t slot = clock_.now().time_since_epoch() / kTrend;
  if (days.slot == 0) days.slot = slot;
  for (; days.slot < slot; ++days.slot) {
    days.means.push_back(days.known > 0 ? std::optional(days.sum / days.known) : std::nullopt);
    if (days.means.size() > kDaysKept * kMeansOfADay) days.means.pop_front();
    days.sum = 0;
    days.known = 0;
  }
  days.sum += value.value_or(0);
  days.known += value ? 1 : 0;
}

// Within a day; by the line of ten minutes within the hour, but for the disk, whose way is no load that comes and goes.
std::optional<Expected> Alerts::foretold(const std::string& rule, const std::string& series, double limit) const {
  const SeriesWindow window = series_.last(kTrend, MetricSeries::kStep);
  const auto values = window.series.find(series);
  std::optional<Expected> soon =
      values == window.series.end() ? std::nullopt : expected(values->second, window.step, limit);
  if (soon && soon->seconds > (rule == "disk" ? kDay : kHour)) soon.reset();
  const Days& days = days_.find(rule)->second;
  constexpr double kMean = std::chrono::duration<double>(kTrend).count();
  const auto later = expected_with_pattern({days.means.begin(), days.means.end()}, kMeansOfADay, kMean, limit);
  return later && (!soon || later->seconds < soon->seconds) ? later : soon;
}

std::optional<Expected> Alerts::held(const std::string& rule, std::optional<Expected> expected, Duration lasting) {
  std::optional<TimePoint>& since = kept_[rule].foretold;
  if (!expected) {
    since.reset();
  } else if (!since) {
    since = clock_.now();
  }
  return since && clock_.now() - *since >= lasting ? expected : std::nullopt;
}

// Whatever /health says is not as it should be, under the check's name.
void Alerts::look_at_checks(const std::vector<service::Check>& checks) {
  std::erase_if(kept_, [&](const auto& one) {
    return one.first.starts_with("check ") && std::ranges::none_of(checks, [&](const service::Check& check) {
             return one.first == "check " + check.name;
           });
  });
  for (const service::Check& check : checks) {
    if (kept_.contains(check.name)) continue;  // A rule of its own has it: the disk, memory.
    Alert found{.name = "check " + check.name, .title = check.name};
    if (check.status != service::CheckStatus::kOk) {
      found.state = check.status == service::CheckStatus::kFailed ? AlertState::kCritical : AlertState::kWarning;
      found.says = check.message;
      found.to_do = "docmind doctor looks closer.";
    }
    settle(std::move(found), Duration::zero());
  }
}

void Alerts::settle(Alert found, Duration lasting) {
  Kept& kept = kept_[found.name];
  const TimePoint now = clock_.now();
  if (!alarms(found.state)) {
    kept.began.reset();
  } else {
    if (!kept.began) kept.began = now;
    if (now - *kept.began < lasting) found.state = AlertState::kPending;
  }
  const bool same = kept.alert.since_ms != 0 && kept.alert.state == found.state;
  found.since_ms = same ? kept.alert.since_ms : clock_.wall().time_since_epoch().count();
  kept.alert = std::move(found);
}

std::vector<Alert> Alerts::now() const {
  const MutexLock lock(mutex_);
  std::vector<Alert> out;
  for (const auto& [name, kept] : kept_) out.push_back(kept.alert);
  std::ranges::sort(out, {}, [](const Alert& one) {
    const int rank = one.state == AlertState::kCritical  ? 0
                     : one.state == AlertState::kWarning ? 1
                     : one.expected                      ? 2
                                                         : 3;
    return std::pair<int, std::string_view>(rank, one.name);
  });
  return out;
}

}  // namespace docmind::server
