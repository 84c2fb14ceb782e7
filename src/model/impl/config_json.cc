#include "model/impl/config_json.h"

#include <boost/json.hpp>
#include <limits>
#include <utility>

#include "base/json.h"

namespace docmind::model {

namespace json = boost::json;

Error unfit(const std::string& why) {
  return {Code::kInvalidArgument, "This checkpoint cannot be imported: " + why + ".",
          "Supported are Qwen3 and BERT-like checkpoints with config.json, their tokenizer and safetensors files."};
}

Result<ConfigJson> ConfigJson::parse(const std::string& text, std::string file) {
  if (text.empty()) return ConfigJson(json::object(), std::move(file));
  json::value root = DM_TRY(parse_json(text).with(file));
  if (!root.is_object()) return unfit("its " + file + " is not a JSON object");
  return ConfigJson(std::move(root), std::move(file));
}

Error ConfigJson::unusable(std::string_view key) const {
  return unfit(file_ + " has no usable \"" + std::string(key) + "\"");
}

const json::value* ConfigJson::find(std::string_view key) const {
  const json::value* value = object().if_contains(key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

Result<std::uint32_t> ConfigJson::size(std::string_view key, std::uint32_t limit) const {
  const json::value* value = find(key);
  const auto* number = value != nullptr ? value->if_int64() : nullptr;
  if (number == nullptr || *number < 1 || *number > limit) return unusable(key);
  return static_cast<std::uint32_t>(*number);
}

Result<std::uint32_t> ConfigJson::size_or(std::string_view key, std::uint32_t limit, std::uint32_t otherwise) const {
  if (find(key) == nullptr) return otherwise;
  return size(key, limit);
}

Result<float> ConfigJson::number_or(std::string_view key, double low, double high, double otherwise) const {
  const json::value* value = find(key);
  double number = otherwise;
  if (value != nullptr) {
    if (!value->is_number()) return unusable(key);
    number = value->to_number<double>();
  }
  if (!(number >= low && number <= high)) return unusable(key);
  return static_cast<float>(number);
}

std::optional<std::string> ConfigJson::text(std::string_view key) const {
  const json::value* value = find(key);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string(value->get_string());
}

bool ConfigJson::flag(std::string_view key, bool otherwise) const {
  const json::value* value = find(key);
  return value != nullptr && value->is_bool() ? value->get_bool() : otherwise;
}

ConfigJson ConfigJson::child(std::string_view key) const {
  const json::value* value = find(key);
  const bool object = value != nullptr && value->is_object();
  return {object ? *value : json::value(json::object()), file_};
}

std::optional<std::uint32_t> ConfigJson::id(std::string_view key) const {
  const json::value* value = find(key);
  if (value != nullptr && value->is_array() && !value->get_array().empty()) value = &value->get_array()[0];
  const auto* number = value != nullptr ? value->if_int64() : nullptr;
  if (number == nullptr || *number < 0 || *number > std::numeric_limits<std::int32_t>::max()) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

}  // namespace docmind::model
