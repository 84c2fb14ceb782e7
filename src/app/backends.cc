#include "app/backends.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "app/capability_records.h"
#include "app/chat_plan.h"
#include "app/engine_options.h"
#include "app/managed_ollama.h"
#include "app/remote_hosts.h"
#include "app/vllm_options.h"
#include "base/list.h"
#include "llm/llamacpp/engine_backend.h"
#include "llm/llamacpp/engine_child.h"
#include "llm/ollama/ollama_backend.h"
#include "llm/openai/chat_client.h"
#include "llm/openai/http_backend.h"
#include "llm/router/guarded_backend.h"
#include "llm/vllm/vllm_server.h"
#include "net/address.h"

namespace docmind::app {
namespace {

bool has(const std::vector<std::string>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

// How a member stands whose process is ours; null: it is not. Without a guard its calls are never refused.
std::function<router::MemberState()> state_of(const child::ServerChild* child, const router::GuardedBackend* guarded) {
  return [child, guarded] {
    router::MemberState out;
    if (guarded != nullptr) out.left_alone = guarded->left_alone();
    if (child == nullptr) return out;
    child::ChildStatus told = child->status();
    out.away = std::move(told.away);
    if (told.step > 0) {
      out.reduced = fmt::format("{}, since its memory did not suffice: {}", told.step_name, told.stepped);
    }
    out.loaded = told.healthy;
    out.start_took = told.start_took;
    return out;
  };
}

// Where a backend is, and through which client it is reached.
struct Reached {
  openai::UpstreamOptions upstream{};
  bool elsewhere = false;
  net::Client* client = nullptr;
  child::ServerChild* child = nullptr;  // Its process, when that is ours.
};

ollama::OllamaOptions ollama_options(const config::Settings& settings, openai::UpstreamOptions upstream) {
  return {.upstream = std::move(upstream),
          .model = settings.ollama.model,
          .context = settings.ollama.context,
          .keep_alive = settings.ollama.keep_alive};
}

}  // namespace

struct Backends::State {
  explicit State(const BackendsDeps& given) : deps(given) {}

  BackendsDeps deps;
  CapabilityRecords records{deps.layout.data / "backends", deps.files, deps.clock, deps.log};
  std::unique_ptr<net::Client> outside;  // For hosts that are allowed by name; null when there are none.
  std::unique_ptr<child::ServerChild> engine_child;
  std::unique_ptr<llamacpp::EngineBackend> engine;
  std::unique_ptr<vllm::VllmServer> vllm;                // Null when none is ours to start.
  std::unique_ptr<ManagedOllama> managed_ollama;         // Null unless ollama.program names one.
  std::unique_ptr<ollama::OllamaModels> outside_ollama;  // Null unless ollama.url names one.
  std::vector<std::unique_ptr<llm::Backend>> servers;
  std::vector<std::unique_ptr<router::GuardedBackend>> guarded;
  std::vector<std::unique_ptr<openai::ChatClient>> clients;
  std::unique_ptr<router::Router> router;

