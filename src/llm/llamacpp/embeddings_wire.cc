#include "llm/llamacpp/embeddings_wire.h"

#include <algorithm>
#include <bit>
#include <boost/json.hpp>
#include <cmath>
#include <cstring>
#include <optional>

#include "base/base64.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/json_members.h"

namespace docmind::llamacpp {
namespace {

namespace json = boost::json;

constexpr std::uint32_t kMaxDimensions = 65536;
constexpr std::uint32_t kMaxWindow = 1U << 20U;

Error bad_reply(const std::string& what) {
  return {Code::kDataLoss, "The embedding engine's reply is not usable: " + what + ".",
          "Try again; if it stays, the model file may be damaged: import it again."};
}

const json::value* field(const json::value& value, std::string_view name) {
  return value.is_object() ? value.get_object().if_contains(name) : nullptr;
}

const json::array* list_field(const json::value& value, std::string_view name) {
  const auto* found = field(value, name);
  return found != nullptr ? found->if_array() : nullptr;
}

std::optional<std::uint32_t> number_field(const json::value& value, std::string_view name, std::uint32_t limit) {
  const auto* found = field(value, name);
  const auto* number = found != nullptr ? found->if_int64() : nullptr;
  if (number == nullptr || *number < 0 || *number > limit) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

Result<std::vector<float>> vector_of(const json::value* value, std::uint32_t dimensions) {
  static_assert(std::endian::native == std::endian::little, "the wire has little-endian floats");
  if (value == nullptr || !value->is_string()) return bad_reply("a vector is missing");
  const auto bytes = from_base64(value->get_string());
  std::vector<float> vector(dimensions);
  if (!bytes || bytes->size() != dimensions * sizeof(float)) return bad_reply("a vector has another size");
  std::memcpy(vector.data(), bytes->data(), bytes->size());
  if (!std::ranges::all_of(vector, [](float v) { return std::isfinite(v); })) {
    return bad_reply("a vector has a number that is not finite");
  }
  return vector;
}

Result<llm::Embedding> embedding_of(const json::value& item, const llm::EmbedInput& input, std::uint32_t dimensions) {
  llm::Embedding out;
  out.vector = DM_TRY(vector_of(field(item, "embedding"), dimensions));
  const auto* spans = list_field(item, "span_embeddings");
  if (spans == nullptr || spans->size() != input.spans.size()) return bad_reply("it has not one vector per span");
  for (const json::value& span : *spans) out.spans.push_back(DM_TRY(vector_of(&span, dimensions)));
  const auto tokens = number_field(item, "tokens", 0x7fffffffU);
  if (!tokens) return bad_reply("a count of tokens is missing");
  out.tokens = *tokens;
  return out;
}

}  // namespace

std::string embeddings_request(std::span<const llm::EmbedInput> inputs) {
  json::array texts;
  json::array spans;
  for (const llm::EmbedInput& input : inputs) {
    texts.emplace_back(input.text);
    json::array list;
    for (const auto& span : input.spans) list.push_back({span.start, span.end});
    spans.push_back(std::move(list));
  }
  return to_text({{"input", std::move(texts)}, {"spans", std::move(spans)}, {"encoding_format", "base64"}});
}

std::uint64_t largest_reply(std::span<const llm::EmbedInput> inputs, std::uint32_t dimensions) {
  std::uint64_t vectors = 0;
  for (const llm::EmbedInput& input : inputs) vectors += 1 + input.spans.size();
  const std::uint64_t text = (dimensions * sizeof(float) + 2) / 3 * 4 + 8;  // Base64, quotes, comma.
  return 4096 + inputs.size() * 128 + vectors * text;
}

Result<std::vector<llm::Embedding>> parse_embeddings(std::string_view body, std::span<const llm::EmbedInput> inputs,
                                                     std::uint32_t dimensions) {
  const Result<json::value> root = parse_json(body, {.depth = 8, .bytes = largest_reply(inputs, dimensions)});
  if (!root) return bad_reply("it is not the JSON that was asked for");
  const auto* data = list_field(*root, "data");
  if (data == nullptr || data->size() != inputs.size()) return bad_reply("it has not one answer per text");
  std::vector<llm::Embedding> out;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (number_field((*data)[i], "index", 0x7fffffffU) != i) return bad_reply("its answers are not in order");
    out.push_back(DM_TRY(embedding_of((*data)[i], inputs[i], dimensions)));
  }
  return out;
}

Result<llm::EmbedderInfo> parse_models(std::string_view body) {
  const Result<json::value> root = parse_json(body, {.depth = 8, .bytes = 64U << 10U});
  const auto* data = root ? list_field(*root, "data") : nullptr;
  if (data == nullptr || data->size() != 1) return bad_reply("it does not name its model");
  const json::value& model = data->front();
  const auto dimensions = number_field(model, "dimensions", kMaxDimensions);
  const auto window = number_field(model, "window", kMaxWindow);
  const auto hash = ContentHash::from_hex(json_text(json_member(model, "hash")));
  llm::EmbedderInfo info{.name = std::string(json_text(json_member(model, "id"))), .model_hash = {}};
  if (info.name.empty() || !hash || !dimensions || *dimensions == 0 || !window || *window == 0) {
    return bad_reply("its model has no name, hash, dimensions or window");
  }
  info.model_hash = hash->hex();
  info.dimensions = *dimensions;
  info.window = *window;
  return info;
}

}  // namespace docmind::llamacpp
