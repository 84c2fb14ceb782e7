#include "speed/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <utility>

namespace docmind::speed {
namespace {

namespace json = boost::json;

// Three digits that mean something.
std::string short_number(double number) {
  const double size = std::abs(number);
  return fmt::format("{:.{}f}", number, size < 1 ? 3 : size < 10 ? 2 : size < 100 ? 1 : 0);
}

std::string_view status(const Compared& one) {
  if (one.worse) return "worse";
  return one.before ? "same" : "first";
}

json::object json_of(const Compared& one) {
  return {{"id", one.figure->id},
          {"name", one.figure->name},
          {"unit", one.figure->unit},
          {"median", one.now.median},
          {"low", one.now.low},
          {"high", one.now.high},
          {"before", one.before ? json::value(*one.before) : json::value(nullptr)},
          {"runs", one.runs},
          {"change", one.before ? json::value(one.change()) : json::value(nullptr)},
          {"status", status(one)}};
}

std::string beside(const Compared& one) {
  if (!one.before) return "first run";
  return fmt::format("{:+.0f} % beside {} of {} {}{}", 100 * one.change(), short_number(*one.before), one.runs,
                     one.runs == 1 ? "run" : "runs", one.worse ? "  WORSE" : "");
}

}  // namespace

bool Report::worse() const { return std::ranges::any_of(compared, &Compared::worse); }
bool Report::failed() const { return std::ranges::any_of(missing, &Missing::failed); }

Report report(const Samples& samples, Run run, std::span<const std::string> asked, std::span<const Run> earlier,
              double tolerance) {
  Report out{std::move(run), {}, {}};
  out.compared = compare(out.run, earlier, tolerance);
  for (const Figure& one : figures()) {
    if (out.run.figures.contains(one.id) || std::ranges::find(asked, one.part) == asked.end()) continue;
    const std::string* failure = samples.failure(one.id);
    const std::string* absence = samples.absence(one.id);
    out.missing.push_back({.figure = &one,
                           .why = failure != nullptr   ? *failure
                                  : absence != nullptr ? *absence
                                                       : std::string("nothing was measured"),
                           .failed = failure != nullptr || absence == nullptr});
  }
  return out;
}

json::object json_of(const Report& report) {
  json::array all;
  for (const Compared& one : report.compared) all.push_back(json_of(one));
  for (const Report::Missing& one : report.missing) {
    all.push_back(json::object{{"id", one.figure->id},
                               {"name", one.figure->name},
                               {"unit", one.figure->unit},
                               {"status", one.failed ? "failed" : "not_on_this_machine"},
                               {"why", one.why}});
  }
  return {{"at", report.run.at},         {"version", report.run.version}, {"machine", report.run.machine},
          {"models", report.run.models}, {"figures", std::move(all)},     {"worse", report.worse()}};
}

std::string text_of(const Report& report) {
  std::size_t widest = 0;
  for (const Figure& one : figures()) widest = std::max(widest, one.name.size());
  std::string out;
  for (const Compared& one : report.compared) {
    out += fmt::format("{:{}}  {:>8} {:8}  {} to {}; {}\n", one.figure->name, widest, short_number(one.now.median),
                       one.figure->unit, short_number(one.now.low), short_number(one.now.high), beside(one));
  }
  for (const Report::Missing& one : report.missing) {
    out += fmt::format("{:{}}  {:>8} {}\n", one.figure->name, widest, one.failed ? "failed" : "-", one.why);
  }
  return out;
}

}  // namespace docmind::speed
