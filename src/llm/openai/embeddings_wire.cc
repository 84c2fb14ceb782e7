#include "llm/openai/embeddings_wire.h"

#include <algorithm>
#include <bit>
#include <boost/json.hpp>
#include <cmath>
#include <cstring>

#include "base/base64.h"
#include "base/json.h"
#include "base/json_members.h"

namespace docmind::openai {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kNumberBytes = 32;  // Of one number as text, with its comma.
constexpr std::uint64_t kItemBytes = 256;   // Of what stands around a vector.

Error broken(const std::string& what) {
  return {Code::kDataLoss, "The embeddings that the server gave are not usable: " + what + ".",
          "Check which model it serves, and that it is one for embeddings."};
}

Result<std::vector<float>> decoded(std::string_view text) {
  static_assert(std::endian::native == std::endian::little, "the wire has little-endian floats");
  const auto bytes = from_base64(text);
  if (!bytes || bytes->size() % sizeof(float) != 0) return broken("a vector is no base64 of floats");
  std::vector<float> out(bytes->size() / sizeof(float));
  std::memcpy(out.data(), bytes->data(), bytes->size());
  return out;
}

Result<std::vector<float>> listed(const json::array& numbers) {
  std::vector<float> out;
  out.reserve(numbers.size());
  for (const json::value& one : numbers) {
    if (!one.is_number()) return broken("a vector has something else than numbers");
    out.push_back(static_cast<float>(one.to_number<double>()));
  }
  return out;
}

Result<std::vector<float>> vector_of(const json::value& value, std::uint32_t dimensions) {
  if (!value.is_string() && !value.is_array()) return broken("a vector is missing");
  std::vector<float> out = value.is_string() ? DM_TRY(decoded(value.get_string())) : DM_TRY(listed(value.get_array()));
  if (out.empty() || out.size() > kMaxDimensions || (dimensions != 0 && out.size() != dimensions)) {
    return broken("a vector has " + std::to_string(out.size()) + " numbers" +
                  (dimensions == 0 ? std::string() : ", others have " + std::to_string(dimensions)));
  }
  if (!std::ranges::all_of(out, [](float v) { return std::isfinite(v); })) {
    return broken("a vector has a number that is not finite");
  }
  if (std::ranges::all_of(out, [](float v) { return v == 0; })) return broken("a vector has no direction");
  return out;
}

}  // namespace

std::string embeddings_request(std::string_view model, std::span<const std::string> texts) {
  return to_text(json::object{
      {"model", model}, {"input", json::array(texts.begin(), texts.end())}, {"encoding_format", "base64"}});
}

std::uint64_t largest_embeddings_reply(std::size_t texts, std::uint32_t dimensions) {
  const std::uint64_t numbers = dimensions == 0 ? kMaxDimensions : dimensions;
  return 4096 + texts * (kItemBytes + numbers * kNumberBytes);
}

Result<EmbeddingsReply> read_embeddings(std::string_view body, std::size_t texts, std::uint32_t dimensions) {
  const auto parsed = parse_json(body, {.depth = 8, .bytes = largest_embeddings_reply(texts, dimensions)});
  if (!parsed) return broken("it is not the JSON that was asked for");
  const json::value& data = json_member(*parsed, "data");
  if (!data.is_array() || data.get_array().size() != texts) return broken("it has not one vector for each text");
  EmbeddingsReply out{.vectors = std::vector<std::vector<float>>(texts),
                      .tokens = json_count(json_member(json_member(*parsed, "usage"), "prompt_tokens"))};
  for (const json::value& one : data.get_array()) {
    const json::value& index = json_member(one, "index");
    const std::uint64_t at = json_count(index);
    if (!index.is_number() || at >= texts || !out.vectors[at].empty()) return broken("its vectors are not told apart");
    out.vectors[at] = DM_TRY(vector_of(json_member(one, "embedding"), dimensions));
    dimensions = static_cast<std::uint32_t>(out.vectors[at].size());
  }
  return out;
}

}  // namespace docmind::openai
