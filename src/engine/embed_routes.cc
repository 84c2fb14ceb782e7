#include "engine/embed_routes.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/json.h"
#include "engine/embed_queue.h"
#include "engine/embeddings_request.h"
#include "engine/out_of_memory.h"
#include "obs/log.h"
#include "sys/process.h"

namespace docmind::engine {
namespace {

// What a thread more gets of a question's small matrices is soon not worth the wait for it at the next one.
constexpr std::uint32_t kShortThreads = 4;
constexpr Duration kRequestLimit = std::chrono::minutes(10);  // A client that wants less says so by leaving.

}  // namespace

struct EmbedRoutes::State {
  State(EmbedRoutesOptions asked, const EmbedRoutesDeps& handed, EmbedQueue::Contexts contexts, ForShort for_short)
      : options(std::move(asked)),
        deps(handed),
        queue(deps.encoder, std::move(contexts), options.queue_jobs, std::move(for_short)) {}

  void handle(const net::Request& request, net::ResponseWriter& writer) {
    Result<std::string> body = answer(request, writer.stop());
    if (!body) deps.log.failure(obs::Level::kWarn, "engine_request_failed", body.error());
    const bool ends = !body && ends_the_engine(body.error());
    // A client that has gone is the only reason why this fails, and then there is nobody to tell.
    (void)static_cast<bool>(writer.send(body ? net::json_response(200, *std::move(body)) : error_reply(body.error())));
    if (ends) options.exhausted();
  }

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
    if (!request.model.empty() && request.model != deps.encoder.facts().name) {
      return Error{Code::kNotFound, "This engine has another model.", "Leave out \"model\" or ask GET /v1/models."};
    }
    std::vector<TokenisedText> texts;
    for (const llm::EmbedInput& input : request.inputs) texts.push_back(DM_TRY(deps.encoder.tokenise(input)));
    const auto vectors = DM_TRY(queue.embed(std::move(texts), Deadline::in(kRequestLimit, deps.clock), stop));
    return embeddings_body(deps.encoder.facts(), request.encoding, vectors);
  }

  Result<std::string> tokenize(std::string_view body) {
    std::vector<std::size_t> counts;
    for (std::string& text : DM_TRY(parse_tokenize_request(body))) {
      counts.push_back(DM_TRY(deps.encoder.tokenise({.text = std::move(text), .spans = {}})).tokens.size());
    }
    return tokenize_body(counts);
  }

  Result<std::string> models(const std::stop_token& stop) {
    const std::string hash = DM_TRY(options.model_hash(stop));
    const EncoderFacts& facts = deps.encoder.facts();
    return to_text({{"object", "list"},
                    {"data",
                     {{{"id", facts.name},
                       {"object", "model"},
                       {"owned_by", "docmind"},
                       {"dimensions", facts.dimensions},
                       {"window", facts.window},
                       {"pooling", facts.pooling == Pooling::kMean ? "mean" : "cls"},
                       {"hash", hash}}}}});
  }

  const EmbedRoutesOptions options;
  const EmbedRoutesDeps deps;
  EmbedQueue queue;
};

EmbedRoutes::EmbedRoutes(std::unique_ptr<State> state) : state_(std::move(state)) {}
EmbedRoutes::~EmbedRoutes() = default;
void EmbedRoutes::use_threads(std::uint32_t count) { state_->queue.use_threads(count); }
void EmbedRoutes::handle(const net::Request& request, net::ResponseWriter& writer) { state_->handle(request, writer); }

Result<std::unique_ptr<EmbedRoutes>> EmbedRoutes::open(EmbedRoutesOptions options, const EmbedRoutesDeps& deps) {
  PassQueue::Contexts contexts = DM_TRY(open_contexts(deps.encoder, options.threads));
  ForShort for_short{
      .context = DM_TRY(EncoderContext::open_short(deps.encoder, std::clamp(options.threads, 1U, kShortThreads))),
      .free_processors = sys::free_processors};
  return std::unique_ptr<EmbedRoutes>(
      new EmbedRoutes(std::make_unique<State>(std::move(options), deps, std::move(contexts), std::move(for_short))));
}

}  // namespace docmind::engine
