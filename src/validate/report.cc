#include "validate/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>

#include "base/check.h"

namespace docmind::validate {
namespace {

namespace json = boost::json;

std::string figure_text(const Requirement& of, double figure) {
  if (of.bound == Bound::kHolds) return {};
  std::string text = fmt::format("{:.{}f}", figure, std::abs(figure) < 10 ? 2 : std::abs(figure) < 100 ? 1 : 0);
  if (!of.unit.empty()) text += fmt::format(" {}", of.unit);
  return text;
}

Check judged(const Requirement& of, const Measurement* measured) {
  if (measured == nullptr) return {&of, Status::kFail, "nothing was measured"};
  if (!measured->possible) return {&of, Status::kNotOnThisMachine, measured->said};
  if (!measured->figure) return {&of, Status::kFail, measured->said};
  std::string text = figure_text(of, *measured->figure);
  if (!measured->said.empty()) text += text.empty() ? measured->said : fmt::format(" ({})", measured->said);
  return {&of, met(of, *measured->figure) ? Status::kPass : Status::kFail, std::move(text)};
}

}  // namespace

void Measurements::figure(std::string_view id, double figure, std::string said) {
  DM_CHECK(find(id) == nullptr);
  // A figure that is none fails, whatever it is compared with.
  const std::optional<double> kept = std::isfinite(figure) ? std::optional(figure) : std::nullopt;
  all_.push_back({.id = id, .figure = kept, .said = std::move(said)});
}

void Measurements::holds(std::string_view id, bool does, std::string said) {
  figure(id, does ? 1 : 0, std::move(said));
}

void Measurements::failed(std::string_view id, const Error& error) {
  DM_CHECK(find(id) == nullptr);
  all_.push_back(
      {.id = id, .said = error.hint.empty() ? error.message : fmt::format("{}; {}", error.message, error.hint)});
}

void Measurements::not_here(std::string_view id, std::string why) {
  DM_CHECK(find(id) == nullptr);
  all_.push_back({.id = id, .said = std::move(why), .possible = false});
}

const Measurement* Measurements::find(std::string_view id) const {
  const auto at = std::ranges::find(all_, id, &Measurement::id);
  return at == all_.end() ? nullptr : &*at;
}

std::string_view name(Status status) {
  constexpr std::array<std::string_view, 3> kNames = {"pass", "fail", "not_on_this_machine"};
  return kNames.at(static_cast<std::size_t>(status));
}

double Report::rate() const { return total == 0 ? 0 : static_cast<double>(passed) / static_cast<double>(total); }

Report judge(const Measurements& measured) {
  Report report;
  for (const Requirement& requirement : requirements()) {
    Check check = judged(requirement, measured.find(requirement.id));
    if (check.status == Status::kNotOnThisMachine) {
      ++report.not_here;
    } else {
      ++report.total;
      report.passed += check.status == Status::kPass ? 1 : 0;
    }
    report.checks.push_back(std::move(check));
  }
  return report;
}

json::object json_of(const Report& report) {
  json::array checks;
  for (const Check& check : report.checks) {
    checks.push_back(json::object{{"id", check.requirement->id},
                                  {"name", check.requirement->name},
                                  {"target", target_of(*check.requirement)},
                                  {"measured", check.measured},
                                  {"status", name(check.status)}});
  }
  return {{"checks", std::move(checks)},
          {"total_validations", report.total},
          {"passed_validations", report.passed},
          {"validation_rate", report.rate()},
          {"production_ready", report.ready()}};
}

std::string text_of(const Report& report) {
  constexpr std::size_t kStatus = 6;
  const auto shown = [](Status status) { return status == Status::kNotOnThisMachine ? "-" : name(status); };
  std::size_t widest = 0;
  std::size_t target = 0;
  for (const Check& check : report.checks) {
    widest = std::max(widest, check.requirement->name.size());
    target = std::max(target, target_of(*check.requirement).size());
  }
  std::string out;
  for (const Check& check : report.checks) {
    out += fmt::format("{:{}} {:{}}  {:{}}  {}\n", shown(check.status), kStatus, check.requirement->name, widest,
                       target_of(*check.requirement), target, check.measured);
    if (check.status == Status::kFail) out += fmt::format("{:{}} -> {}\n", "", kStatus, check.requirement->remedy);
  }
  return out + fmt::format("{} of {} that this machine can show passed ({:.0f} %); {} it cannot show (-). {}\n",
                           report.passed, report.total, 100 * report.rate(), report.not_here,
                           report.ready() ? "Nothing failed." : "Not ready for production.");
}

}  // namespace docmind::validate
