#include "engine/rerank_request.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <numeric>

#include "base/json.h"
#include "engine/embeddings_request.h"

namespace docmind::engine {
namespace {

namespace json = boost::json;

Error wrong(const std::string& what) {
  return {Code::kInvalidArgument, what, "See the engine's protocol in docs/formats/engine.md."};
}

// A text, or an object that holds one.
Result<std::string> document_of(const json::value& value) {
  const json::value* text = value.is_object() ? value.get_object().if_contains("text") : &value;
  if (text == nullptr || !text->is_string()) return wrong("\"documents\" holds something that is not a text.");
  return std::string(text->get_string());
}

Result<> read_documents(const json::object& object, RerankRequest& request) {
  const auto* list = object.if_contains("documents");
  if (list == nullptr || !list->is_array() || list->get_array().empty()) {
    return wrong("\"documents\" must be a list of texts.");
  }
  if (list->get_array().size() > kMaxInputs) return wrong("The request has more than 1024 documents.");
  for (const json::value& document : list->get_array()) request.documents.push_back(DM_TRY(document_of(document)));
  return {};
}

Result<> read_flag(const json::object& object, std::string_view key, bool& to) {
  const auto* value = object.if_contains(key);
  if (value == nullptr || value->is_null()) return {};
  if (!value->is_bool()) return wrong("\"" + std::string(key) + "\" must be true or false.");
  to = value->get_bool();
  return {};
}

double shown(float logit, bool raw) { return raw ? logit : 1 / (1 + std::exp(-static_cast<double>(logit))); }

}  // namespace

Result<RerankRequest> parse_rerank_request(std::string_view body) {
  const json::value root = DM_TRY(parse_json(body, {.depth = 8, .bytes = kMaxBody}));
  const json::object* object = root.if_object();
  if (object == nullptr) return wrong("The request is not a JSON object.");
  RerankRequest request;
  const auto* query = object->if_contains("query");
  if (query == nullptr || !query->is_string() || query->get_string().empty()) {
    return wrong("\"query\" must be a text that is not empty.");
  }
  request.query = query->get_string();
  DM_TRY(read_documents(*object, request));
  if (const auto* model = object->if_contains("model"); model != nullptr && !model->is_null()) {
    if (!model->is_string()) return wrong("\"model\" must be a name.");
    request.model = model->get_string();
  }
  request.top_n = request.documents.size();
  if (const auto* top = object->if_contains("top_n"); top != nullptr && !top->is_null()) {
    const auto* number = top->if_int64();
    if (number == nullptr || *number < 1) return wrong("\"top_n\" must be a whole number from 1.");
    request.top_n = std::min(request.top_n, static_cast<std::size_t>(*number));
  }
  DM_TRY(read_flag(*object, "return_documents", request.return_documents));
  DM_TRY(read_flag(*object, "raw_scores", request.raw_scores));
  return request;
}

std::string rerank_body(const RerankRequest& request, const std::string& model, const RerankScores& scores) {
  std::vector<std::size_t> order(request.documents.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
    return scores.scores[a] != scores.scores[b] ? scores.scores[a] > scores.scores[b] : a < b;
  });
  json::array results;
  for (const std::size_t i : std::span(order).first(request.top_n)) {
    json::object result{{"index", i}, {"relevance_score", shown(scores.scores[i], request.raw_scores)}};
    if (request.return_documents) result["document"] = {{"text", request.documents[i]}};
    results.push_back(std::move(result));
  }
  return to_text({{"object", "list"},
                  {"model", model},
                  {"results", std::move(results)},
                  {"usage", {{"prompt_tokens", scores.tokens}, {"total_tokens", scores.tokens}}}});
}

}  // namespace docmind::engine
