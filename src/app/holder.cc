#include "app/holder.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <thread>
#include <utility>

#include "access/keys.h"
#include "app/alert_webhook.h"
#include "app/backends.h"
#include "app/cards.h"
#include "app/chat_plan.h"
#include "app/engine_options.h"
#include "app/engine_threads.h"
#include "app/exposure.h"
#include "app/live_settings.h"
#include "app/log_settings.h"
#include "app/machine_metrics.h"
#include "app/metrics_port.h"
#include "app/model_files.h"
#include "app/roles.h"
#include "app/shared_cache.h"
#include "app/slow_down.h"
#include "app/span_export.h"
#include "app/vector_stores.h"
#include "cache/entries/entry_file.h"
#include "cache/guard/guards.h"
#include "cache/shared/purge_journal.h"
#include "cache/shared_questions.h"
#include "exec/wait.h"
#include "graph/sqlite/sqlite_saver.h"
#include "llm/llamacpp/engine_backend.h"
#include "llm/llamacpp/engine_child.h"
#include "llm/llamacpp/engine_embedder.h"
#include "llm/openai/chat_client.h"
#include "model/model_file.h"
#include "net/server.h"
#include "obs/metrics.h"
#include "parse/child_parser.h"
#include "print/child_printer.h"
#include "server/routes.h"
#include "service/service.h"
#include "session/sessions.h"
#include "sys/files.h"
#include "sys/lock_file.h"
#include "sys/process.h"
#include "sys/rng.h"

namespace docmind::app {
namespace {

constexpr std::uint64_t kConnections = 16'384;            // At once, if the process may have so many files open;
constexpr std::uint64_t kOtherFiles = 512;                // as these come first: the library's, children's, uploads'.
constexpr auto kEngineAnswers = std::chrono::seconds(2);  // To how many threads it shall use.
constexpr auto kDevices = std::chrono::seconds(20);
constexpr auto kWarmUp = std::chrono::minutes(3);
constexpr auto kStorePatience = std::chrono::seconds(10);    // With one request to a store of vectors,
constexpr auto kBetweenLooks = std::chrono::seconds(2);      // At the shared cache,
constexpr auto kSharedPatience = std::chrono::seconds(2);    // and for it to answer one.
constexpr auto kQuestionPatience = std::chrono::seconds(1);  // while somebody waits for an answer.

service::ServiceOptions service_options(const config::Settings& settings, const Layout& layout) {
  service::ServiceOptions options;
  options.library_path = layout.library.string();
  options.originals = layout.originals.string();
  options.vocabulary = (layout.share / "models" / "all-MiniLM-L6-v2.vocab.txt").string();
  options.max_file_bytes = settings.parse.max_file_bytes;
  options.chunk_tokens = settings.chunk.tokens;
  options.chunk_overlap = settings.chunk.overlap;
  options.batch_chunks = settings.ingest.batch_chunks;
  options.ingest_threads = settings.ingest.threads;
  options.hidden_files = settings.ingest.hidden_files;
  options.bm25 = settings.search.bm25;
  options.dense = settings.search.dense;
  options.rrf_k = settings.search.rrf_k;
  options.threshold = settings.ask.threshold;
  options.max_claims = settings.ask.max_claims;
  options.max_citations = settings.ask.max_citations;
  options.max_characters = settings.ask.max_characters;
  options.without = settings.ask.without;
  options.model_plans = settings.ask.planner == "model";
  options.model_validates = settings.ask.validator == "model";
  options.generate = settings.ask.generate;
  options.max_tokens = settings.ask.max_tokens;
  options.general_knowledge = settings.ask.general_knowledge;
  options.max_parallel = settings.ask.max_parallel_calls;
  options.supervisor = settings.ask.supervisor;
  options.supervisor_calls = settings.ask.max_steps;
  options.supervisor_tokens = settings.ask.supervisor_tokens;
  options.supervisor_time = std::chrono::seconds(settings.ask.supervisor_seconds);
  options.prepare = settings.engine.prepare_documents;
  options.cache.serving = settings.cache.shadow ? cache::Serving::kShadow : cache::Serving::kOn;
  options.cache.max_distance = settings.cache.max_distance;
  options.cache.ttl = settings.cache.ttl;
  options.cache.questions = settings.cache.entries;
  if (const std::uint64_t last = settings.test.crash_after_commits; last != 0) {
    options.after_commit = [last](std::uint64_t commits) {
      if (commits >= last) std::raise(SIGKILL);
    };
  }
  return options;
}

parse::ChildParserOptions parser_options(const config::Settings& settings, const Layout& layout) {
  parse::ChildParserOptions options;
  options.command =
      parse_arguments({settings.parse.max_file_bytes, settings.parse.max_text_bytes, settings.parse.max_pages});
  options.command.insert(options.command.begin(), layout.binary.string());
  options.wall = settings.parse.timeout;
  options.cpu = settings.parse.cpu;
  options.memory = settings.parse.memory_bytes;
  options.max_input = settings.parse.max_file_bytes;
  return options;
}

llamacpp::EngineEmbedderOptions embedder_options(const config::Settings& settings, const Layout& layout,
                                                 const std::filesystem::path& model) {
  llamacpp::EngineEmbedderOptions options;
  options.model_path = model.string();
  options.card_folder = layout.cards.string();
  options.batch_inputs = settings.embedder.batch;
  return options;
}

server::RoutesOptions routes_options(const config::Settings& settings, LiveSettings& live) {
  server::RoutesOptions options;
  options.default_k = settings.search.k;
  options.upload_bytes = settings.server.max_upload_bytes;
  options.settings = {.object = [&live] { return live.object(); },
                      .change = [&live](const boost::json::object& body) { return live.change(body); }};
  return options;
}

bool is_card(const engine::ComputeDevice& device) { return device.kind == engine::DeviceKind::kCard; }

Result<std::unique_ptr<graph::Saver>> open_sessions(const Layout& layout) {
  graph::sqlite::SqliteSaverOptions options;
  options.path = layout.sessions.string();
  return std::unique_ptr<graph::Saver>(DM_TRY(graph::sqlite::SqliteSaver::open(std::move(options))));
}

std::uint32_t connections_of(std::uint64_t open_files) {
  const std::uint64_t left = open_files - std::min(open_files, kOtherFiles);
  return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(left, 64, kConnections));
}

}  // namespace

