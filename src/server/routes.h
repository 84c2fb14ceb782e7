// The product over HTTP: which address does what, JSON in and out, progress as server-sent events, metrics.
//
// docs/api.md lists the routes. Failures have one shape, {"error":{"code","message","hint"}}; an unknown address gets
// 404, a known one with another method 405 with Allow. Thread safety: handle() from any thread, many at once.
#pragma once
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "access/keys.h"
#include "base/clock.h"
#include "llm/ollama/ollama_models.h"
#include "llm/router/router.h"
#include "net/server.h"
#include "net/sse.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "print/paper.h"
#include "server/alerts.h"
#include "server/check_history.h"
#include "server/gate.h"
#include "server/jobs.h"
#include "server/mcp.h"
#include "server/metric_series.h"
#include "server/model_files.h"
#include "server/model_routes.h"
#include "server/runs.h"
#include "server/session_read.h"
#include "service/service.h"
#include "session/sessions.h"
#include "templates/templates.h"
#include "tracing/tracer.h"

namespace docmind::server {

// Whether paths of this machine may be ingested by a request that came over TCP. Only ever when the address is a
// loopback one: who may name paths may read every file that this process may.
enum class PathsOverTcp : std::uint8_t { kRefused, kAllowed };

// The Ollama that is set up, for the routes below /api/backends/ollama.
struct OllamaAccess {
  const ollama::OllamaModels* models = nullptr;  // Outlives the routes; null: there is none.
  std::uint32_t context = 0;                     // Tokens that a new model gets; 0: Ollama's own.
  std::string own_file{};                        // What is made when no file is named: engine.model; empty: nothing.
  std::function<Result<std::filesystem::path>(const std::string& name)> file_of{};  // Of a name or a path.
};

// The settings, for /api/settings; empty functions: they are not shown.
struct SettingsAccess {
  std::function<std::string()> object{};                                   // As JSON.
  std::function<net::Response(const boost::json::object& body)> change{};  // The answer to a PATCH.
};

// Makes a PDF of a paper (print/child_printer.h).
using Print = std::function<Result<std::string>(const print::Paper& paper, Deadline deadline, std::stop_token stop)>;

struct Dialect;  // How one chat model's API is spoken.

struct RoutesOptions {
  PathsOverTcp paths_over_tcp = PathsOverTcp::kAllowed;
  std::uint32_t default_k = 10;                     // Hits when a search does not say.
  Duration ask_patience = std::chrono::minutes(2);  // For ask, search, verify and what else reads.
  Duration doctor_patience = std::chrono::minutes(3);
  std::uint64_t json_bytes = 32U << 20U;      // Cap on a JSON body.
  std::uint64_t upload_bytes = 256U << 20U;   // Cap on an upload, all its files together.
  SettingsAccess settings{};                  //
  std::vector<ServedModel> models{};          // For /v1: each outlives the routes.
  router::Router* backends = nullptr;         // Of the chat model. Outlives the routes; null: there is none.
  OllamaAccess ollama{};                      //
  ModelFileAccess model_files{};              //
  session::Sessions* sessions = nullptr;      // Outlives the routes; null: there are none.
  const MetricSeries* series = nullptr;       // The same.
  access::Keys* keys = nullptr;               // The same.
  templates::Templates* templates = nullptr;  // Outlives the routes; null: there are none.
  Print print{};                              // Empty: nothing is printed.
  // Of parts that the service does not know; at once. Empty: there are none.
  std::function<std::vector<service::Check>()> more_checks{};
  GateOptions gate{};                                  // Who may come over TCP.
  Alerts* alerts = nullptr;                            // The same.
  tracing::Tracer* tracer = nullptr;                   // Outlives the routes; null: nobody records spans.
  const obs::Log* log = nullptr;                       // The same: what failed here, with its request's name.
  Duration heartbeat = std::chrono::seconds(15);       // Of a stream in which nothing happens.
  Duration between_looks = std::chrono::seconds(1);    // At how things stand, for who follows it.
  Duration probe_patience = std::chrono::seconds(30);  // For all backends to say what they can.
  Duration switch_patience = std::chrono::minutes(5);  // For another one to load and answer.
  Duration model_patience = std::chrono::hours(1);     // For one answer of a model.
};

// A line of the table of routes, for who holds the server or its documents to it.
struct DeclaredRoute {
  std::string_view method;
  std::string_view pattern;            // With {id} and {page} for a segment each.
  std::optional<access::Scope> scope;  // What a key must cover; nothing: none is needed.
};

class Routes {
 public:
  static std::vector<DeclaredRoute> declared();