  Result<> build();
  Result<> add_engine(std::vector<router::Member>& members);
  Result<> add_vllm(std::vector<router::Member>& members);
  Result<> add_managed_vllm(std::vector<router::Member>& members);
  Result<> add_ollama(std::vector<router::Member>& members);
  Result<> add_managed_ollama(std::vector<router::Member>& members);
  Result<> add_server(std::string name, const std::string& where, const Reached& reached,
                      std::vector<router::Member>& members);
  Result<Reached> reach(std::string_view setting, const std::string& url);
};

namespace {

// Where a server is that runs already. kInvalidArgument for another machine that is not allowed by name.
Result<net::Address> address_in(std::string_view setting, const std::string& url, const config::Settings& settings) {
  net::Address address = DM_TRY(net::address_of(url).with(std::string(setting)));
  DM_TRY(check_host(setting, address.endpoint.host, settings));
  return address;
}

}  // namespace

Result<> check_backends(const config::Settings& settings) {
  for (const std::string& name : words_between_commas(settings.backends.order)) {
    if (has({"llamacpp", "vllm", "ollama"}, name)) continue;
    return Error{Code::kInvalidArgument, "backends.order names " + name + ", and there is no such backend",
                 "Its names are vllm, llamacpp and ollama."};
  }
  if (!settings.vllm.url.empty()) DM_TRY(address_in("vllm.url", settings.vllm.url, settings));
  if (!settings.ollama.url.empty()) DM_TRY(address_in("ollama.url", settings.ollama.url, settings));
  return {};
}

Result<> Backends::State::build() {
  DM_TRY(check_backends(deps.settings));
  std::vector<router::Member> members;
  for (const std::string& name : words_between_commas(deps.settings.backends.order)) {
    const auto same = [&](const router::Member& member) { return member.name == name; };
    if (std::ranges::any_of(members, same)) continue;
    if (name == "llamacpp") {
      DM_TRY(add_engine(members));
    } else if (name == "vllm") {
      DM_TRY(add_vllm(members));
    } else {
      DM_TRY(add_ollama(members));
    }
  }
  if (members.empty()) return {};
  for (router::Member& member : members) member.recorded = records.read(member.name);
  router = DM_TRY(router::Router::open(
      std::move(members), {.release_old = deps.settings.backends.release_old},
      {deps.clock, deps.log, deps.metrics,
       [this](const std::string& name, const llm::Capabilities& can) { records.write(name, can); }}));
  return {};
}

Result<> Backends::State::add_engine(std::vector<router::Member>& members) {
  const config::Settings& settings = deps.settings;
  if (settings.engine.model.empty()) return {};
  const std::filesystem::path model = DM_TRY(find_model(deps.layout, settings.engine.model));
  engine_child =
      DM_TRY(llamacpp::open_engine_child(chat_options(settings, deps.layout, model, beside_chat(settings, deps.layout)),
                                         {deps.clock, deps.rng, deps.files, deps.client, deps.log, deps.metrics}));
  engine = std::make_unique<llamacpp::EngineBackend>(*engine_child, deps.client);
  clients.push_back(std::make_unique<openai::ChatClient>(*engine));
  members.push_back({.name = "llamacpp",
                     .model = clients.back().get(),
                     .where = "its own engine",
                     .state = state_of(engine_child.get(), nullptr),
                     .release = [child = engine_child.get()] { child->end(); }});
  return {};
}

Result<Reached> Backends::State::reach(std::string_view setting, const std::string& url) {
  net::Address address = DM_TRY(address_in(setting, url, deps.settings));
  if (address.path == "/v1") address.path.clear();  // As OpenAI's clients want it.
  Reached out{.upstream = {.endpoint = address.endpoint,
                           .prefix = std::move(address.path),
                           .first_byte = deps.settings.backends.first_byte,
                           .idle = deps.settings.backends.idle}};
  if (net::is_loopback(address.endpoint)) {
    out.client = &deps.client;
    return out;
  }
  if (!outside) outside = DM_TRY(net::Client::open({.reach = net::Reach::kAnywhere}));
  out.client = outside.get();
  out.elsewhere = true;
  return out;
}

// The last of `servers`, behind its guard.
Result<> Backends::State::add_server(std::string name, const std::string& where, const Reached& reached,
                                     std::vector<router::Member>& members) {
  child::ServerChild* child = reached.child;
  const resilience::GuardDeps guarding{
      .clock = deps.clock,
      .rng = deps.rng,
      .metrics = deps.metrics,
      .pause = resilience::pause_on(deps.clock),
      .on_breaker = [this](const resilience::BreakerChange& change) {
        deps.log.event(obs::Level::kWarn, "backend_breaker",
                       {{"backend", change.backend}, {"to", resilience::name(change.to)}, {"why", change.why}});
      }};
  guarded.push_back(
      DM_TRY(router::GuardedBackend::open(name, *servers.back(), resilience::guarding_a_backend(), guarding)));
  // Ollama notices by itself that whoever asked has gone; not every server with OpenAI's API does.
  const auto unread = name == "ollama" ? openai::Unread::kWhole : openai::Unread::kStreamed;
  clients.push_back(std::make_unique<openai::ChatClient>(*guarded.back(), unread));
  const std::uint32_t slots = name == "ollama" ? deps.settings.ollama.parallel : 0;
  members.push_back({.name = std::move(name),
                     .model = clients.back().get(),
                     .where = where,
                     .elsewhere = reached.elsewhere,
                     .slots = slots,
                     .state = state_of(child, guarded.back().get()),
                     .release = child == nullptr ? std::function<void()>() : [child] { child->end(); }});
  return {};
}

Result<> Backends::State::add_vllm(std::vector<router::Member>& members) {
  const config::Settings& settings = deps.settings;
  if (!settings.vllm.program.empty()) return add_managed_vllm(members);
  if (settings.vllm.url.empty()) return {};
  Reached reached = DM_TRY(reach("vllm.url", settings.vllm.url));
  reached.upstream.api_key = settings.vllm.api_key;
  openai::HttpBackendOptions options{.upstream = std::move(reached.upstream), .model = settings.vllm.model};
  servers.push_back(std::make_unique<openai::HttpBackend>(std::move(options), *reached.client, deps.clock));
  return add_server("vllm", settings.vllm.url, reached, members);
}

Result<> Backends::State::add_managed_vllm(std::vector<router::Member>& members) {
  const config::Settings& settings = deps.settings;
  VllmOptions options = DM_TRY(vllm_options(settings, deps.layout, deps.environment, deps.files));
  for (const std::string& warning : options.warnings) {
    deps.log.event(obs::Level::kWarn, "vllm_service", {{"warning", warning}});
  }
  if (deps.keeps_up) {
    // It takes a minute to start: meanwhile another one answers.
    options.server.keeping.kept_up = true;
    options.server.keeping.caller_waits = Duration::zero();
  }
  vllm = DM_TRY(vllm::VllmServer::open(std::move(options.server), deps.rng,
                                       {deps.clock, deps.files, deps.client, deps.log, deps.metrics}));
  if (deps.keeps_up) vllm->child().want();
  openai::UpstreamOptions upstream{.child = &vllm->child(),
                                   .api_key = vllm->api_key(),
                                   .first_byte = settings.backends.first_byte,
                                   .idle = settings.backends.idle};
  openai::HttpBackendOptions backend{.upstream = std::move(upstream), .model = settings.vllm.model};
  servers.push_back(std::make_unique<openai::HttpBackend>(std::move(backend), deps.client, deps.clock));
  return add_server("vllm", "its own vLLM", {.client = &deps.client, .child = &vllm->child()}, members);
}

Result<> Backends::State::add_ollama(std::vector<router::Member>& members) {
  const config::Settings& settings = deps.settings;
  if (!settings.ollama.program.empty()) return add_managed_ollama(members);
  if (settings.ollama.url.empty()) return {};
  Reached reached = DM_TRY(reach("ollama.url", settings.ollama.url));
  const ollama::Place place{.endpoint = reached.upstream.endpoint, .prefix = reached.upstream.prefix};
  outside_ollama = std::make_unique<ollama::OllamaModels>(
      [place](ollama::Reaches, Deadline, std::stop_token) { return place; }, *reached.client, deps.clock);
  ollama::OllamaOptions options = ollama_options(settings, std::move(reached.upstream));
  servers.push_back(std::make_unique<ollama::OllamaBackend>(std::move(options), *reached.client, deps.clock));
  return add_server("ollama", settings.ollama.url, reached, members);
}

Result<> Backends::State::add_managed_ollama(std::vector<router::Member>& members) {
  const config::Settings& settings = deps.settings;
  managed_ollama = DM_TRY(ManagedOllama::open(deps));
  const Reached reached{.upstream = {.child = &managed_ollama->child(),
                                     .first_byte = settings.backends.first_byte,
                                     .idle = settings.backends.idle},
                        .client = &deps.client,
                        .child = &managed_ollama->child()};
  ollama::OllamaOptions options = ollama_options(settings, reached.upstream);
  options.own = managed_ollama->own();
  if (options.own != nullptr) options.model = ollama::kOwnName;
  servers.push_back(std::make_unique<ollama::OllamaBackend>(std::move(options), deps.client, deps.clock));
  return add_server("ollama", "its own Ollama", reached, members);
}

Result<std::unique_ptr<Backends>> Backends::open(const BackendsDeps& deps) {
  auto state = std::make_unique<State>(deps);
  DM_TRY(state->build());
  return std::unique_ptr<Backends>(new Backends(std::move(state)));
}

Backends::Backends(std::unique_ptr<State> state) : state_(std::move(state)) {}
Backends::~Backends() = default;

router::Router* Backends::router() { return state_->router.get(); }
llm::Backend* Backends::engine() { return state_->engine.get(); }
child::ServerChild* Backends::engine_child() { return state_->engine_child.get(); }

server::OllamaAccess Backends::ollama() const {
  const State& s = *state_;
  return {.models = s.managed_ollama ? &s.managed_ollama->models() : s.outside_ollama.get(),
          .context = s.deps.settings.ollama.context,
          .own_file = s.deps.settings.engine.model,
          .file_of = [&layout = s.deps.layout](const std::string& name) { return find_model(layout, name); }};
}

std::vector<server::ServedModel> Backends::served() const {
  std::vector<server::ServedModel> out;
  if (state_->engine) out.push_back({server::ModelUse::kText, state_->engine.get()});
  for (const auto& one : state_->guarded) {
    out.push_back({.use = server::ModelUse::kText, .backend = one.get(), .needed = false});
  }
  return out;
}

}  // namespace docmind::app