// In the order they are built; destroyed from the last to the first.
struct Holder::State {
  State(const HolderDeps& given, sys::LockFile held) : deps(given), lock(std::move(held)) {}

  HolderDeps deps;
  sys::LockFile lock;
  sys::RealRng rng;
  sys::RealFiles files;
  obs::Metrics metrics{deps.clock};
  Exposure exposure;
  std::unique_ptr<access::Keys> keys;
  LiveSettings live{{deps.sources, deps.loaded, deps.layout, keys, files, deps.log},
                    [this](const config::Settings& in_force, std::uint64_t generation) { use(in_force, generation); }};
  std::unique_ptr<child::ServerChild> engine;
  std::unique_ptr<llamacpp::EngineEmbedder> embedder;
  std::unique_ptr<llamacpp::EngineBackend> embedding_model;  // The same engine as it is, for /v1.
  std::unique_ptr<Backends> backends;                        // Of the chat model.
  std::unique_ptr<child::ServerChild> rerank_engine;         // Null without a reranker.
  std::unique_ptr<llamacpp::EngineBackend> reranker;
  std::unique_ptr<parse::ChildParser> parser;
  std::unique_ptr<cache::EntryFile> answers;  // Kept ones; null: none are.
  std::unique_ptr<SharedCache> shared;        // Before them; null: they are this machine's alone.
  std::unique_ptr<cache::Guards> guards;
  std::unique_ptr<VectorStores> vector_stores;  // Null: vectors are kept in this process.
  std::unique_ptr<vectors::Store> chunk_vectors;
  std::unique_ptr<vectors::Store> unit_vectors;
  std::unique_ptr<vectors::Store> question_vectors;
  std::unique_ptr<cache::PurgeJournal> question_purges;
  std::unique_ptr<cache::SharedQuestions> questions;  // Null unless answers are shared, too.
  std::unique_ptr<service::Service> service;
  std::unique_ptr<session::Sessions> sessions;
  std::unique_ptr<print::ChildPrinter> printer;
  templates::Templates templates{deps.layout.templates, files};
  std::unique_ptr<server::MetricSeries> series;
  std::unique_ptr<server::Alerts> alerts;
  server::AlertChanges alert_changes{deps.clock};
  std::unique_ptr<AlertWebhook> webhook;  // Null: nobody is told.
  std::unique_ptr<SpanExport> spans;      // Null unless a collector is set.
  std::unique_ptr<OwnModelFiles> model_files;
  std::unique_ptr<server::ModelJobs> model_jobs;
  SlowDown slow_down{heeded_of(deps.loaded.settings.engine.slow_down_on), deps.clock};
  std::unique_ptr<server::Routes> routes;
  std::unique_ptr<net::Server> server;
  std::unique_ptr<MetricsPort> metrics_port;  // Null unless it is set.
  Slowed slowed{};                            // In force.
  EngineThreads engine_threads{deps.client, metrics};
  std::unique_ptr<CardWatch> cards;  // Null but for somebody who serves.
  std::jthread warming;              // Uses all of the above,
  std::jthread sampling;             // and so does this,
  std::jthread looking;              // and this.

