// The routes that say how things stand: targets beside what was measured, alerts, jobs, and all of it as it changes.
#include <boost/json.hpp>
#include <cmath>
#include <map>

#include "base/json.h"
#include "exec/wait.h"
#include "server/impl/call.h"
#include "server/json_write.h"
#include "server/routes.h"
#include "server/targets.h"

namespace docmind::server {
namespace {

namespace json = boost::json;

json::value number_or_null(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? json::value(*value) : json::value(nullptr);
}

json::object to_json(const Target& one) {
  return {{"name", one.name}, {"target", one.target},        {"measured", number_or_null(one.measured)},
          {"unit", one.unit}, {"state", name_of(one.state)}, {"from", one.from}};
}

json::value to_json(const std::optional<Expected>& expected) {
  if (!expected) return nullptr;
  return json::object{
      {"seconds", expected->seconds}, {"least", expected->least}, {"most", number_or_null(expected->most)}};
}

json::object to_json(const Alert& one) {
  return {{"name", one.name},
          {"title", one.title},
          {"state", name_of(one.state)},
          {"since_ms", one.since_ms},
          {"value", number_or_null(one.value)},
          {"limit", one.limit},
          {"unit", one.unit},
          {"says", one.says},
          {"to_do", one.to_do},
          {"expected", to_json(one.expected)}};
}

constexpr int kLooksAProbe = 5;  // Backends are asked how they are in every fifth look.

}  // namespace

Routes::Reply Routes::target_list(const Call&) {
  const std::string page = metrics_.text();
  Measured measured{.metrics = page, .cards = options_.alerts == nullptr ? 0 : options_.alerts->cards()};
  if (options_.series != nullptr) {
    const SeriesWindow now = options_.series->last(MetricSeries::kStep, MetricSeries::kStep);
    const auto resident = now.series.find("resident_bytes");
    if (resident != now.series.end()) measured.resident = resident->second.back().value_or(0);
  }
  json::array list;
  for (const Target& one : targets(measured)) list.push_back(to_json(one));
  return ok(json::object{{"targets", std::move(list)}});
}

Routes::Reply Routes::alerts(const Call&) { return ok(json::object{{"alerts", alerts_now(Which::kAll)}}); }

json::object Routes::jobs_now() const {
  json::array list;
  for (const JobInfo& one : jobs_.list()) {
    list.push_back(json::object{{"job", one.id},
                                {"what", one.what},
                                {"began_ms", one.began_ms},
                                {"progress", one.progress ? to_json(*one.progress) : json::value(nullptr)}});
  }
  return {{"jobs", std::move(list)}};
}

Routes::Reply Routes::job_list(const Call&) { return ok(jobs_now()); }

Routes::Reply Routes::stop_job(const Call& call) {
  DM_TRY(jobs_.stop(call.id));
  return ok(json::object{{"stopped", true}});
}

std::vector<net::SseEvent> Routes::standing() {
  return {{.name = "health", .data = to_text(health_now())},
          {.name = "backends", .data = to_text(json::object{{"backends", backends_now()}})},
          {.name = "documents", .data = to_text(json::object{{"generation", service_.generation()}})},
          {.name = "chats", .data = to_text(json::object{{"changes", chat_changes_.load()}})},
          {.name = "jobs", .data = to_text(jobs_now())}};
}

// Everything once, at once, then what has changed. Who joins again is told everything again: nothing has to be
// numbered.
Routes::Reply Routes::events(const Call& call) {
  DM_TRY(begin_events(call.out));
  std::map<std::string, std::string> told;
  Deadline silent = Deadline::in(options_.heartbeat, clock_);
  for (int look = 0;; ++look) {
    if (options_.backends != nullptr && look % kLooksAProbe == 1) {
      options_.backends->look(Deadline::in(options_.probe_patience, clock_), call.stop);
    }
    std::string text;
    for (const net::SseEvent& one : standing()) {
      if (std::exchange(told[one.name], one.data) != one.data) text += net::sse_text(one);
    }
    if (text.empty() && silent.expired()) text = kStillHere;
    if (!text.empty()) silent = Deadline::in(options_.heartbeat, clock_);
    if (!text.empty() && !call.out.write(text)) break;
    if (exec::rest(Deadline::in(options_.between_looks, clock_), call.stop) == exec::Waited::kStopped) break;
    if (gate_.shut_out(call.request)) break;
  }
  (void)call.out.end();
  return Answered();
}

json::array Routes::alerts_now(Which which) const {
  json::array out;
  if (options_.alerts == nullptr) return out;
  for (const Alert& one : options_.alerts->now()) {
    if (which == Which::kAll || one.raised()) out.push_back(to_json(one));
  }
  return out;
}

}  // namespace docmind::server
