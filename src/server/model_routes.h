// The loaded models as they are, in OpenAI's shape: messages as sent, no retrieval (docs/api.md).
//
// Thread safety: any method from any thread.
#pragma once
#include <atomic>
#include <boost/json/array.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "llm/backend.h"
#include "net/server.h"

namespace docmind::server {

// What a model can be asked for.
enum class ModelUse : std::uint8_t { kText, kEmbedding, kReranking };

struct ServedModel {
  ModelUse use = ModelUse::kText;
  llm::Backend* backend = nullptr;  // Outlives the routes.
  bool needed = true;               // Else all works without it, as long as it is away.
};

class ModelRoutes {
 public:
  ModelRoutes(std::vector<ServedModel> models, Duration patience, const Clock& clock)
      : models_(std::move(models)), patience_(patience), clock_(clock) {}

  // Their entries as GET /v1/models has them.
  Result<boost::json::array> list(Deadline deadline, const std::stop_token& stop) const;

  // POST /v1/chat/completions, /v1/completions, /v1/embeddings, /v1/rerank: passed on to the model that the body names,
  // or to the only one of its use. Nothing comes back when it was answered as a stream.
  Result<std::optional<net::Response>> post(const net::Request& request, net::ResponseWriter& out) const;

  // What the models' backends count, for GET /metrics: a page of each.
  std::vector<std::string> metrics(Deadline deadline, const std::stop_token& stop) const;

  // kUnavailable until each model has answered once: what fails after that is for /health to say.
  Result<> ready(Deadline deadline, const std::stop_token& stop) const;

 private:
  Result<llm::Backend*> find(ModelUse use, std::string_view name, Deadline deadline, const std::stop_token& stop) const;

  std::vector<ServedModel> models_;
  Duration patience_;
  const Clock& clock_;
  mutable std::atomic<bool> ready_ = false;
};

}  // namespace docmind::server