  Result<> build();
  Result<> build_access();
  void use(const config::Settings& in_force, std::uint64_t generation);
  std::uint64_t engines_hold() const;
  void sample(const std::stop_token& stop);
  void tell_of_alerts();
  void keep_pace(const std::vector<sys::GpuFacts>& seen, const std::stop_token& stop);
  void watch_shared(const std::stop_token& stop);
  std::vector<service::Check> shared_checks() const;
  Result<> build_cache();
  Result<> remove_cache();
  Result<> build_vectors();
  Result<std::vector<server::ServedModel>> build_models();
  Result<> build_reranker(std::vector<server::ServedModel>& models);
};

Result<> Holder::State::build() {
  const Layout& layout = deps.layout;
  const config::Settings& settings = deps.loaded.settings;
  DM_TRY(build_access());
  const std::filesystem::path model = DM_TRY(find_model(layout, settings.embedder.model));
  engine = DM_TRY(llamacpp::open_engine_child(engine_options(settings.embedder.threads, layout, model),
                                              {deps.clock, rng, files, deps.client, deps.log, metrics}));
  embedder =
      DM_TRY(llamacpp::EngineEmbedder::open(embedder_options(settings, layout, model), *engine, deps.client, files));
  parser = std::make_unique<parse::ChildParser>(parser_options(settings, layout), deps.clock);
  std::vector<server::ServedModel> models = DM_TRY(build_models());
  // From here the library is open.
  service::ServiceOptions serving = service_options(settings, layout);
  if (const router::Router* router = backends->router()) {
    for (const router::MemberStatus& one : router->status()) {
      if (one.elsewhere) serving.sends_text_to.push_back(one.where);
    }
  }
  if (settings.cache.enabled) {
    DM_TRY(build_cache());
  } else {
    DM_TRY(remove_cache());
  }
  if (settings.vectors.store != "embedded") DM_TRY(build_vectors());
  for (const std::string& where : {shared ? shared->sends_text_to() : std::string(),
                                   vector_stores ? vector_stores->sends_text_to() : std::string()}) {
    if (!where.empty()) serving.keeps_text_at.push_back(where);
  }
  cache::Entries* const kept = shared != nullptr ? &shared->entries() : static_cast<cache::Entries*>(answers.get());
  service = DM_TRY(service::Service::open(std::move(serving), {deps.clock,
                                                               rng,
                                                               files,
                                                               deps.log,
                                                               metrics,
                                                               *parser,
                                                               *embedder,
                                                               backends->router(),
                                                               kept,
                                                               guards.get(),
                                                               {chunk_vectors.get(), unit_vectors.get(), &deps.log},
                                                               questions.get(),
                                                               parser.get()}));
  sessions = DM_TRY(session::Sessions::create({deps.clock, rng, [&layout] { return open_sessions(layout); }}));
  server::RoutesOptions routing = routes_options(settings, live);
  routing.sessions = sessions.get();
  routing.templates = &templates;
  if (shared) routing.more_checks = [this] { return shared_checks(); };
  printer = DM_TRY(print::ChildPrinter::open({}, deps.clock));
  routing.print = [this](const print::Paper& paper, Deadline deadline, std::stop_token stop) {
    return printer->print(paper, deadline, std::move(stop));
  };
  series = std::make_unique<server::MetricSeries>(deps.clock);
  routing.series = series.get();
  routing.keys = keys.get();
  routing.log = &deps.log;
  if (deps.keeps_up) spans = DM_TRY(SpanExport::open(settings, {deps.clock, deps.log, metrics}));
  if (spans) routing.tracer = &spans->tracer();
  routing.gate = {.keys_needed = exposure.keys_needed, .requests_per_minute = settings.server.requests_per_minute};
  if (exposure.keys_needed) routing.paths_over_tcp = server::PathsOverTcp::kRefused;
  alerts = std::make_unique<server::Alerts>(*series, deps.clock);
  routing.alerts = alerts.get();
  if (!settings.alerts.webhook.empty() && deps.keeps_up) {
    webhook = DM_TRY(AlertWebhook::open(DM_TRY(webhook_address(settings)),
                                        {deps.clock, rng, deps.log, metrics, resilience::pause_on(deps.clock)}));
  }
  routing.backends = backends->router();
  routing.ollama = backends->ollama();
  routing.models = std::move(models);
  model_files = std::make_unique<OwnModelFiles>(OwnModelFilesDeps{
      layout, deps.clock, settings, [this] { return live.written(); }, [this] { return engines_hold(); }});
  model_jobs = DM_TRY(server::ModelJobs::open(deps.clock, rng));
  routing.model_files = {.files = model_files.get(), .jobs = model_jobs.get()};
  routes = std::make_unique<server::Routes>(std::move(routing), *service, metrics, deps.clock);
  routes->serve_runs(DM_TRY(server::Runs::open({}, deps.clock, rng)));
  net::ServerOptions options;
  options.refuse = [this](const net::Request& head) { return routes->refuse(head); };
  options.connections = connections_of(sys::raise_open_files());
  options.body_bytes = [this](const net::Request& head) { return routes->body_bytes(head); };
  options.lane = server::Routes::lane;
  server = DM_TRY(net::Server::open(std::move(options), [this](const net::Request& request, net::ResponseWriter& out) {
    routes->handle(request, out);
  }));
  sampling = std::jthread([this](const std::stop_token& stop) { sample(stop); });
  if (shared && deps.keeps_up) looking = std::jthread([this](const std::stop_token& stop) { watch_shared(stop); });
  // From here other commands come in.
  return server->listen_unix(layout.socket.string());
}

