// /api/backends: what can write answers, who does, and the switch.
#include <algorithm>
#include <boost/json.hpp>
#include <iterator>

#include "base/json.h"
#include "base/json_members.h"
#include "server/impl/call.h"
#include "server/json_write.h"
#include "server/routes.h"

namespace docmind::server {
namespace {

namespace json = boost::json;

constexpr double kMostUsed = 90;  // Percent of memory and disk; as the alerts have it.

json::value to_json(const std::optional<llm::Capabilities>& can) {
  if (!can) return nullptr;
  return json::object{{"model", can->model},
                      {"server", can->server},
                      {"context", can->context},
                      {"json_schema", can->json_schema},
                      {"tools", can->tools},
                      {"thinking", can->thinking},
                      {"counts_tokens", can->counts_tokens},
                      {"caches_prefix", can->caches_prefix || can->documents}};
}

json::value text_or_null(const std::string& text) { return text.empty() ? json::value(nullptr) : json::value(text); }

json::object to_json(const router::MemberStatus& one) {
  return {{"name", one.name},
          {"where", one.where},
          {"in_use", one.in_use},
          {"leaves_this_machine", one.elsewhere},
          {"capabilities", to_json(one.can)},
          {"tried", one.tried},
          {"loaded", one.state.loaded},
          {"reduced", text_or_null(one.state.reduced)},
          {"start_seconds", std::chrono::duration<double>(one.state.start_took).count()},
          {"failure", text_or_null(one.failure.empty() ? one.state.away : one.failure)},
          {"answers", one.answers},
          {"failures", one.failures}};
}

// One that fails degrades, no more: the next one answers, or the documents' own words do.
service::Check check_of(const router::MemberStatus& one, const std::vector<router::MemberStatus>& all) {
  service::Check out;
  out.name = "backend " + one.name;
  out.last = one.last;
  if (!one.failure.empty() || !one.state.away.empty()) {
    const auto well = std::ranges::find_if(
        all, [](const router::MemberStatus& other) { return other.failure.empty() && other.state.away.empty(); });
    out.fallback = well == all.end() ? "answers in the documents' own words" : well->name;
  }
  if (!one.failure.empty()) {
    out.status = service::CheckStatus::kDegraded;
    out.message = one.failure + " Others answer in its place; docmind backends shows which.";
    return out;
  }
  if (const std::string& less = one.state.away.empty() ? one.state.reduced : one.state.away; !less.empty()) {
    out.status = service::CheckStatus::kDegraded;
    out.message = less;
    return out;
  }
  out.message = one.tried && one.can ? one.can->model + (one.in_use ? ", in use" : ", ready") : "not asked yet";
  if (one.elsewhere) out.message += "; text goes to " + one.where;
  return out;
}

// Of memory or the disk.
service::Check check_of(const char* name, double used_percent) {
  service::Check out{.name = name, .message = {}};
  if (used_percent <= kMostUsed) return out;
  out.status = service::CheckStatus::kDegraded;
  out.message = "more than 90 % in use";  // No figure that is another one each time: who follows would be told each.
  return out;
}

}  // namespace

std::vector<service::Check> Routes::health_checks() const {
  std::vector<service::Check> checks = service_.health();
  if (options_.more_checks) std::ranges::move(options_.more_checks(), std::back_inserter(checks));
  if (options_.backends == nullptr) return checks;
  const std::vector<router::MemberStatus> all = options_.backends->status();
  for (const router::MemberStatus& one : all) checks.push_back(check_of(one, all));
  return checks;
}

std::vector<service::Check> Routes::noted(std::vector<service::Check> checks) {
  if (options_.series != nullptr) {
    const SeriesWindow now = options_.series->last(MetricSeries::kStep, MetricSeries::kStep);
    for (const auto& [name, series] : {std::pair("memory", "memory_used_percent"), {"disk", "disk_used_percent"}}) {
      const auto found = now.series.find(series);
      if (found == now.series.end() || found->second.empty()) continue;
      if (const auto used = found->second.back()) checks.push_back(check_of(name, *used));
    }
  }
  history_.note(checks);
  return checks;
}

json::array Routes::backends_now() const {
  json::array list;
  if (options_.backends == nullptr) return list;
  for (const router::MemberStatus& one : options_.backends->status()) list.push_back(to_json(one));
  return list;
}

Routes::Reply Routes::backends(const Call& call) {
  if (options_.backends != nullptr) options_.backends->look(Deadline::in(options_.probe_patience, clock_), call.stop);
  return ok(json::object{{"backends", backends_now()}});
}

Routes::Reply Routes::use_backend(const Call& call) {
  const std::string_view name = json_text(json_member(call.body, "name"));
  if (options_.backends == nullptr) {
    return Error{Code::kNotFound, "no backend is set up", "Set engine.model, vllm.url or ollama.url."};
  }
  DM_TRY(options_.backends->use(name, Deadline::in(options_.switch_patience, clock_), call.stop));
  return backends(call);
}

}  // namespace docmind::server
