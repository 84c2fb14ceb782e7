#include "grammar/impl/schema.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "base/json.h"

namespace docmind::grammar {
namespace {

namespace json = boost::json;

enum class Kind : std::uint8_t {
  kNote,  // Says nothing about what is valid.
  kSchema,
  kSchemas,
  kNamedSchemas,
  kCount,
  kNumber,
  kPositive,
  kFlag,
  kText,
  kPattern,
  kTexts,
  kType,
  kValues,
  kValue,
  kReference,
  kUnsupported,
};

struct Keyword {
  std::string_view name;
  Kind kind;
};

constexpr std::array kKeywords = {
    Keyword{"$anchor", Kind::kNote},
    Keyword{"$comment", Kind::kNote},
    Keyword{"$id", Kind::kNote},
    Keyword{"$schema", Kind::kNote},
    Keyword{"$vocabulary", Kind::kNote},
    Keyword{"contentEncoding", Kind::kNote},
    Keyword{"contentMediaType", Kind::kNote},
    Keyword{"default", Kind::kNote},
    Keyword{"deprecated", Kind::kNote},
    Keyword{"description", Kind::kNote},
    Keyword{"discriminator", Kind::kNote},
    Keyword{"example", Kind::kNote},
    Keyword{"examples", Kind::kNote},
    Keyword{"externalDocs", Kind::kNote},
    Keyword{"readOnly", Kind::kNote},
    Keyword{"title", Kind::kNote},
    Keyword{"writeOnly", Kind::kNote},
    Keyword{"xml", Kind::kNote},
    Keyword{"$defs", Kind::kNamedSchemas},
    Keyword{"$ref", Kind::kReference},
    Keyword{"additionalProperties", Kind::kSchema},
    Keyword{"allOf", Kind::kSchemas},
    Keyword{"anyOf", Kind::kSchemas},
    Keyword{"const", Kind::kValue},
    Keyword{"definitions", Kind::kNamedSchemas},
    Keyword{"enum", Kind::kValues},
    Keyword{"exclusiveMaximum", Kind::kNumber},
    Keyword{"exclusiveMinimum", Kind::kNumber},
    Keyword{"format", Kind::kText},
    Keyword{"items", Kind::kSchema},
    Keyword{"maxItems", Kind::kCount},
    Keyword{"maxLength", Kind::kCount},
    Keyword{"maxProperties", Kind::kCount},
    Keyword{"maximum", Kind::kNumber},
    Keyword{"minItems", Kind::kCount},
    Keyword{"minLength", Kind::kCount},
    Keyword{"minProperties", Kind::kCount},
    Keyword{"minimum", Kind::kNumber},
    Keyword{"multipleOf", Kind::kPositive},
    Keyword{"nullable", Kind::kFlag},
    Keyword{"oneOf", Kind::kSchemas},
    Keyword{"pattern", Kind::kPattern},
    Keyword{"prefixItems", Kind::kSchemas},
    Keyword{"properties", Kind::kNamedSchemas},
    Keyword{"required", Kind::kTexts},
    Keyword{"type", Kind::kType},
    Keyword{"uniqueItems", Kind::kFlag},
};

Kind kind_of(std::string_view name) {
  if (name.starts_with("x-")) return Kind::kNote;
  const auto found = std::find_if(kKeywords.begin(), kKeywords.end(), [&](const Keyword& k) { return k.name == name; });
  return found == kKeywords.end() ? Kind::kUnsupported : found->kind;
}

bool is_type(const json::value& value) {
  constexpr std::array<std::string_view, 7> kTypes = {"null",   "boolean", "integer", "number",
                                                      "string", "array",   "object"};
  if (!value.is_string()) return false;
  const std::string_view name(value.get_string().data(), value.get_string().size());
  return std::find(kTypes.begin(), kTypes.end(), name) != kTypes.end();
}

bool is_list_of(const json::value& value, bool (*holds)(const json::value&)) {
  return value.is_array() && std::all_of(value.get_array().begin(), value.get_array().end(), holds);
}

bool is_count(const json::value& value) {
  return (value.is_int64() && value.get_int64() >= 0) || value.is_uint64() ||
         (value.is_double() && value.get_double() >= 0 && std::trunc(value.get_double()) == value.get_double());
}

// What the value of a keyword should have been, or empty.
std::string_view wrong_value(Kind kind, const json::value& value) {
  switch (kind) {
    case Kind::kSchema:
      return value.is_object() || value.is_bool() ? "" : "a schema";
    case Kind::kSchemas:
      return value.is_array() && !value.get_array().empty() ? "" : "a list of schemas, not empty";
    case Kind::kNamedSchemas:
      return value.is_object() ? "" : "an object of schemas";
    case Kind::kCount:
      return is_count(value) ? "" : "a whole number from 0";
    case Kind::kNumber:
      return value.is_number() ? "" : "a number";
    case Kind::kPositive:
      return value.is_number() && value.to_number<double>() > 0 ? "" : "a number above 0";
    case Kind::kFlag:
      return value.is_bool() ? "" : "true or false";
    case Kind::kText:
    case Kind::kPattern:
    case Kind::kReference:
      return value.is_string() ? "" : "a string";
    case Kind::kTexts:
      return is_list_of(value, [](const json::value& v) { return v.is_string(); }) ? "" : "a list of strings";
    case Kind::kType:
      return is_type(value) ||
                     (is_list_of(value, is_type) && !value.get_array().empty() && value.get_array().size() <= 7)
                 ? ""
                 : "a type or types";
    case Kind::kValues:
      return value.is_array() && !value.get_array().empty() ? "" : "a list, not empty";
    case Kind::kNote:
    case Kind::kValue:
    case Kind::kUnsupported:
      return "";
  }
  return "";
}

std::string escaped(std::string_view name) {  // RFC 6901, 3
  std::string out;
  for (const char c : name) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

std::string shortened(std::string_view text) {  // For messages.
  constexpr std::size_t kShown = 200;
  return text.size() <= kShown ? std::string(text) : std::string(text.substr(0, kShown)) + "...";
}

std::string_view view(const json::string& text) { return {text.data(), text.size()}; }

// Bytes of the value as compact text, about, until there are more than `most`.
std::size_t size_of(const json::value& value, std::size_t most, std::size_t depth) {
  if (depth == 0) return most + 1;
  std::size_t bytes = 4;
  if (value.is_string()) bytes += value.get_string().size();
  if (const json::array* items = value.if_array()) {
    for (const json::value& item : *items) {
      if (bytes > most) break;
      bytes += size_of(item, most - bytes, depth - 1) + 1;
    }
  }
  if (const json::object* members = value.if_object()) {
    for (const auto& member : *members) {
      if (bytes > most) break;
      bytes += member.key().size() + 4;
      if (bytes <= most) bytes += size_of(member.value(), most - bytes, depth - 1);
    }
  }
  return bytes;
}

}  // namespace

class SchemaCheck {
 public:
  SchemaCheck(Schema& schema, const Limits& limits, std::size_t& steps)
      : schema_(schema), limits_(limits), steps_(steps) {}

