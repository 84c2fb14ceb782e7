#include "server/model_routes.h"

#include <boost/json.hpp>

#include "base/json.h"

namespace docmind::server {
namespace {

struct Asked {
  std::string model{};
  bool stream = false;
};

// The two fields that decide the way; the model checks all others.
Result<Asked> read(std::string_view body) {
  const boost::json::value value = DM_TRY(parse_json(body));
  const boost::json::object* object = value.if_object();
  if (object == nullptr) {
    return Error{Code::kInvalidArgument, "the body is not a JSON object", "Send what OpenAI's API says."};
  }
  Asked asked;
  if (const auto* model = object->if_contains("model"); model != nullptr && model->is_string()) {
    asked.model = model->as_string();
  }
  if (const auto* stream = object->if_contains("stream"); stream != nullptr && stream->is_bool()) {
    asked.stream = stream->as_bool();
  }
  return asked;
}

// A stream that breaks says why and is left without its end, so that the client sees it: what came is a part. It may
// have broken within a line.
void leave(net::ResponseWriter& out, const Error& why) {
  if (!out.stop().stop_requested()) (void)out.write("\n\ndata: " + net::error_body(why) + "\n\n");
}

ModelUse use_of(std::string_view path) {
  if (path == "/v1/embeddings") return ModelUse::kEmbedding;
  return path == "/v1/rerank" ? ModelUse::kReranking : ModelUse::kText;
}

}  // namespace

Result<llm::Backend*> ModelRoutes::find(ModelUse use, std::string_view name, Deadline deadline,
                                        const std::stop_token& stop) const {
  llm::Backend* only = nullptr;
  std::size_t count = 0;
  std::optional<Error> away;  // Of one that may have the model, but cannot be asked.
  for (const ServedModel& model : models_) {
    if (model.use != use) continue;
    ++count;
    only = model.backend;
    if (name.empty()) continue;
    const auto info = model.backend->info(deadline, stop);
    if (!info && model.needed) return info.error();
    if (info && info->capabilities.model == name) return only;
    if (!info) away = info.error();
  }
  if (name.empty() && count == 1) return only;
  if (count == 0) {
    return Error{Code::kNotFound, "no model is loaded that could answer this",
                 use == ModelUse::kReranking ? "Set reranker.model to a reranking model, and restart the server."
                                             : "Start the server with --model FILE.gguf, or set engine.model."};
  }
  if (away) return *away;
  return Error{Code::kNotFound, "there is no model " + std::string(name),
               "GET /v1/models lists those that are loaded."};
}

Result<boost::json::array> ModelRoutes::list(Deadline deadline, const std::stop_token& stop) const {
  boost::json::array data;
  for (const ServedModel& model : models_) {
    const auto info = model.backend->info(deadline, stop);
    if (!info && model.needed) return info.error();
    if (info) data.push_back(DM_TRY(parse_json(info->json)));
  }
  return data;
}

Result<std::optional<net::Response>> ModelRoutes::post(const net::Request& request, net::ResponseWriter& out) const {
  const Deadline deadline = Deadline::in(patience_, clock_);
  const Asked asked = DM_TRY(read(request.body));
  const ModelUse use = use_of(request.target.path);
  llm::Backend* backend = DM_TRY(find(use, asked.model, deadline, out.stop()));
  bool begun = false;
  llm::Backend::OnBytes on_bytes;
  if (asked.stream) {
    on_bytes = [&](std::string_view bytes) -> Result<> {
      if (begun) return out.write(bytes);
      begun = true;
      return out.begin({.headers = {{"Content-Type", "text/event-stream"}, {"Cache-Control", "no-store"}},
                        .body = std::string(bytes)});
    };
  }
  auto reply = backend->post(request.target.path, request.body, on_bytes, deadline, out.stop());
  if (begun) {
    if (reply) {
      DM_TRY(out.end());
    } else {
      leave(out, reply.error());
    }
    return std::optional<net::Response>();
  }
  if (!reply) return std::move(reply).error();
  net::Response response = net::json_response(reply->status, std::move(reply->body));
  if (!reply->retry_after.empty()) response.headers.set("Retry-After", reply->retry_after);
  return std::optional(std::move(response));
}

std::vector<std::string> ModelRoutes::metrics(Deadline deadline, const std::stop_token& stop) const {
  std::vector<std::string> pages;
  for (const ServedModel& model : models_) pages.push_back(model.backend->metrics(deadline, stop));
  return pages;
}

Result<> ModelRoutes::ready(Deadline deadline, const std::stop_token& stop) const {
  if (ready_) return {};
  for (const ServedModel& model : models_) {
    if (model.needed) DM_TRY(model.backend->info(deadline, stop));
  }
  ready_ = true;
  return {};
}

}  // namespace docmind::server
