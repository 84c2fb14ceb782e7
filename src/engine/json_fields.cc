#include "engine/json_fields.h"

#include <boost/json.hpp>
#include <cmath>

namespace docmind::engine {

namespace json = boost::json;

Error wrong_field(std::string_view field, std::string_view must) {
  return {Code::kInvalidArgument, "\"" + std::string(field) + "\" must be " + std::string(must) + ".",
          "See the engine's protocol in docs/formats/engine.md."};
}

const json::value* JsonFields::find(std::string_view name) const {
  const json::value* value = object_.if_contains(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

Result<std::optional<std::string>> JsonFields::text(std::string_view name) const {
  const json::value* value = find(name);
  if (value == nullptr) return std::optional<std::string>();
  if (!value->is_string()) return wrong_field(path(name), "a text");
  return std::optional(std::string(value->get_string()));
}

Result<std::optional<bool>> JsonFields::boolean(std::string_view name) const {
  const json::value* value = find(name);
  if (value == nullptr) return std::optional<bool>();
  if (!value->is_bool()) return wrong_field(path(name), "true or false");
  return std::optional(value->get_bool());
}

Result<std::optional<double>> JsonFields::number(std::string_view name, double least, double most) const {
  const json::value* value = find(name);
  if (value == nullptr) return std::optional<double>();
  json::error_code failed;
  const double number = value->is_number() ? value->to_number<double>(failed) : least - 1;
  if (failed || !(number >= least && number <= most)) {
    return wrong_field(path(name), "a number from " + json::serialize(json::value(least)) + " to " +
                                       json::serialize(json::value(most)));
  }
  return std::optional(number);
}

Result<std::optional<std::uint64_t>> JsonFields::count(std::string_view name, std::uint64_t least,
                                                       std::uint64_t most) const {
  const json::value* value = find(name);
  if (value == nullptr) return std::optional<std::uint64_t>();
  json::error_code failed;
  // 1.0 is a whole number to many clients; to_number() takes it, and nothing that would be rounded.
  const auto number = value->is_number() ? value->to_number<std::uint64_t>(failed) : most + 1;
  if (failed || !value->is_number() || number < least || number > most) {
    return wrong_field(path(name), "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return std::optional(number);
}

Result<const json::array*> JsonFields::list(std::string_view name, std::size_t most) const {
  const json::value* value = find(name);
  if (value == nullptr) return static_cast<const json::array*>(nullptr);
  if (!value->is_array()) return wrong_field(path(name), "a list");
  if (value->get_array().size() > most)
    return wrong_field(path(name), "a list of " + std::to_string(most) + " at most");
  return &value->get_array();
}

Result<const json::object*> JsonFields::object(std::string_view name) const {
  const json::value* value = find(name);
  if (value == nullptr) return static_cast<const json::object*>(nullptr);
  if (!value->is_object()) return wrong_field(path(name), "an object");
  return &value->get_object();
}

}  // namespace docmind::engine