  Result<> run() {
    constexpr std::size_t kDeepestValue = 512;
    if (size_of(schema_.root_, limits_.schema_bytes, kDeepestValue) > limits_.schema_bytes) {
      return Error{Code::kResourceExhausted,
                   "the schema is larger than " + std::to_string(limits_.schema_bytes) + " bytes or nested too deep",
                   "Send a smaller schema."};
    }
    place_ = "#";
    DM_TRY(check(schema_.root_, 0));
    // A reference may lead to a place that is none for schemas; what stands there is then one.
    for (std::size_t i = 0; i < references_.size(); ++i) {
      const auto [reference, at] = references_[i];  // A copy: the list grows.
      const json::value* target = find(reference);
      if (target == nullptr) {
        return Error{
            Code::kInvalidArgument,
            "the schema's $ref at " + at + " leads to " + json_quoted(shortened(reference)) + ", which is not there",
            "References lead into the same schema, \"#/$defs/name\" for example."};
      }
      schema_.targets_.emplace(reference, target);
      place_ = reference;
      if (!checked_.contains(target)) DM_TRY(check(*target, 0));
    }
    return {};
  }

 private:
  Error wrong(std::string_view name, const std::string& why) const {
    return {Code::kInvalidArgument, "the schema's " + std::string(name) + " at " + shortened(place_) + " " + why,
            "docs/formats/schema.md lists the supported keywords."};
  }

  static Error too_many() {
    return {Code::kResourceExhausted, "the schema has too many parts", "Send a smaller schema."};
  }

  Result<> check(const json::value& schema, std::size_t depth) {
    if (depth > limits_.depth) {
      return Error{Code::kResourceExhausted,
                   "the schema is nested deeper than " + std::to_string(limits_.depth) + " at " + shortened(place_),
                   "Move inner schemas to $defs."};
    }
    if (steps_ == 0) return too_many();
    --steps_;
    checked_.insert(&schema);
    if (schema.is_bool()) return {};
    if (!schema.is_object()) {
      return Error{Code::kInvalidArgument,
                   "the schema at " + shortened(place_) + " is neither an object nor true or false"};
    }
    for (const auto& member : schema.get_object()) {
      DM_TRY(check_keyword({member.key().data(), member.key().size()}, member.value(), depth));
    }
    return {};
  }

