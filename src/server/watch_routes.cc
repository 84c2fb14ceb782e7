// The routes that say how things stand: targets beside what was measured, alerts.
#include <boost/json.hpp>
#include <cmath>

#include "base/json.h"
#include "server/impl/call.h"
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

json::array Routes::alerts_now(Which which) const {
  json::array out;
  if (options_.alerts == nullptr) return out;
  for (const Alert& one : options_.alerts->now()) {
    if (which == Which::kAll || one.raised()) out.push_back(to_json(one));
  }
  return out;
}

}  // namespace docmind::server
