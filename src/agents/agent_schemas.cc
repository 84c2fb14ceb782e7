#include "agents/agent_schemas.h"

#include <array>
#include <utility>

#include "agents/impl/described.h"
#include "base/json.h"

namespace docmind::agents {
namespace {

namespace json = boost::json;

template <typename T>
json::object schema_of();

class SchemaFields {
 public:
  template <typename T>
  void operator()(std::string_view name, const T&, Least least = Least::kNone) {
    json::object schema = schema_of<T>();
    if (least == Least::kOne) schema[Listed<T> ? "minItems" : "minLength"] = 1;
    properties_[name] = std::move(schema);
    required_.emplace_back(name);
  }

  json::object take() {
    return {{"type", "object"},
            {"properties", std::move(properties_)},
            {"required", std::move(required_)},
            {"additionalProperties", false}};
  }

 private:
  json::object properties_;
  json::array required_;
};

template <Named T>
json::object schema_of_names() {
  json::array names;
  for (const std::string_view name : names_of(T{})) names.emplace_back(name);
  return {{"enum", std::move(names)}};
}

template <typename T>
json::object schema_of() {
  if constexpr (std::same_as<T, bool>) {
    return {{"type", "boolean"}};
  } else if constexpr (std::unsigned_integral<T>) {
    return {{"type", "integer"}, {"minimum", 0}};
  } else if constexpr (std::integral<T>) {
    return {{"type", "integer"}};
  } else if constexpr (std::floating_point<T>) {
    return {{"type", "number"}};
  } else if constexpr (std::same_as<T, std::string>) {
    return {{"type", "string"}};
  } else if constexpr (Named<T>) {
    return schema_of_names<T>();
  } else if constexpr (std::same_as<T, context::Report>) {
    return {{"type", "object"}};  // As an answer's `context`: docs/cli.md.
  } else if constexpr (Perhaps<T>) {
    return {{"anyOf", {schema_of<typename InsideOf<T>::type>(), {{"type", "null"}}}}};
  } else if constexpr (Listed<T>) {
    return {{"type", "array"}, {"items", schema_of<typename ItemOf<T>::type>()}};
  } else {
    SchemaFields fields;
    describe(T{}, fields);
    return fields.take();
  }
}

template <typename In, typename Out>
AgentSchema schema(std::string_view agent) {
  return {agent, to_text(schema_of<In>()), to_text(schema_of<Out>())};
}

}  // namespace

std::span<const std::string_view> names_of(Route) {
  static constexpr auto kNames =
      std::to_array<std::string_view>({"hybrid", "keyword", "exhaustive", "general", "direct"});
  return kNames;
}

std::span<const std::string_view> names_of(Fate) {
  static constexpr auto kNames = std::to_array<std::string_view>(
      {"chosen", "merged", "neighbour", "duplicate", "no_room", "too_weak", "not_reached"});
  return kNames;
}

std::span<const std::string_view> names_of(library::UnitKind) {
  static constexpr auto kNames =
      std::to_array<std::string_view>({"sentence", "list_item", "code", "table_row", "heading"});
  return kNames;
}

std::vector<AgentSchema> agent_schemas() {
  return {schema<RouterInput, Routing>(kAgentNames[0]), schema<Routing, Plan>(kAgentNames[1]),
          schema<RetrievalInput, Evidence>(kAgentNames[2]), schema<SynthesisInput, Draft>(kAgentNames[3]),
          schema<Draft, Validated>(kAgentNames[4])};
}

}  // namespace docmind::agents
