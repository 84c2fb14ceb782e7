#include "app/settings_object.h"

#include <boost/json.hpp>
#include <charconv>

#include "base/json.h"
#include "config/change.h"

namespace docmind::app {
namespace {

namespace json = boost::json;
using config::Declaration;
using config::Kind;

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::kBool:
      return "bool";
    case Kind::kInteger:
      return "int";
    case Kind::kNumber:
      return "number";
    case Kind::kText:
      return "text";
    case Kind::kChoice:
      return "choice";
    case Kind::kDuration:
      return "duration";
    case Kind::kMebibytes:
      return "bytes";
  }
  return "text";
}

template <typename Number>
json::value number(std::string_view text) {
  Number value{};
  std::from_chars(text.data(), text.data() + text.size(), value);  // Our own text.
  return value;
}

// As its kind is in JSON.
json::value value_of(Kind kind, std::string_view text) {
  if (kind == Kind::kBool) return text == "true";
  if (kind == Kind::kInteger || kind == Kind::kMebibytes) return number<std::int64_t>(text);
  if (kind == Kind::kNumber) return number<double>(text);
  return json::value(text);
}

json::value bound(const Declaration& one, std::string_view text) {
  return text.empty() ? json::value(nullptr) : value_of(one.kind, text);
}

json::value choices_of(const Declaration& one) {
  if (one.kind != Kind::kChoice) return nullptr;
  json::array out;
  for (const std::string_view choice : one.choices) out.emplace_back(choice);
  return out;
}

std::string origin_of(const Declaration& one, const config::Loaded& loaded) {
  const auto origin = loaded.origins.find(one.key);
  return origin == loaded.origins.end() ? "default" : origin->second;
}

json::object object_of(const Declaration& one, const config::Loaded& loaded, const config::Loaded& started) {
  const std::string lock = config::lock_of(one, loaded);
  const bool at_once = one.effect == config::Effect::kAtOnce;
  const bool pending = !at_once && one.get(loaded.settings) != one.get(started.settings);
  const config::Loaded& in_force = pending ? started : loaded;
  return {{"key", one.key},
          {"kind", name_of(one.kind)},
          {"choices", choices_of(one)},
          {"min", bound(one, one.least)},
          {"max", bound(one, one.most)},
          {"unit", one.kind == Kind::kMebibytes ? json::value("MiB") : json::value(nullptr)},
          {"values", one.values},
          {"default", value_of(one.kind, config::shown_value(one, config::Settings{}))},
          {"value", value_of(one.kind, config::shown_value(one, loaded.settings))},
          {"origin", origin_of(one, loaded)},
          {"locked_by", lock.empty() ? json::value(nullptr) : json::value(lock)},
          {"effect", at_once ? "at_once" : "restart"},
          {"pending", pending},
          {"in_force", value_of(one.kind, config::shown_value(one, in_force.settings))},
          {"in_force_origin", origin_of(one, in_force)},
          {"help", one.help}};
}

}  // namespace

std::string settings_object(const config::Loaded& loaded, const config::Loaded& started, const InForce& in_force) {
  json::array lines;
  for (const Declaration& one : config::listed(loaded)) lines.push_back(object_of(one, loaded, started));
  return to_text(json::object{{"file", loaded.writes.native()},
                              {"generation", in_force.generation},
                              {"trouble", in_force.trouble ? json::value(in_force.trouble->message) : json::value()},
                              {"settings", std::move(lines)}});
}

}  // namespace docmind::app