Result<> Holder::State::build_access() {
  keys = DM_TRY(access::Keys::open(deps.layout.keys, {files, deps.clock, rng}));
  if (deps.host.empty()) return {};
  exposure = DM_TRY(exposure_of(deps.loaded.settings.server, deps.host));
  return check_keys(exposure, deps.host, *keys);
}

// Everything that declares itself to be in force at once.
void Holder::State::use(const config::Settings& in_force, std::uint64_t generation) {
  const auto holds = [&](const char* room) {
    metrics.gauge("docmind_settings_generation", "Which settings a room goes by", {{"room", room}})
        .set(static_cast<double>(generation));
  };
  if (const auto levels = log_levels_of(in_force.log, deps.keeps_up ? LogFor::kServer : LogFor::kCommand)) {
    deps.log.use(*levels);
    holds("obs");
  }
  parser->use(parser_options(in_force, deps.layout));
  holds("parse");
  service->use(service_options(in_force, deps.layout));
  holds("service");
  routes->use(in_force.search.k, in_force.server.max_upload_bytes);
  holds("server");
  slow_down.heed(heeded_of(in_force.engine.slow_down_on));
}

std::uint64_t Holder::State::engines_hold() const {
  std::uint64_t bytes = 0;
  for (const child::ServerChild* child : {engine.get(), rerank_engine.get(), backends->engine_child()}) {
    const int pid = child != nullptr ? child->status().pid : 0;
    if (pid != 0) bytes += sys::memory_of_its_own(pid);
  }
  return bytes;
}

