#include "engine/rerank_routes.h"

#include <boost/json.hpp>

#include "base/json.h"
#include "engine/out_of_memory.h"
#include "engine/rerank_request.h"
#include "obs/log.h"

namespace docmind::engine {
namespace {

constexpr Duration kRequestLimit = std::chrono::minutes(10);  // A client that wants less says so by leaving.

}  // namespace

Result<std::unique_ptr<RerankRoutes>> RerankRoutes::open(EmbedRoutesOptions options, const EmbedRoutesDeps& deps) {
  PassQueue::Contexts contexts = DM_TRY(open_contexts(deps.encoder, options.threads));
  return std::unique_ptr<RerankRoutes>(new RerankRoutes(std::move(options), deps, std::move(contexts)));
}

void RerankRoutes::handle(const net::Request& request, net::ResponseWriter& writer) {
  Result<std::string> body = answer(request, writer.stop());
  if (!body) deps_.log.failure(obs::Level::kWarn, "engine_request_failed", body.error());
  const bool ends = !body && ends_the_engine(body.error());
  // A client that has gone is the only reason why this fails, and then there is nobody to tell.
  (void)static_cast<bool>(writer.send(body ? net::json_response(200, *std::move(body)) : error_reply(body.error())));
  if (ends) options_.exhausted();
}

void RerankRoutes::use_threads(std::uint32_t count) { queue_.use_threads(count); }

Result<std::string> RerankRoutes::answer(const net::Request& request, const std::stop_token& stop) {
  const std::string route = request.method + " " + request.target.path;
  if (route == "POST /v1/rerank") return rerank(request.body, stop);
  if (route == "GET /v1/models") return models(stop);
  if (route == "GET /health") return std::string(R"({"status":"ok"})");
  return Error{Code::kNotFound, "The engine has no " + route + " with a reranking model.",
               "See docs/formats/engine.md."};
}

Result<std::string> RerankRoutes::rerank(std::string_view body, const std::stop_token& stop) {
  const RerankRequest request = DM_TRY(parse_rerank_request(body));
  const std::string& name = deps_.encoder.facts().name;
  if (!request.model.empty() && request.model != name) {
    return Error{Code::kNotFound, "This engine has another model.", "Leave out \"model\" or ask GET /v1/models."};
  }
  const RerankScores scores =
      DM_TRY(queue_.score(request.query, request.documents, Deadline::in(kRequestLimit, deps_.clock), stop));
  return rerank_body(request, name, scores);
}

Result<std::string> RerankRoutes::models(const std::stop_token& stop) {
  const std::string hash = DM_TRY(options_.model_hash(stop));
  const EncoderFacts& facts = deps_.encoder.facts();
  return to_text({{"object", "list"},
                  {"data",
                   {{{"id", facts.name},
                     {"object", "model"},
                     {"owned_by", "docmind"},
                     {"window", facts.window},
                     {"capabilities", boost::json::array{"rerank"}},
                     {"hash", hash}}}}});
}

}  // namespace docmind::engine