  Result<> check_keyword(std::string_view name, const json::value& value, std::size_t depth) {
    const Kind kind = kind_of(name);
    if (kind == Kind::kUnsupported) return wrong(json_quoted(shortened(name)), "is not supported");
    if (const std::string_view should = wrong_value(kind, value); !should.empty()) {
      return wrong(json_quoted(name), "must be " + std::string(should));
    }
    switch (kind) {
      case Kind::kSchema:
        return inside(name, value, depth);
      case Kind::kSchemas:
        for (std::size_t i = 0; i < value.get_array().size(); ++i) {
          DM_TRY(inside(std::string(name) + "/" + std::to_string(i), value.get_array()[i], depth));
        }
        return {};
      case Kind::kNamedSchemas:
        for (const auto& member : value.get_object()) {
          const std::string_view key(member.key().data(), member.key().size());
          DM_TRY(inside(std::string(name) + "/" + escaped(key), member.value(), depth));
        }
        return {};
      case Kind::kPattern:
        return remember_pattern(view(value.get_string()));
      case Kind::kText:
        if (const std::string_view text = format_pattern(view(value.get_string())); !text.empty()) {
          return remember_pattern(text);
        }
        return {};
      case Kind::kReference:
        if (known_.emplace(view(value.get_string())).second) {
          references_.emplace_back(view(value.get_string()), shortened(place_));
        }
        return {};
      default:
        return {};
    }
  }

  Result<> inside(std::string_view part, const json::value& schema, std::size_t depth) {
    const std::size_t size = place_.size();
    place_ += '/';
    place_ += part;
    DM_TRY(check(schema, depth + 1));
    place_.resize(size);
    return {};
  }

  Result<> remember_pattern(std::string_view text) {
    if (schema_.patterns_.contains(text)) return {};
    Pattern pattern = DM_TRY(Pattern::parse(text).with("the schema at " + shortened(place_)));
    constexpr std::size_t kStepsPerState = 8;
    if (steps_ < pattern.states().size() * kStepsPerState) return too_many();
    steps_ -= pattern.states().size() * kStepsPerState;
    schema_.patterns_.emplace(text, std::move(pattern));
    return {};
  }

  const json::value* find(std::string_view reference) const {
    if (!reference.starts_with('#')) return nullptr;
    const json::value* here = &schema_.root_;
    reference.remove_prefix(1);
    while (!reference.empty()) {
      if (reference.front() != '/') return nullptr;
      reference.remove_prefix(1);
      const std::string_view part = reference.substr(0, reference.find('/'));
      reference.remove_prefix(part.size());
      std::string name;
      for (std::size_t i = 0; i < part.size(); ++i) {
        const bool escape = part[i] == '~' && i + 1 < part.size() && (part[i + 1] == '0' || part[i + 1] == '1');
        name += !escape ? part[i] : part[++i] == '0' ? '~' : '/';
      }
      if (const json::object* object = here->if_object()) {
        here = object->if_contains(name);
      } else if (const json::array* array = here->if_array()) {
        const bool digits = !name.empty() && name.size() < 8 && name.find_first_not_of("0123456789") == name.npos;
        here = digits ? array->if_contains(std::stoul(name)) : nullptr;
      } else {
        here = nullptr;
      }
      if (here == nullptr) return nullptr;
    }
    return here;
  }

  Schema& schema_;
  const Limits& limits_;
  std::size_t& steps_;
  std::string place_;
  std::unordered_set<const json::value*> checked_;
  std::unordered_set<std::string_view> known_;                   // References, once each
  std::vector<std::pair<std::string, std::string>> references_;  // and where they were first.
};

Result<std::shared_ptr<const Schema>> Schema::open(json::value root, const Limits& limits, std::size_t& steps) {
  std::shared_ptr<Schema> schema(new Schema(std::move(root)));
  DM_TRY(SchemaCheck(*schema, limits, steps).run());
  return std::shared_ptr<const Schema>(std::move(schema));
}

const json::value* keyword(const json::value& schema, std::string_view name) {
  const json::object* object = schema.if_object();
  return object == nullptr ? nullptr : object->if_contains(name);
}

bool says_something(const json::value& schema) {
  if (schema.is_bool()) return !schema.get_bool();
  constexpr std::array<std::string_view, 6> kOthers = {"$ref", "allOf", "anyOf", "oneOf", "$defs", "definitions"};
  return std::any_of(schema.get_object().begin(), schema.get_object().end(), [&](const auto& member) {
    const std::string_view name(member.key().data(), member.key().size());
    return kind_of(name) != Kind::kNote && std::find(kOthers.begin(), kOthers.end(), name) == kOthers.end();
  });
}

std::string_view format_pattern(std::string_view format) {
  if (format == "date") return "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$";
  if (format == "time") {
    return "^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$";
  }
  if (format == "date-time") {
    return "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
           "(\\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$";
  }
  if (format == "uuid") return "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$";
  if (format == "ipv4") {
    return "^((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\\.){3}(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])$";
  }
  return {};
}

}  // namespace docmind::grammar