// What the metrics did, for the pages that draw it.
void Holder::State::sample(const std::stop_token& stop) {
  if (deps.keeps_up) {  // Not worth a child for one command.
    CardWatchOptions watching;
    watching.command = cards_command(deps.layout, deps.loaded.settings.test.gpu_library);
    engine_threads.add("embedder", engine.get());
    engine_threads.add("reranker", rerank_engine.get());
    engine_threads.add("chat", backends->engine_child());
    cards = std::make_unique<CardWatch>(std::move(watching), deps.clock, deps.log, metrics);
    const auto devices = ask_devices(deps.layout, Deadline::in(kDevices, deps.clock), stop);
    if (devices) alerts->know_cards(static_cast<std::size_t>(std::ranges::count_if(devices->devices, is_card)));
  }
  MachineMetrics machine(metrics, deps.layout.data);
  while (!stop.stop_requested()) {
    auto others = machine.look();
    const auto seen = cards ? cards->cards() : std::vector<sys::GpuFacts>();
    if (const auto used = fullest(seen)) others["gpu_memory_used_percent"] = *used;
    if (seen.size() > alerts->cards()) alerts->know_cards(seen.size());
    series->add(metrics.text(), others);
    if (deps.keeps_up) keep_pace(seen, stop);
    routes->look_for_alerts();
    if (deps.keeps_up) tell_of_alerts();
    if (deps.keeps_up) live.look();
    exec::rest(Deadline::in(server::MetricSeries::kStep, deps.clock), stop);
  }
}

void Holder::State::tell_of_alerts() {
  for (const server::AlertChange& change : alert_changes.look(alerts->now())) {
    server::log_change(deps.log, change);
    if (webhook) webhook->tell(change);
  }
}

// Fewer threads on a machine that is short of power or too hot, and all of them again.
void Holder::State::keep_pace(const std::vector<sys::GpuFacts>& seen, const std::stop_token& stop) {
  const auto is_hot = [](const sys::GpuFacts& card) {
    return std::ranges::find(card.slowed, sys::GpuSlowing::kHeat) != card.slowed.end();
  };
  const sys::Sensed sensed = sys::read_sensors(deps.loaded.settings.test.sensors);
  const Slowed now = slow_down.look(sensed, std::ranges::any_of(seen, is_hot));
  if (now != std::exchange(slowed, now)) {
    deps.log.event(obs::Level::kInfo, now.any() ? "machine_slowed" : "machine_at_full_speed", {{"says", now.says()}});
  }
  metrics.show(
      "docmind_machine_slowed", "1 while models compute with fewer threads for this reason.",
      {{{{"reason", "battery"}}, now.battery ? 1.0 : 0.0}, {{{"reason", "throttle"}}, now.throttle ? 1.0 : 0.0}});
  alerts->know_slowed(now.any() ? now.says() : std::string());
  engine_threads.use(now.any() ? SlowDown::kShare : 1, Deadline::in(kEngineAnswers, deps.clock), stop);
}

