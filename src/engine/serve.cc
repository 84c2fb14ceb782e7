#include "engine/serve.h"

#include <algorithm>
#include <atomic>
#include <boost/json.hpp>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <new>
#include <optional>

#include "base/json.h"
#include "base/json_members.h"
#include "engine/chat_metrics.h"
#include "engine/chat_routes.h"
#include "engine/embed_routes.h"
#include "engine/embeddings_request.h"
#include "engine/file_hash.h"
#include "engine/out_of_memory.h"
#include "engine/rerank_routes.h"
#include "model/model_file.h"
#include "net/server.h"
#include "obs/log.h"
#include "sys/files.h"
#include "sys/process.h"
#include "sys/rng.h"

namespace docmind::engine {
namespace {

std::uint32_t threads_of(const EngineOptions& options) {
  return options.chat.threads != 0 ? options.chat.threads : static_cast<std::uint32_t>(sys::cpu_count());
}

// The hash of the model file, computed once, by whoever wants it first.
class ModelHash {
 public:
  ModelHash(std::string path, std::string memo, sys::Files& files)
      : path_(std::move(path)), memo_(std::move(memo)), files_(files) {}
  Result<std::string> hex(const std::stop_token& stop) {
    const std::lock_guard lock(mutex_);
    if (hash_) return hash_->hex();
    const auto hash = DM_TRY(memo_.empty() ? hash_file(path_, stop) : remembered_hash(path_, memo_, files_, stop));
    hash_ = hash;
    return hash.hex();
  }

 private:
  const std::string path_;
  const std::string memo_;
  sys::Files& files_;
  std::mutex mutex_;
  std::optional<ContentHash> hash_;  // Guarded by mutex_.
};

// What ends the serving: a stop, or memory that did not suffice.
class Ending {
 public:
  void exhausted() {
    const std::lock_guard lock(mutex_);
    exhausted_ = true;
    changed_.notify_all();
  }
  Result<> wait(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, stop, [this] { return exhausted_; });
    if (!exhausted_) return {};
    Error error = out_of_memory();
    error.code = Code::kResourceExhausted;
    return error;
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool exhausted_ = false;  // Guarded by mutex_.
};

// How many threads compute: all, or the share of them that whoever keeps this process asks for (POST /threads).
class Threads {
 public:
  Threads(std::uint32_t all, std::function<void(std::uint32_t)> use) : all_(all), in_use_(all), use_(std::move(use)) {}

  // Nothing: another route.
  std::optional<Result<std::string>> answer(const net::Request& request) {
    if (request.target.path != "/threads") return std::nullopt;
    if (request.method == "POST") {
      if (const Result<> used = use(request.body); !used) return used.error();
    }
    return to_text(boost::json::object{{"threads", in_use_.load()}, {"of", all_}});
  }

 private:
  Result<> use(std::string_view body) {
    const auto asked = parse_json(body, {.bytes = 1024});
    boost::system::error_code failed;
    const double part = asked ? json_member(*asked, "share").to_number<double>(failed) : 0;
    if (failed || !(part > 0 && part <= 1)) {
      return Error{Code::kInvalidArgument, "The share of the threads has to be a number over 0, up to 1.",
                   R"(Send {"share":0.5}.)"};
    }
    in_use_ = std::max(1U, static_cast<std::uint32_t>(part * all_));
    use_(in_use_);
    return {};
  }

