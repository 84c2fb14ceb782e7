// What the engine answers with a reranking model: /v1/rerank, /v1/models, /health (docs/formats/engine.md).
//
// Thread safety: handle() from any thread.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "engine/embed_routes.h"
#include "engine/rerank_queue.h"

namespace docmind::engine {

class RerankRoutes {
 public:
  static Result<std::unique_ptr<RerankRoutes>> open(EmbedRoutesOptions options, const EmbedRoutesDeps& deps);
  RerankRoutes(const RerankRoutes&) = delete;
  RerankRoutes& operator=(const RerankRoutes&) = delete;

  void handle(const net::Request& request, net::ResponseWriter& writer);
  void use_threads(std::uint32_t count);  // From the next pass on, at least one.

 private:
  RerankRoutes(EmbedRoutesOptions options, const EmbedRoutesDeps& deps, PassQueue::Contexts contexts)
      : options_(std::move(options)), deps_(deps), queue_(deps.encoder, std::move(contexts), options_.queue_jobs) {}

  Result<std::string> answer(const net::Request& request, const std::stop_token& stop);
  Result<std::string> rerank(std::string_view body, const std::stop_token& stop);
  Result<std::string> models(const std::stop_token& stop);

  const EmbedRoutesOptions options_;
  const EmbedRoutesDeps deps_;
  RerankQueue queue_;
};

}  // namespace docmind::engine