// That it has gone, or is back, is known though nobody asks anything.
void Holder::State::watch_shared(const std::stop_token& stop) {
  while (exec::rest(Deadline::in(kBetweenLooks, deps.clock), stop) != exec::Waited::kStopped) {
    shared->entries().look(Deadline::in(kSharedPatience, deps.clock), stop);
  }
}

std::vector<service::Check> Holder::State::shared_checks() const {
  cache::SharedEntries::Standing now = shared->entries().standing();
  service::Check out{.name = "shared cache", .message = {}, .last = std::move(now.last)};
  if (!now.trouble.empty()) {
    out.status = service::CheckStatus::kDegraded;
    out.message = std::move(now.trouble);
    out.fallback = "this machine's own cache";
  }
  return {std::move(out)};
}

// Whatever fails here costs the cache some or all of its use, not the server; but an address that is none is an error.
Result<> Holder::State::build_cache() {
  DM_TRY(check_shared_cache(deps.loaded.settings));
  auto words = cache::Guards::open(files, deps.layout.share / "words.lexicon");
  if (!words) deps.log.failure(obs::Level::kWarn, "cache_words_unusable", words.error());
  guards = std::make_unique<cache::Guards>(words ? *std::move(words) : cache::Guards());
  cache::EntryFileOptions options;
  options.path = deps.layout.answers;
  options.max_bytes = deps.loaded.settings.cache.bytes;
  options.max_entries = deps.loaded.settings.cache.entries + cache::kKeyLists;
  auto opened = cache::EntryFile::open(std::move(options), {deps.clock, files, deps.log});
  if (!opened) {
    deps.log.failure(obs::Level::kWarn, "cache_unusable", opened.error());
    return {};
  }
  answers = *std::move(opened);
  if (deps.loaded.settings.cache.shared.empty()) return {};
  shared =
      DM_TRY(SharedCache::open({deps.loaded.settings, deps.layout, deps.clock, files, deps.log, metrics, *answers}));
  return {};
}

// What nobody purges must not outlive its documents.
Result<> Holder::State::remove_cache() {
  for (const sys::FolderEntry& entry : DM_TRY(files.list(deps.layout.data))) {
    if (entry.name.starts_with(deps.layout.answers.filename().string())) {
      DM_TRY(files.remove(deps.layout.data / entry.name));
    }
  }
  return {};
}

Result<> Holder::State::build_vectors() {
  vector_stores = DM_TRY(VectorStores::open(deps.loaded.settings, deps.clock));
  const std::string own = own_name(deps.layout.data);
  chunk_vectors = DM_TRY(vector_stores->store(retrieval::outside("chunks_" + own), kStorePatience));
  unit_vectors = DM_TRY(vector_stores->store(retrieval::outside("units_" + own), kStorePatience));
  if (shared == nullptr) return {};
  question_vectors = DM_TRY(vector_stores->store(cache::collection_of_questions(), kQuestionPatience));
  question_purges =
      std::make_unique<cache::PurgeJournal>(purge_journal(deps.layout, "question", vector_stores->where()), files);
  questions = DM_TRY(cache::SharedQuestions::open(
      deps.loaded.settings.cache.ttl, {*question_vectors, *question_purges, deps.clock, metrics, deps.log}));
  return {};
}

Result<std::vector<server::ServedModel>> Holder::State::build_models() {
  const config::Settings& settings = deps.loaded.settings;
  backends = DM_TRY(Backends::open({settings, deps.layout, deps.environment, deps.clock, rng, files, deps.client,
                                    deps.log, metrics, deps.keeps_up}));
  std::vector<server::ServedModel> models = backends->served();
  if (!settings.reranker.model.empty()) DM_TRY(build_reranker(models));
  embedding_model = std::make_unique<llamacpp::EngineBackend>(*engine, deps.client);
  models.push_back({server::ModelUse::kEmbedding, embedding_model.get()});
  return models;
}