  const std::uint32_t all_;
  std::atomic<std::uint32_t> in_use_;
  const std::function<void(std::uint32_t)> use_;  // Safe from any thread.
};

net::ServerOptions server_options(const EngineOptions& options) {
  net::ServerOptions server;
  server.threads = 16;
  server.waiting = options.queue_jobs;
  server.body_bytes = [](const net::Request&) { return kMaxBody; };
  server.lane = [](const net::Request& head) {
    const std::string_view path = head.target.path;
    return path == "/health" || path == "/metrics" || path == "/threads" ? net::Lane::kQuick : net::Lane::kNormal;
  };
  return server;
}

// Serves until told to stop, or until it cannot go on. `handle` outlives the server's threads: they have ended when
// this returns.
Result<> serve_until_the_end(const EngineOptions& options, const ServeDeps& deps, const net::Handler& handle,
                             Threads& threads, Ending& ending, const std::stop_token& stop) {
  const auto guarded = [&](const net::Request& request, net::ResponseWriter& writer) {
    try {
      const auto about_threads = threads.answer(request);
      if (!about_threads) return handle(request, writer);
      // A client that went wants nothing.
      (void)static_cast<bool>(
          writer.send(*about_threads ? net::json_response(200, **about_threads) : error_reply(about_threads->error())));
    } catch (const std::bad_alloc&) {  // Of the standard library, from anywhere below.
      // A client that has gone, or has the beginning of its answer, sees the end of the connection.
      (void)static_cast<bool>(writer.send(error_reply(out_of_memory())));
      ending.exhausted();
    }
  };
  const auto server = DM_TRY(net::Server::open(server_options(options), guarded));
  DM_TRY(server->listen_unix(options.socket_path));
  deps.log.event(obs::Level::kInfo, "engine_ready", {{"threads", threads_of(options)}});
  Result<> ended = ending.wait(stop);
  server->stop(Deadline::in(std::chrono::seconds(2), deps.clock));
  return ended;
}

EmbedRoutesOptions routing_of(const EngineOptions& options, ModelHash& hash, Ending& ending) {
  EmbedRoutesOptions routing;
  routing.threads = threads_of(options);
  routing.queue_jobs = options.queue_jobs;
  routing.model_hash = [&hash](const std::stop_token& gone) { return hash.hex(gone); };
  routing.exhausted = [&ending] { ending.exhausted(); };
  return routing;
}

Result<> serve_embeddings(const EngineOptions& options, const ServeDeps& deps, ModelHash& hash,
                          const std::stop_token& stop) {
  const auto encoder = DM_TRY(Encoder::open({.model_path = options.chat.model_path, .max_window = options.max_window}));
  Ending ending;
  const auto routes = DM_TRY(EmbedRoutes::open(routing_of(options, hash, ending), {*encoder, deps.clock, deps.log}));
  Threads threads(threads_of(options), [&](std::uint32_t count) { routes->use_threads(count); });
  return serve_until_the_end(
      options, deps, [&](const net::Request& q, net::ResponseWriter& w) { routes->handle(q, w); }, threads, ending,
      stop);
}

Result<> serve_reranking(const EngineOptions& options, const ServeDeps& deps, ModelHash& hash,
                         const std::stop_token& stop) {
  const auto encoder = DM_TRY(Encoder::open(
      {.model_path = options.chat.model_path, .max_window = options.max_window, .use = EncoderUse::kScores}));
  Ending ending;
  const auto routes = DM_TRY(RerankRoutes::open(routing_of(options, hash, ending), {*encoder, deps.clock, deps.log}));
  Threads threads(threads_of(options), [&](std::uint32_t count) { routes->use_threads(count); });
  return serve_until_the_end(
      options, deps, [&](const net::Request& q, net::ResponseWriter& w) { routes->handle(q, w); }, threads, ending,
      stop);
}

Result<> serve_chat(const EngineOptions& options, const ServeDeps& deps, ModelHash& hash, const std::stop_token& stop) {
  ChatEngineOptions chat = options.chat;
  chat.threads = threads_of(options);
  chat.model_hash = DM_TRY(hash.hex(stop));
  const auto engine = DM_TRY(ChatEngine::open(chat, deps.files, deps.clock, deps.log));
  const MemoryPlan& plan = engine->plan();
  deps.log.event(obs::Level::kInfo, "chat_model_loaded",
                 {{"model", engine->model().facts().name},
                  {"context", plan.context},
                  {"kv_cache_dtype", name(plan.cell_type)},
                  {"kv_bytes", plan.cells},
                  {"main_memory_bytes", plan.main},
                  {"gpu_layers", plan.gpu_layers()}});
  sys::RealRng rng;
  Ending ending;
  ChatRoutesOptions routing;
  routing.exhausted = [&ending] { ending.exhausted(); };
  routing.model_hash = [&hash](const std::stop_token& gone) { return hash.hex(gone); };
  const auto routes =
      DM_TRY(ChatRoutes::open(std::move(routing), {engine->model(), engine->scheduler(), deps.clock, rng, deps.log}));
  const auto handle = [&](const net::Request& request, net::ResponseWriter& writer) {
    if (request.method != "GET" || request.target.path != "/metrics") return routes->handle(request, writer);
    (void)static_cast<bool>(writer.send({.headers = {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}},
                                         .body = metrics_text(*engine)}));  // A client that went wants nothing.
  };
  Threads threads(chat.threads, [&](std::uint32_t count) { engine->use_threads(count); });
  return serve_until_the_end(options, deps, handle, threads, ending, stop);
}

Result<> serve_any(const EngineOptions& options, const ServeDeps& deps, const std::stop_token& stop) {
  DM_TRY(deps.files.stat(options.chat.model_path).with("the model file"));
  const model::ModelFile file = DM_TRY(model::read_model_file(options.chat.model_path));
  ModelHash hash(options.chat.model_path, options.hash_memo, deps.files);
  if (file.purpose == model::Purpose::kText) return serve_chat(options, deps, hash, stop);
  if (file.purpose == model::Purpose::kReranking) return serve_reranking(options, deps, hash, stop);
  return serve_embeddings(options, deps, hash, stop);
}

}  // namespace

Result<> serve(const EngineOptions& options, const ServeDeps& deps, std::stop_token stop) {
  try {
    return serve_any(options, deps, stop);
  } catch (const std::bad_alloc&) {  // Of the standard library, from anywhere below.
    return Error{Code::kResourceExhausted, "The memory does not suffice to load the model.",
                 "Ask for a smaller context, use a smaller model, or free memory."};
  }
}

}  // namespace docmind::engine
