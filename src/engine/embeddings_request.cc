#include "engine/embeddings_request.h"

#include <bit>
#include <boost/json.hpp>
#include <optional>

#include "base/base64.h"
#include "base/json.h"

namespace docmind::engine {
namespace {

namespace json = boost::json;

Error wrong(const std::string& what) {
  return {Code::kInvalidArgument, what, "See the engine's protocol in docs/formats/engine.md."};
}

Result<json::object> object_of(std::string_view body) {
  json::value root = DM_TRY(parse_json(body, {.depth = 8, .bytes = kMaxBody}));
  if (!root.is_object()) return wrong("The request is not a JSON object.");
  return std::move(root.get_object());
}

Result<std::vector<std::string>> texts_of(const json::value* value, std::string_view field) {
  std::vector<std::string> texts;
  if (value != nullptr && value->is_string()) texts.emplace_back(value->get_string());
  if (value != nullptr && value->is_array()) {
    if (value->get_array().size() > kMaxInputs) return wrong("The request has more than 1024 texts.");
    for (const json::value& text : value->get_array()) {
      if (!text.is_string()) return wrong("\"" + std::string(field) + "\" holds something that is not a text.");
      texts.emplace_back(text.get_string());
    }
  }
  if (texts.empty()) return wrong("\"" + std::string(field) + "\" must be a text or a list of texts.");
  return texts;
}

std::optional<std::uint64_t> offset_of(const json::value& value) {
  const auto* number = value.if_int64();
  if (number == nullptr || *number < 0) return std::nullopt;
  return static_cast<std::uint64_t>(*number);
}

Result<> read_spans(const json::value& value, std::vector<llm::EmbedInput>& inputs) {
  const auto* lists = value.if_array();
  if (lists == nullptr || lists->size() != inputs.size()) return wrong("\"spans\" must have one list per text.");
  std::size_t vectors = inputs.size();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const auto* list = (*lists)[i].if_array();
    if (list == nullptr) return wrong("\"spans\" must have one list per text.");
    vectors += list->size();
    if (vectors > kMaxVectors) return wrong("The request asks for more than 16384 vectors.");
    for (const json::value& pair : *list) {
      const auto* ends = pair.if_array();
      const bool two = ends != nullptr && ends->size() == 2;
      const auto start = two ? offset_of((*ends)[0]) : std::nullopt;
      const auto end = two ? offset_of((*ends)[1]) : std::nullopt;
      if (!start || !end) return wrong("A span must be [start, end] in bytes.");
      inputs[i].spans.push_back({*start, *end});
    }
  }
  return {};
}

json::value vector_value(std::span<const float> vector, VectorEncoding encoding) {
  static_assert(std::endian::native == std::endian::little, "the wire has little-endian floats");
  if (encoding == VectorEncoding::kBase64) {
    return json::string(to_base64({reinterpret_cast<const char*>(vector.data()), vector.size_bytes()}));
  }
  json::array numbers;
  for (const float v : vector) numbers.emplace_back(v);
  return numbers;
}

}  // namespace

Result<EmbeddingsRequest> parse_embeddings_request(std::string_view body) {
  const json::object object = DM_TRY(object_of(body));
  EmbeddingsRequest request;
  for (std::string& text : DM_TRY(texts_of(object.if_contains("input"), "input"))) {
    request.inputs.push_back({.text = std::move(text), .spans = {}});
  }
  if (const auto* spans = object.if_contains("spans")) DM_TRY(read_spans(*spans, request.inputs));
  if (const auto* model = object.if_contains("model")) {
    if (!model->is_string()) return wrong("\"model\" must be a name.");
    request.model = model->get_string();
  }
  if (const auto* format = object.if_contains("encoding_format")) {
    if (*format != "float" && *format != "base64") return wrong("\"encoding_format\" must be \"float\" or \"base64\".");
    request.encoding = *format == "base64" ? VectorEncoding::kBase64 : VectorEncoding::kFloat;
  }
  return request;
}

std::string embeddings_body(const EncoderFacts& facts, VectorEncoding encoding,
                            std::span<const llm::Embedding> embeddings) {
  json::array data;
  std::uint64_t tokens = 0;
  for (std::size_t i = 0; i < embeddings.size(); ++i) {
    json::array spans;
    for (const auto& span : embeddings[i].spans) spans.push_back(vector_value(span, encoding));
    data.push_back({{"object", "embedding"},
                    {"index", i},
                    {"embedding", vector_value(embeddings[i].vector, encoding)},
                    {"span_embeddings", std::move(spans)},
                    {"tokens", embeddings[i].tokens}});
    tokens += embeddings[i].tokens;
  }
  return to_text({{"object", "list"},
                  {"model", facts.name},
                  {"data", std::move(data)},
                  {"usage", {{"prompt_tokens", tokens}, {"total_tokens", tokens}}}});
}

Result<std::vector<std::string>> parse_tokenize_request(std::string_view body) {
  const json::object object = DM_TRY(object_of(body));
  return texts_of(object.if_contains("texts"), "texts");
}

std::string tokenize_body(std::span<const std::size_t> counts) {
  return to_text({{"counts", json::array(counts.begin(), counts.end())}});
}

}  // namespace docmind::engine