Result<> Holder::State::build_reranker(std::vector<server::ServedModel>& models) {
  const config::Settings::Reranker& settings = deps.loaded.settings.reranker;
  const std::filesystem::path model = DM_TRY(find_model(deps.layout, settings.model));
  if (DM_TRY(model::read_model_file(model)).purpose != model::Purpose::kReranking) {
    return Error{Code::kInvalidArgument, settings.model + " is no reranking model.",
                 "Set reranker.model to one, or to nothing; docmind models list --json shows what each is for."};
  }
  rerank_engine = DM_TRY(llamacpp::open_engine_child(engine_options(settings.threads, deps.layout, model),
                                                     {deps.clock, rng, files, deps.client, deps.log, metrics}));
  reranker = std::make_unique<llamacpp::EngineBackend>(*rerank_engine, deps.client);
  models.push_back({server::ModelUse::kReranking, reranker.get()});
  return {};
}

Result<std::unique_ptr<Holder>> Holder::open(const HolderDeps& deps) {
  auto lock = sys::LockFile::try_lock(deps.layout.lock);
  if (!lock) return std::move(lock).error();
  auto state = std::make_unique<State>(deps, *std::move(lock));
  if (auto built = state->build(); !built) {
    Error error = std::move(built).error();
    // kConflict is the lock's, for which commands wait; another program's or a newer file stays what it is.
    if (error.code == Code::kConflict) error.code = Code::kUnavailable;
    return error;
  }
  return std::unique_ptr<Holder>(new Holder(std::move(state)));
}

Holder::Holder(std::unique_ptr<State> state) : state_(std::move(state)) {}

Holder::~Holder() { stop(Deadline::in(Duration::zero(), state_->deps.clock)); }

Result<std::uint16_t> Holder::listen(std::uint16_t port) {
  const std::string& host = state_->deps.host;
  return state_->server->listen_tcp({.host = numeric(host), .port = port, .hosts = state_->exposure.hosts});
}

void Holder::listen_for_metrics() {
  const config::Settings::Server& settings = state_->deps.loaded.settings.server;
  if (settings.metrics_port < 0) return;
  auto opened = MetricsPort::open(settings, {*state_->keys, *state_->routes, state_->deps.clock});
  if (!opened) {
    state_->deps.log.failure(obs::Level::kWarn, "metrics_port_unusable", opened.error(),
                             {{"host", settings.metrics_host}, {"port", settings.metrics_port}});
    return;
  }
  state_->metrics_port = *std::move(opened);
  state_->deps.log.event(obs::Level::kInfo, "metrics_port_open",
                         {{"host", settings.metrics_host}, {"port", state_->metrics_port->port()}});
}

Result<> Holder::listen_on(sys::Fd listening) {
  return state_->server->adopt_tcp(std::move(listening), state_->exposure.hosts);
}

void Holder::warm_up() {
  state_->warming = std::jthread([state = state_.get()](std::stop_token stop) {
    auto warm = state->service->warm_up(Deadline::in(kWarmUp, state->deps.clock), stop);
    for (llm::Backend* model : {state->backends->engine(), static_cast<llm::Backend*>(state->reranker.get())}) {
      if (!warm || model == nullptr) continue;
      const auto loaded = model->info(Deadline::in(kWarmUp, state->deps.clock), stop);
      if (!loaded) warm = loaded.error();
    }
    if (warm && state->backends->router() != nullptr) {
      warm = state->backends->router()->warm_up(Deadline::in(kWarmUp, state->deps.clock), stop);
    }
    if (!warm && warm.error().code != Code::kCancelled) {
      state->deps.log.failure(obs::Level::kWarn, "warm_up_failed", warm.error());
    }
  });
}

Result<> Holder::reload_settings() { return state_->live.reload(); }

std::uint64_t Holder::running() const { return state_->server->counts().running; }

void Holder::stop(Deadline drain) {
  state_->warming.request_stop();
  state_->sampling.request_stop();
  state_->looking.request_stop();
  state_->metrics_port.reset();
  state_->server->stop(drain);
}

}  // namespace docmind::app
