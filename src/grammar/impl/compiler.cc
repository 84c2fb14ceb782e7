#include "grammar/impl/compiler.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <tuple>

#include "base/json.h"
#include "grammar/impl/literals.h"

namespace docmind::grammar {
namespace {

namespace json = boost::json;

constexpr unsigned kNull = 1;
constexpr unsigned kBoolean = 2;
constexpr unsigned kInteger = 4;
constexpr unsigned kFraction = 8;
constexpr unsigned kString = 16;
constexpr unsigned kArray = 32;
constexpr unsigned kObject = 64;
constexpr unsigned kEvery = 127;
constexpr std::size_t kNoSteps = SIZE_MAX;  // More than there are.

std::string_view view(const json::value& text) { return {text.get_string().data(), text.get_string().size()}; }

unsigned type_named(std::string_view name) {
  if (name == "null") return kNull;
  if (name == "boolean") return kBoolean;
  if (name == "integer") return kInteger;
  if (name == "number") return kInteger | kFraction;
  if (name == "string") return kString;
  return name == "array" ? kArray : kObject;
}

// Of which types a keyword speaks.
unsigned types_meant(const json::value& schema) {
  constexpr std::array<std::pair<std::string_view, unsigned>, 19> kMeant = {{
      {"properties", kObject},
      {"required", kObject},
      {"additionalProperties", kObject},
      {"minProperties", kObject},
      {"maxProperties", kObject},
      {"items", kArray},
      {"prefixItems", kArray},
      {"minItems", kArray},
      {"maxItems", kArray},
      {"uniqueItems", kArray},
      {"minLength", kString},
      {"maxLength", kString},
      {"pattern", kString},
      {"format", kString},
      {"minimum", kInteger | kFraction},
      {"maximum", kInteger | kFraction},
      {"exclusiveMinimum", kInteger | kFraction},
      {"exclusiveMaximum", kInteger | kFraction},
      {"multipleOf", kInteger | kFraction},
  }};
  unsigned meant = 0;
  for (const auto& [name, types] : kMeant) {
    if (keyword(schema, name) != nullptr) meant |= types;
  }
  return meant;
}

}  // namespace

Result<> Compiler::spend(std::size_t steps) {
  if (steps_ < steps) {
    steps_ = 0;
    return Error{Code::kResourceExhausted, "the schema has too many combinations",
                 "Use fewer anyOf and allOf inside each other."};
  }
  steps_ -= steps;
  return {};
}

Result<> Compiler::build(StateId from, StateId to) {
  DM_TRY(build_all({&schema_.root()}, from, to));
  while (!waiting_.empty() && !builder_.over()) {
    const auto [all, start] = std::move(waiting_.back());
    waiting_.pop_back();
    const StateId end = builder_.state();
    builder_.end(end);
    DM_TRY(build_here(all, start, end));
  }
  return {};
}

// Adds a schema, what it refers to and all of its allOf. Meeting one again adds nothing, so loops end.
Result<> Compiler::gather(const Value& schema, All& all) {
  std::vector<const Value*> open = {&schema};
  std::vector<const Value*> met;
  while (!open.empty()) {
    const Value& here = *open.back();
    open.pop_back();
    DM_TRY(spend(1 + all.schemas.size() + all.choices.size() + met.size()));
    if (here.is_bool()) {
      all.impossible = all.impossible || !here.get_bool();
      continue;
    }
    if (std::find(met.begin(), met.end(), &here) != met.end()) continue;
    met.push_back(&here);
    if (says_something(here) && std::find(all.schemas.begin(), all.schemas.end(), &here) == all.schemas.end()) {
      all.schemas.push_back(&here);
    }
    for (const char* name : {"anyOf", "oneOf"}) {
      const Value* choice = keyword(here, name);
      if (choice == nullptr) continue;
      if (std::find(all.choices.begin(), all.choices.end(), choice) == all.choices.end()) all.choices.push_back(choice);
    }
    if (const Value* every = keyword(here, "allOf")) {
      for (auto one = every->get_array().rbegin(); one != every->get_array().rend(); ++one) open.push_back(&*one);
    }
    if (const Value* reference = keyword(here, "$ref")) {
      all.referred = true;
      open.push_back(&schema_.target(view(*reference)));
    }
  }
  return {};
}

Result<> Compiler::build_all(const std::vector<const Value*>& schemas, StateId from, StateId to) {
  All all;
  for (const Value* schema : schemas) DM_TRY(gather(*schema, all));
  return build_gathered(std::move(all), from, to);
}

Result<> Compiler::build_gathered(All all, StateId from, StateId to) {
  if (all.impossible || builder_.over()) return {};
  if (!all.referred) return build_here(all, from, to);
  builder_.call(from, rule_of(std::move(all)), to);
  return {};
}

// Where the values of `all` start that end by themselves; built later if new.
StateId Compiler::rule_of(All all) {
  const auto [entry, added] = rules_.try_emplace(all, 0);
  if (added) {
    entry->second = builder_.state();
    waiting_.emplace_back(std::move(all), entry->second);
  }
  return entry->second;
}

Result<> Compiler::build_here(const All& all, StateId from, StateId to) {
  if (all.choices.empty()) return build_values(all, from, to);
  constexpr std::size_t kDeepest = 400;
  if (depth_ >= kDeepest) return spend(kNoSteps);
  ++depth_;
  for (const Value& branch : all.choices.front()->get_array()) {
    DM_TRY(spend(all.schemas.size() + all.choices.size()));
    All one{.schemas = all.schemas, .choices = {all.choices.begin() + 1, all.choices.end()}};
    DM_TRY(gather(branch, one));
    DM_TRY(build_gathered(std::move(one), from, to));
    if (builder_.over()) break;
  }
  --depth_;
  return {};
}

unsigned Compiler::types_of(const All& all) const {
  Types types = kEvery;
  Types meant = 0;
  bool said = false;
  for (const Value* schema : all.schemas) {
    meant |= types_meant(*schema);
    const Value* type = keyword(*schema, "type");
    if (type == nullptr) continue;
    said = true;
    Types here = 0;
    if (type->is_string()) here = type_named(view(*type));
    if (const json::array* list = type->if_array()) {
      for (const Value& name : *list) here |= type_named(view(name));
    }
    types &= here;
  }
  return said || meant == 0 ? types : meant;
}

Result<> Compiler::build_values(const All& all, StateId from, StateId to) {
  DM_TRY(spend(1 + all.schemas.size()));
  if (all.schemas.empty()) {
    builder_.call(from, prelude_.value(), to);
    return {};
  }
  const auto allows_null = [](const Value* schema) {
    const Value* nullable = keyword(*schema, "nullable");
    return nullable != nullptr && nullable->get_bool();
  };
  const bool null_too = std::all_of(all.schemas.begin(), all.schemas.end(), allows_null);
  if (null_too) builder_.literal(from, "null", to);

  for (const Value* schema : all.schemas) {
    const Value* only = keyword(*schema, "const");
    const Value* values = keyword(*schema, "enum");
    if (only == nullptr && values == nullptr) continue;
    std::vector<std::string> texts;
    const auto take = [&](const Value& value) -> Result<> {
      DM_TRY(spend(all.schemas.size()));
      const auto holds = [&](const Value* other) { return validator_.holds(*other, value, values); };
      const bool held = std::all_of(all.schemas.begin(), all.schemas.end(), holds);
      if (validator_.exhausted()) return spend(kNoSteps);
      if (held) texts.push_back(spaced_text(value, options_.spacing));
      return {};
    };
    if (only != nullptr) {
      DM_TRY(take(*only));
    } else {
      for (const Value& value : values->get_array()) DM_TRY(take(value));
    }
    build_choice(builder_, std::move(texts), from, to);
    return {};
  }

  const Types types = types_of(all);
  if (types == kEvery) {
    const bool free =
        std::none_of(all.schemas.begin(), all.schemas.end(), [](const Value* s) { return types_meant(*s); });
    if (free) {
      builder_.call(from, prelude_.value(), to);
      return {};
    }
  }
  if ((types & kNull) != 0 && !null_too) builder_.literal(from, "null", to);
  if ((types & kBoolean) != 0) {
    builder_.literal(from, "true", to);
    builder_.literal(from, "false", to);
  }
  if ((types & kFraction) != 0) {
    DM_TRY(build_number(all, from, to));
  } else if ((types & kInteger) != 0) {
    DM_TRY(build_integer(all, from, to));
  }
  if ((types & kString) != 0) DM_TRY(build_string(all, from, to));
  if ((types & kArray) != 0) DM_TRY(build_array(all, from, to));
  if ((types & kObject) != 0) DM_TRY(build_object(all, from, to));
  return {};
}

}  // namespace docmind::grammar