  Routes(RoutesOptions options, service::Service& service, obs::Metrics& metrics, const Clock& clock);

  // Without, there are none. Before the first request.
  void serve_runs(std::unique_ptr<Runs> runs) { runs_ = std::move(runs); }

  // From the next request on: RoutesOptions' default_k and upload_bytes.
  void use(std::uint32_t default_k, std::uint64_t upload_bytes) {
    default_k_ = default_k;
    upload_bytes_ = upload_bytes;
  }

  // Once a step of the series: what there is to warn of.
  void look_for_alerts() {
    const std::vector<service::Check> checks = noted(health_checks());
    if (options_.alerts != nullptr) options_.alerts->look(checks);
  }

  // One request, from its route to its metrics. The Handler of a net::Server.
  void handle(const net::Request& request, net::ResponseWriter& out);

  // For net::ServerOptions: who may not use a route, the cap on a request's body, and health and metrics on their own
  // lane.
  std::optional<net::Response> refuse(const net::Request& head);
  std::uint64_t body_bytes(const net::Request& head) const;
  static net::Lane lane(const net::Request& head);

 private:
  struct Call;                                         // One request with what its path and its route say.
  struct Route;                                        // A line of the table.
  using Reply = Result<std::optional<net::Response>>;  // Nothing: answered already, as a stream.
  static const std::vector<Route>& table();
  struct Found;  // What of the table a request asks for.
  static Found find(const net::Request& head);

  // The body of a request as its route declares it: empty where it declares none.
  static Result<boost::json::object> body_of(const net::Request& request, const Route& route);
  void count(std::string_view route, const net::Request& request, int status);
  Reply dispatch(const net::Request& request, net::ResponseWriter& out, std::string& route);

