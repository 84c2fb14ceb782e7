#include "engine/serve.h"

#include <algorithm>
#include <boost/json.hpp>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <optional>

#include "base/hash.h"
#include "base/json.h"
#include "engine/embed_queue.h"
#include "engine/embeddings_request.h"
#include "net/server.h"
#include "obs/log.h"
#include "sys/files.h"
#include "sys/process.h"

namespace docmind::engine {
namespace {

constexpr Duration kRequestLimit = std::chrono::minutes(10);  // A client that wants less says so by leaving.

// The hash of a file too large to hold.
Result<ContentHash> hash_file(const std::string& path, const std::stop_token& stop) {
  std::ifstream file(path, std::ios::binary);
  std::string block(1U << 20U, '\0');
  Hasher hasher;
  while (file) {
    if (stop.stop_requested()) return Error{Code::kCancelled, "The client has gone."};
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    hasher.add(std::string_view(block).substr(0, static_cast<std::size_t>(file.gcount())));
  }
  if (!file.eof()) return Error{Code::kDataLoss, "The model file cannot be read.", "Check the disk."};
  return hasher.finish();
}

// What the engine answers to each request. Handlers run on the server's threads.
class Routes {
 public:
  Routes(const EngineOptions& options, const ServeDeps& deps, const Encoder& encoder, EmbedQueue::Contexts contexts)
      : options_(options), deps_(deps), encoder_(encoder), queue_(encoder, std::move(contexts), options.queue_jobs) {}

  void handle(const net::Request& request, net::ResponseWriter& writer) {
    Result<std::string> body = answer(request, writer.stop());
    if (!body) deps_.log.failure(obs::Level::kWarn, "engine_request_failed", body.error());
    // A client that has gone is the only reason why this fails, and then there is nobody to tell.
    (void)static_cast<bool>(
        writer.send(body ? net::json_response(200, *std::move(body)) : net::error_response(body.error())));
  }

 private:
  Result<std::string> answer(const net::Request& request, const std::stop_token& stop) {
    const std::string route = request.method + " " + request.target.path;
    if (route == "POST /v1/embeddings") return embeddings(request.body, stop);
    if (route == "POST /tokenize") return tokenize(request.body);
    if (route == "GET /v1/models") return models(stop);
    if (route == "GET /health") return std::string(R"({"status":"ok"})");
    return Error{Code::kNotFound, "The engine has no " + route + ".", "See docs/formats/engine.md."};
  }

  Result<std::string> embeddings(std::string_view body, const std::stop_token& stop) {
    const EmbeddingsRequest request = DM_TRY(parse_embeddings_request(body));
    if (!request.model.empty() && request.model != encoder_.facts().name) {
      return Error{Code::kNotFound, "This engine has another model.", "Leave out \"model\" or ask GET /v1/models."};
    }
    std::vector<TokenisedText> texts;
    for (const llm::EmbedInput& input : request.inputs) texts.push_back(DM_TRY(encoder_.tokenise(input)));
    const auto vectors = DM_TRY(queue_.embed(std::move(texts), Deadline::in(kRequestLimit, deps_.clock), stop));
    return embeddings_body(encoder_.facts(), request.encoding, vectors);
  }

  Result<std::string> tokenize(std::string_view body) {
    std::vector<std::size_t> counts;
    for (std::string& text : DM_TRY(parse_tokenize_request(body))) {
      counts.push_back(DM_TRY(encoder_.tokenise({.text = std::move(text), .spans = {}})).tokens.size());
    }
    return tokenize_body(counts);
  }

  Result<std::string> models(const std::stop_token& stop) {
    const std::lock_guard lock(hash_mutex_);
    if (!hash_) hash_ = DM_TRY(hash_file(options_.model_path, stop));
    const EncoderFacts& facts = encoder_.facts();
    return to_text({{"object", "list"},
                    {"data",
                     {{{"id", facts.name},
                       {"object", "model"},
                       {"owned_by", "docmind"},
                       {"dimensions", facts.dimensions},
                       {"window", facts.window},
                       {"pooling", facts.pooling == Pooling::kMean ? "mean" : "cls"},
                       {"hash", hash_->hex()}}}}});
  }

  const EngineOptions& options_;
  const ServeDeps& deps_;
  const Encoder& encoder_;
  EmbedQueue queue_;
  std::mutex hash_mutex_;
  std::optional<ContentHash> hash_;  // Guarded by hash_mutex_; computed when first asked for.
};

net::ServerOptions server_options(const EngineOptions& options) {
  net::ServerOptions server;
  server.threads = 16;
  server.waiting = options.queue_jobs;
  server.body_bytes = [](const net::Request&) { return kMaxBody; };
  server.lane = [](const net::Request& head) {
    return head.target.path == "/health" ? net::Lane::kQuick : net::Lane::kNormal;
  };
  return server;
}

// One context per thread, within a bound on their buffers: libllama keeps room for the logits of a whole pass even when
// only vectors are asked of it, 60 MB for MiniLM, 1 GB for a vocabulary of 250,000. Fewer contexts get more threads.
Result<EmbedQueue::Contexts> open_contexts(const Encoder& encoder, std::uint32_t threads) {
  constexpr std::uint64_t kMaxBuffers = 1ULL << 30U;  // Bytes, of all contexts.
  constexpr std::uint64_t kMaxContexts = 8;
  const std::uint64_t tokens = std::max(encoder.facts().window, EncoderContext::kSharedPass);
  const std::uint64_t buffer = tokens * encoder.facts().vocabulary * sizeof(float);
  const std::uint64_t most = std::clamp<std::uint64_t>(kMaxBuffers / buffer, 1, kMaxContexts);
  const auto count = static_cast<std::uint32_t>(std::clamp<std::uint64_t>(threads, 1, most));
  EmbedQueue::Contexts contexts;
  for (std::uint32_t i = 0; i < count; ++i) {
    contexts.push_back(DM_TRY(EncoderContext::open(encoder, std::max(1U, threads / count))));
  }
  return contexts;
}

}  // namespace

Result<> serve(const EngineOptions& options, const ServeDeps& deps, std::stop_token stop) {
  DM_TRY(deps.files.stat(options.model_path).with("the model file"));
  const auto threads = options.threads != 0 ? options.threads : static_cast<std::uint32_t>(sys::cpu_count());
  const auto encoder = DM_TRY(Encoder::open({.model_path = options.model_path, .max_window = options.max_window}));
  Routes routes(options, deps, *encoder, DM_TRY(open_contexts(*encoder, threads)));
  // Declared after the routes, so that its threads have ended before these go.
  const auto server = DM_TRY(net::Server::open(
      server_options(options), [&](const net::Request& q, net::ResponseWriter& w) { routes.handle(q, w); }));
  DM_TRY(server->listen_unix(options.socket_path));
  deps.log.event(obs::Level::kInfo, "engine_ready",
                 {{"model", encoder->facts().name}, {"dimensions", encoder->facts().dimensions}, {"threads", threads}});
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any stopped;
  stopped.wait(lock, stop, [] { return false; });
  server->stop(Deadline::in(std::chrono::seconds(2), deps.clock));
  return {};
}

}  // namespace docmind::engine
