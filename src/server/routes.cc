#include "server/routes.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "base/json.h"
#include "base/request_id.h"
#include "base/trace_context.h"
#include "obs/exposition.h"
#include "server/anthropic_shapes.h"
#include "server/impl/call.h"
#include "server/impl/metric_text.h"
#include "server/impl/route.h"
#include "server/json_read.h"
#include "server/json_write.h"
#include "server/openai_shapes.h"
#include "server/page_routes.h"
#include "server/request_spans.h"

namespace docmind::server {
namespace {

namespace json = boost::json;

constexpr Duration kReadyPatience = std::chrono::seconds(2);
constexpr std::string_view kNoRoute = "none";  // In metrics.
constexpr std::uint64_t kSignInBytes = 4U << 10U;
constexpr std::uint64_t kFormSlack = 1U << 20U;  // What the form around an upload's files may take.

double seconds_since(TimePoint start, const Clock& clock) {
  return std::chrono::duration<double>(clock.now() - start).count();
}

std::string_view take_segment(std::string_view& path) {
  const std::size_t end = std::min(path.find('/', 1), path.size());
  const std::string_view segment = path.substr(0, end);
  path.remove_prefix(end);
  return segment;
}

// Whether path fits the template; what stands for {id} and, behind it, for {page}, a segment each, goes there.
bool matches(std::string_view pattern, std::string_view path, std::string& id, std::string& page) {
  std::array<std::string_view, 2> given;
  std::size_t count = 0;
  while (!pattern.empty() && !path.empty()) {
    const std::string_view wanted = take_segment(pattern);
    const std::string_view found = take_segment(path);
    const bool placeholder = wanted.starts_with("/{") && count < given.size() && found.size() > 1;
    if (placeholder) given[count++] = found.substr(1);
    if (!placeholder && wanted != found) return false;
  }
  if (!pattern.empty() || !path.empty()) return false;
  id = given[0];
  page = given[1];
  return true;
}

// As the API that lies there has errors.
std::string error_text(std::string_view path, const Error& error) {
  if (path.starts_with("/v1/messages")) return anthropic_error(error);
  return path.starts_with("/v1/") ? openai_error(error) : net::error_body(error);
}

net::Response refused(const net::Request& request, int status, const Error& error) {
  net::Response response = net::error_response(status, error);
  response.body = error_text(request.target.path, error);
  return response;
}

// A deleted document leaves the chats, too.
bool changes_chats(std::string_view method, std::string_view pattern) {
  return method != "GET" &&
         (pattern.starts_with("/api/sessions") || (method == "DELETE" && pattern.starts_with("/api/documents")));
}

// As docmind_queries_total has it: success and error are the specification's words, and what people ask wrongly or stop
// is neither.
template <typename T>
std::string_view ending_of(const Result<T>& answer) {
  if (answer) return "success";
  const Code code = answer.error().code;
  const bool withdrawn = code == Code::kCancelled || code == Code::kInvalidArgument || code == Code::kNotFound;
  return withdrawn ? "withdrawn" : "error";
}

// What the machine has left to give, of what is known.
json::object machine_now(std::string_view page) {
  const MetricSums sums(page);
  const auto share = [&](std::string_view part, std::string_view whole) {
    const auto some = sums.of(part);
    const auto all = sums.of(whole);
    return json::value_from(some && all.value_or(0) > 0 ? std::optional(100 * *some / *all) : std::nullopt);
  };
  return {{"cpu_percent", json::value_from(sums.of("docmind_cpu_usage_percent"))},
          {"memory_percent", share("docmind_memory_usage_bytes", "docmind_memory_total_bytes")},
          {"gpu_memory_percent", share("docmind_gpu_memory_bytes", "docmind_gpu_memory_total_bytes")}};
}

bool is_quick(std::string_view path) { return path.starts_with("/health") || path == "/metrics"; }
bool is_long(std::string_view path) { return path.ends_with("/events") || path.starts_with("/v1/"); }

}  // namespace

struct Routes::Found {
  const Route* route = nullptr;
  std::string id{};       // What stands for {id} in its template,
  std::string page{};     // and for {page}.
  std::string allowed{};  // The methods of this path when there is no such route: as Allow has them.
};

std::vector<DeclaredRoute> Routes::declared() {
  std::vector<DeclaredRoute> out;
  for (const Route& one : table()) out.push_back({one.method, one.pattern, one.scope});
  return out;
}

Routes::Routes(RoutesOptions options, service::Service& service, obs::Metrics& metrics, const Clock& clock)
    : options_(std::move(options)),
      service_(service),
      models_(options_.models, options_.model_patience, clock),
      metrics_(metrics),
      clock_(clock),
      gate_(options_.gate, options_.keys, clock),
      history_(clock),
      active_(metrics.gauge("docmind_http_requests_active", "Requests being answered.")),
      active_queries_(metrics.gauge("docmind_active_queries", "Questions and searches being answered.")),
      default_k_(options_.default_k),
      upload_bytes_(options_.upload_bytes),
      jobs_(clock) {}

std::uint64_t Routes::body_bytes(const net::Request& head) const {
  if (head.target.path == "/api/sign-in") return kSignInBytes;  // Anybody may send it.
  return head.target.path == "/api/documents" ? upload_bytes_ + kFormSlack : options_.json_bytes;
}

net::Lane Routes::lane(const net::Request& head) {
  if (is_quick(head.target.path)) return net::Lane::kQuick;
  return is_long(head.target.path) ? net::Lane::kLong : net::Lane::kNormal;
}

void Routes::handle(const net::Request& request, net::ResponseWriter& out) {
  const TimePoint start = clock_.now();
  const TraceScope place(options_.tracer != nullptr ? options_.tracer->sampled(trace_context()) : trace_context());
  active_.add(1);
  std::string route(kNoRoute);
  Reply reply = dispatch(request, out, route);
  Answered response = reply ? *std::move(reply) : Answered(net::error_response(reply.error()));
  const int status = response ? response->status : 200;
  if (response) {
    response->headers.set("X-Content-Type-Options", "nosniff");
    if (!response->headers.find("Cache-Control")) response->headers.set("Cache-Control", "no-store");
    (void)out.send(*std::move(response));  // Whoever has gone does not wait for it.
  }
  active_.add(-1);
  count(route, request, status);
  trace_request(start, request, route, status);
  if (options_.log != nullptr) {
    options_.log->event(
        status >= 500 ? obs::Level::kWarn : obs::Level::kDebug, "http_request",
        {{"method", request.method}, {"route", route}, {"status", status}, {"seconds", seconds_since(start, clock_)}});
  }
  metrics_.histogram("docmind_http_request_duration_seconds", "From a whole request to its answer.", {{"route", route}})
      .observe(seconds_since(start, clock_));
}

// Health and metrics are looked at all the time: that tells nobody anything.
void Routes::trace_request(TimePoint start, const net::Request& request, std::string_view route, int status) {
  if (options_.tracer == nullptr || is_quick(request.target.path)) return;
  const Stretch when{options_.tracer->nanoseconds(start), options_.tracer->nanoseconds(clock_.now())};
  options_.tracer->add({request_span(trace_context(), when, request.method, route, status, request_id())});
}

void Routes::count(std::string_view route, const net::Request& request, int status) {
  const std::string method = route == kNoRoute ? "other" : request.method;
  metrics_
      .counter("docmind_http_requests_total", "Requests by route and status.",
               {{"route", std::string(route)}, {"method", method}, {"status", std::to_string(status)}})
      .add();
}

Routes::Found Routes::find(const net::Request& head) {
  const std::string_view method = head.method == "HEAD" ? "GET" : std::string_view(head.method);
  Found found;
  for (const Route& one : table()) {
    if (!matches(one.pattern, head.target.path, found.id, found.page)) continue;
    if (one.method == method) {
      found.route = &one;
      return found;
    }
    found.allowed +=
        (found.allowed.empty() ? "" : ", ") + std::string(one.method) + (one.method == "GET" ? ", HEAD" : "");
  }
  return found;
}

// Pages are open: there is nothing in them but what the interface itself is. What changes something is never open by a
// mistake in its address.
std::optional<net::Response> Routes::refuse(const net::Request& head) {
  const Found found = find(head);
  const bool reads = head.method == "GET" || head.method == "HEAD";
  const auto unknown = reads ? std::nullopt : std::optional(access::Scope::kAsk);
  const std::optional<Refusal> refusal = gate_.refuse(head, found.route != nullptr ? found.route->scope : unknown);
  if (!refusal) return std::nullopt;
  count(found.route != nullptr ? found.route->pattern : kNoRoute, head, refusal->status);
  net::Response response = response_to(*refusal);
  response.body = error_text(head.target.path, refusal->error);
  return response;
}

Result<json::object> Routes::body_of(const net::Request& request, const Route& route) {
  if (!route.wire.body) return json::object();
  const Shape& shape = route.wire.body->resolved();
  if (shape.fields.empty()) return json::object();  // Any object: the route reads it itself.
  if (request.body.empty()) {
    DM_TRY(check(json::object(), shape));
    return json::object();
  }
  Result<json::value> value = parse_json(request.body);
  if (!value) {
    return Error{Code::kInvalidArgument, "the body is not usable JSON: " + value.error().message, "See docs/api.md."};
  }
  DM_TRY(check(*value, shape));
  return std::move(value->get_object());
}

Routes::Reply Routes::dispatch(const net::Request& request, net::ResponseWriter& out, std::string& route) {
  Found found = find(request);
  if (found.route != nullptr) {
    route = found.route->pattern;
    Result<> fits = check(request.target, found.route->wire.query);
    Result<json::object> body = fits ? body_of(request, *found.route) : fits.error();
    if (!body) return Answered(refused(request, net::status_of(body.error().code), body.error()));
    Reply reply = (this->*found.route->run)({request, out, std::move(found.id), std::move(found.page), *std::move(body),
                                             Deadline::in(options_.ask_patience, clock_), out.stop()});
    if (reply && changes_chats(found.route->method, found.route->pattern)) ++chat_changes_;
    return reply;
  }
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (found.allowed.empty() && reads) {
    if (std::optional<net::Response> page = page_response(request)) {
      route = "page";
      return Answered(*std::move(page));
    }
  }
  if (found.allowed.empty()) {
    return Error{Code::kNotFound, "there is nothing at " + request.target.path, "See docs/api.md for what there is."};
  }
  net::Response response = net::error_response(
      405,
      {Code::kInvalidArgument, request.target.path + " does not take " + request.method, "Use " + found.allowed + "."});
  response.headers.set("Allow", found.allowed);
  return Answered(std::move(response));
}

Routes::Reply Routes::live(const Call&) { return ok(json::object{{"status", "live"}}); }

Routes::Reply Routes::ready(const Call& call) {
  if (service_.ready()) {
    DM_TRY(models_.ready(Deadline::in(kReadyPatience, clock_), call.stop));
    const std::vector<service::Check> checks = noted(health_checks());
    return ok(json::object{
        {"status", "ready"}, {"health", health_name(worst(checks))}, {"checks", checks_with_history(checks)}});
  }
  return Error{Code::kUnavailable, "the server is still starting",
               "Ask again in a moment; /health says what is missing."};
}

json::object Routes::health_now() {
  const std::vector<service::Check> checks = noted(health_checks());
  return {{"status", health_name(worst(checks))},
          {"version", DOCMIND_VERSION},
          {"ready", service_.ready()},
          {"checks", checks_with_history(checks)},
          {"alerts", alerts_now(Which::kRaised)}};
}

Routes::Reply Routes::health(const Call&) {
  json::object body = health_now();
  body["metrics"] = machine_now(metrics_.text());
  return Answered(net::json_response(body.at("status") == "unhealthy" ? 503 : 200, to_text(body)));
}

Routes::Reply Routes::metrics_text(const Call& call) {
  const bool open = obs::wants_open_metrics(call.request.headers.find("Accept").value_or(""));
  std::string page = obs::fold_pages(open ? metrics_.text_with_exemplars() : metrics_.text(),
                                     models_.metrics(Deadline::in(kReadyPatience, clock_), call.stop));
  return Answered({.headers = {{"Content-Type", std::string(open ? obs::kOpenMetricsType : obs::kTextType)}},
                   .body = open ? obs::open_metrics(page) : std::move(page)});
}

Routes::Reply Routes::metric_series(const Call& call) {
  if (options_.series == nullptr) return Error{Code::kNotFound, "this server keeps no series", "See /metrics."};
  constexpr std::int64_t kHour = 3600;
  const std::int64_t window = DM_TRY(read_whole(call.request.target, "window", 900, 1, kHour));
  const std::int64_t step = DM_TRY(read_whole(call.request.target, "step", 5, 1, kHour));
  const SeriesWindow last = options_.series->last(std::chrono::seconds(window), std::chrono::seconds(step));
  json::object series;
  for (const auto& [name, values] : last.series) {
    json::array& shown = series[name].emplace_array();
    for (const auto& value : values) shown.push_back(value ? json::value(*value) : json::value(nullptr));
  }
  return ok(json::object{{"step", last.step}, {"from_ms", last.from_ms}, {"series", std::move(series)}});
}

Routes::Reply Routes::doctor(const Call& call) {
  const Deadline deadline = Deadline::in(options_.doctor_patience, clock_);
  const std::vector<service::Check> checks = service_.doctor(deadline, call.stop);
  return ok(json::object{{"status", name(worst(checks))},
                         {"checks", to_json(checks)},
                         {"parts", checks_with_history(noted(health_checks()))}});
}

Routes::Reply Routes::settings(const Call&) {
  if (!options_.settings.object)
    return Error{Code::kNotFound, "the settings are not shown here", "docmind config show"};
  return Answered(net::json_response(200, options_.settings.object()));
}

Routes::Reply Routes::change_settings(const Call& call) {
  if (!options_.settings.change)
    return Error{Code::kNotFound, "the settings are not changed here", "See docs/settings.md."};
  return Answered(options_.settings.change(call.body));
}

Routes::Reply Routes::documents(const Call& call) {
  const std::optional<std::string_view> hash = call.request.target.parameter("hash");
  const auto hashing = hash == "true" ? service::Hashing::kContent : service::Hashing::kSkip;
  const service::LibraryInfo library = DM_TRY(service_.documents(hashing, call.deadline, call.stop));
  return ok(to_json(library));
}

Routes::Reply Routes::remove(const Call& call) {
  std::string which = call.id;
  if (which.empty()) which = call.request.target.parameter("document").value_or("");
  if (which.empty()) {
    return Error{Code::kInvalidArgument, "it is not said which document", "Add /ID or ?document=PATH."};
  }
  DM_TRY(forget_in_sessions(which, call));
  const service::DocumentInfo removed = DM_TRY(service_.remove(which, call.deadline, call.stop));
  return ok(to_json(removed));
}

Routes::Reply Routes::search(const Call& call) {
  const service::Query query = DM_TRY(read_query(call.request.target, default_k_));
  const TimePoint start = clock_.now();
  active_queries_.add(1);
  const Result<service::SearchResult> found = service_.search(query, call.deadline, call.stop);
  active_queries_.add(-1);
  count_query("search", ending_of(found), seconds_since(start, clock_));
  if (!found) return found.error();
  return ok(to_json(*found));
}

Routes::Reply Routes::ask(const Call& call) {
  return ok(DM_TRY(counted_answer(DM_TRY(read_question(call.body)), "ask", call.deadline, call.stop)));
}

Result<json::value> Routes::counted_answer(const service::Question& question, const std::string& type,
                                           Deadline deadline, std::stop_token stop) {
  const TimePoint start = clock_.now();
  active_queries_.add(1);
  const Result<service::Answer> answer = traced_answer(question, type, deadline, std::move(stop));
  active_queries_.add(-1);
  const double seconds = seconds_since(start, clock_);
  count_query(!answer || answer->route.empty() ? type : answer->route, ending_of(answer), seconds);
  if (!answer) return answer.error();
  return to_json(*answer);
}

Result<service::Answer> Routes::traced_answer(const service::Question& question, const std::string& type,
                                              Deadline deadline, std::stop_token stop) {
  tracing::Tracer* const tracer = options_.tracer;
  if (tracer == nullptr || !trace_context() || !trace_context().sampled) {
    return service_.ask(question, deadline, std::move(stop));
  }
  const TimePoint start = clock_.now();
  const TraceScope scope(child_of(trace_context()));
  service::Question watched = question;
  watched.watch.made = [tracer, answer = trace_context()](const agents::Trace& trace) {
    tracer->add(spans_of(trace, answer, [tracer](TimePoint at) { return tracer->nanoseconds(at); }));
  };
  Result<service::Answer> answer = service_.ask(watched, deadline, std::move(stop));
  const Stretch when{tracer->nanoseconds(start), tracer->nanoseconds(clock_.now())};
  tracer->add({answer_span(trace_context(), when, type, answer)});
  return answer;
}

void Routes::count_query(const std::string& type, std::string_view status, double seconds) {
  metrics_
      .counter("docmind_queries_total", "Questions and searches, by what the router chose and how they ended.",
               {{"query_type", type}, {"status", std::string(status)}})
      .add();
  metrics_.histogram("docmind_query_duration_seconds", "From a question to its answer.", {{"query_type", type}})
      .observe(seconds);
}

Routes::Reply Routes::cache_stats(const Call&) { return ok(to_json(DM_TRY(service_.cache_stats()))); }

Routes::Reply Routes::purge_cache(const Call& call) {
  const CachePurge purge = DM_TRY(read_purge(call.request.target));
  return ok(json::object{{"purged", DM_TRY(service_.purge_cache(purge.by, purge.name, call.deadline, call.stop))}});
}

Routes::Reply Routes::trace(const Call& call) {
  std::string trace = DM_TRY(service_.trace(call.id, call.deadline, call.stop));
  return Answered(net::json_response(200, std::move(trace)));
}

Routes::Reply Routes::agent_totals(const Call&) { return ok(to_json(service_.agent_totals())); }

Routes::Reply Routes::replay(const Call& call) {
  const service::Replay replay = DM_TRY(service_.replay(call.id, call.deadline, call.stop));
  json::array differences;
  for (const std::string& one : replay.differences) differences.emplace_back(one);
  return ok(
      json::object{{"trace_id", call.id}, {"same", differences.empty()}, {"differences", std::move(differences)}});
}

Routes::Reply Routes::verify(const Call& call) {
  const std::vector<agents::Citation> citations = DM_TRY(read_citations(call.body));
  const service::Verification verification = DM_TRY(service_.verify(citations, call.deadline, call.stop));
  return ok(to_json(verification));
}

}  // namespace docmind::server