  Reply model_list(const Call& call);
  Reply model(const Call& call);
  Reply model_post(const Call& call);
  Reply chat_completions(const Call& call);
  Reply responses(const Call& call);
  Reply messages(const Call& call);
  Reply model_message(const Call& call);
  Reply answer_in(const Dialect& dialect, const Call& call);
  Reply mcp(const Call& call);
  Result<ToolResult> ask_tool(const boost::json::object& arguments, const Call& call);
  Result<ToolResult> search_tool(const boost::json::object& arguments, const Call& call);
  Result<ToolResult> list_tool(const boost::json::object& arguments, const Call& call);
  Result<ToolResult> read_tool(const boost::json::object& arguments, const Call& call);
  static std::string openapi_document();
  Reply openapi(const Call& call);
  Reply live(const Call& call);
  Reply ready(const Call& call);
  Reply health(const Call& call);
  Reply metrics_text(const Call& call);
  Reply metric_series(const Call& call);
  Reply target_list(const Call& call);
  Reply performance(const Call& call);
  Reply alerts(const Call& call);
  Reply job_list(const Call& call);
  Reply stop_job(const Call& call);
  Reply events(const Call& call);
  enum class Which : std::uint8_t { kRaised, kAll };  // Raised: what somebody should know of now.
  boost::json::array alerts_now(Which which) const;
  Reply doctor(const Call& call);
  Reply config(const Call& call);
  Reply keys(const Call& call);
  Reply add_key(const Call& call);
  Reply revoke_key(const Call& call);
  Reply signed_in(const Call& call);
  Reply sign_in(const Call& call);
  Reply sign_out(const Call& call);
  Result<access::Keys*> kept_keys() const;
  Reply settings(const Call& call);
  Reply change_settings(const Call& call);
  Reply documents(const Call& call);
  Reply remove(const Call& call);
  Reply document_text(const Call& call);
  Reply document_marks(const Call& call);
  Reply document_page(const Call& call);
  Reply document_removal(const Call& call);
  Reply search(const Call& call);
  Reply ask(const Call& call);
  Reply cache_stats(const Call& call);
  Reply purge_cache(const Call& call);
  Reply trace(const Call& call);
  Reply agent_totals(const Call& call);
  Reply backends(const Call& call);
  Reply use_backend(const Call& call);
  Reply ollama_models(const Call& call);
  Reply ollama_loaded(const Call& call);
  Reply ollama_create(const Call& call);
  Reply ollama_pull(const Call& call);
  Reply ollama_unload(const Call& call);
  Reply ollama_remove(const Call& call);
  Result<const ollama::OllamaModels*> ollama() const;
  Reply model_file_list(const Call& call);
  Reply plan_model(const Call& call);
  Reply pull_model(const Call& call);
  Reply import_model(const Call& call);
  Reply started(std::string kind, const Call& call, JobWork work);
  Reply model_jobs(const Call& call);
  Reply stop_model_job(const Call& call);
  Reply remove_model_file(const Call& call);
  Result<ModelFiles*> model_files() const;
  // The answer to a request that names a path of this machine, where none may be named over TCP.
  std::optional<net::Response> path_refused(const Call& call, std::string hint) const;
  std::vector<service::Check> health_checks() const;                      // The product's, and one of each backend.
  std::vector<service::Check> noted(std::vector<service::Check> checks);  // With the machine's, and since when.
  boost::json::object health_now();
  boost::json::array backends_now() const;
  boost::json::object jobs_now() const;
  std::vector<net::SseEvent> standing();  // What a page shows all the time.
  Reply replay(const Call& call);
  Reply verify(const Call& call);
  Reply sessions(const Call& call);
  Reply new_session(const Call& call);
  Reply ask_in_session(const Call& call);
  Reply resume_session(const Call& call);
  Reply fork_session(const Call& call);
  Reply import_session(const Call& call);
  Reply export_session(const Call& call);
  Reply show_session(const Call& call);
  Reply remove_session(const Call& call);
  Reply template_list(const Call& call);
  Reply put_template(const Call& call);
  Reply remove_template(const Call& call);
  Result<templates::Templates*> kept_templates() const;
  Reply start_run(const Call& call);
  Reply run_list(const Call& call);
  Reply show_run(const Call& call);
  Reply stop_run(const Call& call);
  Reply run_events(const Call& call);
  Reply ingest(const Call& call);
  Reply upload(const Call& call);

  Result<session::Sessions*> kept_sessions() const;
  Result<> forget_in_sessions(std::string_view document, const Call& call);
  // What answers a session's questions: as ask() does.
  struct Following;  // What somebody who follows an answer sees of it while it is made.
  session::Ask asking(const std::string& session, const Following& following);
  Result<Runs*> kept_runs() const;
  // What /api/ask and /api/sessions/{id}/ask answer.
  Result<boost::json::value> answer_followed(const RunRequest& asked, const Following& following, Deadline deadline,
                                             std::stop_token stop);
  Result<boost::json::value> counted_answer(const service::Question& question, const std::string& type,
                                            Deadline deadline, std::stop_token stop);
  Result<service::Answer> traced_answer(const service::Question& question, const std::string& type, Deadline deadline,
                                        std::stop_token stop);
  void trace_request(TimePoint start, const net::Request& request, std::string_view route, int status);
  void count_query(const std::string& type, std::string_view status, double seconds);

  const RoutesOptions options_;
  service::Service& service_;
  ModelRoutes models_;
  obs::Metrics& metrics_;
  const Clock& clock_;
  Gate gate_;
  CheckHistory history_;
  obs::Gauge& active_;
  obs::Gauge& active_queries_;
  std::atomic<std::uint32_t> default_k_;
  std::atomic<std::uint64_t> upload_bytes_;
  std::atomic<std::uint64_t> chat_replies_ = 0;
  std::atomic<std::uint64_t> chat_changes_ = 0;  // Of what /api/sessions lists, as far as this process made them.
  Jobs jobs_;
  std::unique_ptr<Runs> runs_;  // The last: what is being made uses all of the above.
};

}  // namespace docmind::server
