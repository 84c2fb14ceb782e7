#include "server/shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>

#include "base/check.h"
#include "server/impl/declared_shapes.h"
#include "server/json_read.h"

namespace docmind::server {
namespace {

namespace json = boost::json;
using Kind = Shape::Kind;

constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

using Declared = std::vector<std::pair<std::string, Shape>>;

const Shape* declared(std::string_view name, const Declared& all) {
  const auto found = std::ranges::find(all, name, &std::pair<std::string, Shape>::first);
  return found == all.end() ? nullptr : &found->second;
}

// Reads the notation from its front. `known`: those whose fields can be taken over; null: all that are declared.
class Notation {
 public:
  explicit Notation(std::string_view text, const Declared* known = nullptr) : rest_(text), known_(known) {}

  Shape whole() {
    Shape out = choice();
    DM_CHECK(next() == '\0');
    return out;
  }

 private:
  char next() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\n')) rest_.remove_prefix(1);
    return rest_.empty() ? '\0' : rest_.front();
  }
  bool take(std::string_view token) {
    next();
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }
  std::string name() {
    next();
    const auto end = std::ranges::find_if_not(rest_, is_name);
    std::string out(rest_.begin(), end);
    DM_CHECK(!out.empty());
    rest_.remove_prefix(out.size());
    return out;
  }
  std::int64_t number(std::int64_t otherwise) {
    next();
    std::int64_t out = otherwise;
    const auto read = std::from_chars(rest_.data(), rest_.data() + rest_.size(), out);
    rest_.remove_prefix(read.ptr - rest_.data());
    return out;
  }
  void range(Shape& of) {
    if (next() != '-' && (next() < '0' || next() > '9')) return;
    of.least = number(kLeast);
    DM_CHECK(take(".."));
    of.most = number(kMost);
  }

  Shape choice() {
    Shape first = one();
    if (next() != '|') return first;
    Shape out;
    out.kind = Kind::kOneOf;
    out.parts.push_back(std::move(first));
    while (take("|")) out.parts.push_back(one());
    return out;
  }

  Shape one() {
    Shape out;
    if (take("{")) {
      object(out);
    } else if (take("[")) {
      out.kind = Kind::kList;
      out.least = 0;
      out.parts.push_back(choice());
      DM_CHECK(take("]"));
      range(out);
    } else if (take("\"")) {
      out.kind = Kind::kWord;
      out.word = rest_.substr(0, rest_.find('"'));
      rest_.remove_prefix(out.word.size() + 1);
    } else {
      simple(out, name());
    }
    return out;
  }

  void simple(Shape& out, std::string word) {
    constexpr std::array kSimple = {
        std::pair{std::string_view("any"), Kind::kAny},     std::pair{std::string_view("null"), Kind::kNull},
        std::pair{std::string_view("flag"), Kind::kFlag},   std::pair{std::string_view("number"), Kind::kNumber},
        std::pair{std::string_view("whole"), Kind::kWhole}, std::pair{std::string_view("text"), Kind::kText}};
    const auto found = std::ranges::find(kSimple, word, &std::pair<std::string_view, Kind>::first);
    out.kind = found == kSimple.end() ? Kind::kNamed : found->second;
    if (out.kind == Kind::kText) out.least = 0;
    if (out.kind == Kind::kNamed) out.word = std::move(word);
    if (out.kind == Kind::kWhole || out.kind == Kind::kText) range(out);
  }

  void object(Shape& out) {
    out.kind = Kind::kObject;
    while (!take("}")) {
      member(out);
      if (!take(",")) DM_CHECK(next() == '}');
    }
  }

  void member(Shape& out) {
    if (take("...")) {
      const Shape* from = declared(name(), known_ == nullptr ? declared_shapes() : *known_);
      DM_CHECK(from != nullptr);
      out.fields.insert(out.fields.end(), from->fields.begin(), from->fields.end());
      return;
    }
    if (take("*")) {
      DM_CHECK(take(":"));
      out.parts.push_back(choice());
      return;
    }
    std::string called = name();
    const bool needed = !take("?");
    DM_CHECK(take(":"));
    Shape field = choice();
    field.name = std::move(called);
    field.needed = needed;
    out.fields.push_back(std::move(field));
  }

  std::string_view rest_;
  const Declared* known_;
};

Error bad(std::string message) { return {Code::kInvalidArgument, std::move(message), "See docs/api.md."}; }

std::int64_t code_points(std::string_view text) {
  return std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
}

bool is_whole(const json::value& value, const Shape& shape) {
  return value.is_int64() && value.get_int64() >= shape.least && value.get_int64() <= shape.most;
}

std::string bounds(const Shape& shape) {
  if (shape.most == kMost) return shape.least == kLeast ? "" : fmt::format(" from {}", shape.least);
  return fmt::format(" from {} to {}", shape.least, shape.most);
}

// What a value has to be: "a whole number from 1 to 1000".
std::string words_for(const Shape& shape) {
  switch (shape.kind) {
    case Kind::kNull:
      return "null";
    case Kind::kFlag:
      return "true or false";
    case Kind::kNumber:
      return "a number";
    case Kind::kWhole:
      return "a whole number" + bounds(shape);
    case Kind::kText:
      if (shape.most == kMost) return shape.least == 0 ? "a string" : "a string that is not empty";
      return fmt::format("a string of {} to {} characters", shape.least, shape.most);
    case Kind::kWord:
      return shape.word;
    case Kind::kList:
      if (shape.most == kMost) return "a list";
      return fmt::format("a list of {} to {} items", shape.least, shape.most);
    case Kind::kObject:
      return "an object";
    case Kind::kOneOf: {
      std::string out;
      for (const Shape& part : shape.parts) out += (out.empty() ? "" : " or ") + words_for(part.resolved());
      return out;
    }
    default:
      return "something else";
  }
}

std::string below(const std::string& where, std::string_view name) {
  return where.empty() ? std::string(name) : where + "." + std::string(name);
}

Result<> check_object(const json::object& object, const Shape& shape, const std::string& where) {
  for (const auto& [key, value] : object) {
    const Shape* field = shape.field(key);
    if (field == nullptr && shape.parts.empty())
      return bad(fmt::format("the field \"{}\" is not known", below(where, key)));
    DM_TRY(check(value, field == nullptr ? shape.parts.front() : *field, below(where, key)));
  }
  for (const Shape& field : shape.fields) {
    if (field.needed && !object.contains(field.name))
      return bad(fmt::format("\"{}\" is missing", below(where, field.name)));
  }
  return {};
}

// Whether the value is of the kind, and within its bounds; what it holds is not looked at.
bool fits(const json::value& value, const Shape& shape) {
  const auto within = [&](std::int64_t size) { return size >= shape.least && size <= shape.most; };
  switch (shape.kind) {
    case Kind::kNull:
      return value.is_null();
    case Kind::kFlag:
      return value.is_bool();
    case Kind::kNumber:
      return value.is_number();
    case Kind::kWhole:
      return is_whole(value, shape);
    case Kind::kText:
      return value.is_string() && within(code_points(value.get_string()));
    case Kind::kWord:
      return value.is_string() && value.get_string() == shape.word;
    case Kind::kList:
      return value.is_array() && within(static_cast<std::int64_t>(value.get_array().size()));
    case Kind::kObject:
      return value.is_object();
    default:
      return true;
  }
}

// A parameter's text as the value that its shape wants; text when it is none.
json::value value_of(const std::string& text, const Shape& shape) {
  if (shape.kind == Kind::kFlag && (text == "true" || text == "false")) return text == "true";
  if (shape.kind != Kind::kWhole) return json::value(text);
  const auto whole = read_whole(text, "", kLeast, kMost);
  return whole ? json::value(*whole) : json::value(text);
}

json::object bounded(json::object schema, const Shape& shape, const char* least, const char* most) {
  if (shape.least > (shape.kind == Kind::kWhole ? kLeast : 0)) schema[least] = shape.least;
  if (shape.most < kMost) schema[most] = shape.most;
  return schema;
}

json::object object_schema(const Shape& shape) {
  json::object properties;
  json::array required;
  for (const Shape& field : shape.fields) {
    properties[field.name] = schema_of(field);
    if (field.needed) required.emplace_back(field.name);
  }
  json::object out{{"type", "object"}};
  if (!properties.empty()) out["properties"] = std::move(properties);
  if (!required.empty()) out["required"] = std::move(required);
  out["additionalProperties"] = shape.parts.empty() ? json::value(false) : schema_of(shape.parts.front());
  return out;
}

// Words alone are an enumeration.
json::value choice_schema(const Shape& shape) {
  json::array words;
  json::array parts;
  for (const Shape& part : shape.parts) {
    if (part.kind == Kind::kWord) words.emplace_back(part.word);
    parts.push_back(schema_of(part));
  }
  if (words.size() == parts.size()) return json::object{{"type", "string"}, {"enum", std::move(words)}};
  return json::object{{"anyOf", std::move(parts)}};
}

}  // namespace

Shape::Shape(const char* notation) : Shape(parse(notation)) {}

Shape Shape::parse(std::string_view notation) { return Notation(notation).whole(); }

const std::vector<std::pair<std::string, Shape>>& declared_shapes() {
  static const Declared all = [] {
    Declared out;
    for (const auto& [name, notation] : kDeclaredShapes) out.emplace_back(name, Notation(notation, &out).whole());
    return out;
  }();
  return all;
}

const Shape* Shape::field(std::string_view called) const {
  const auto found = std::ranges::find(fields, called, &Shape::name);
  return found == fields.end() ? nullptr : &*found;
}

const Shape& Shape::resolved() const {
  if (kind != Kind::kNamed) return *this;
  const Shape* found = declared(word, declared_shapes());
  DM_CHECK(found != nullptr);
  return *found;
}

Result<> check(const json::value& value, const Shape& shape, const std::string& where) {
  if (shape.kind == Kind::kNamed) return check(value, shape.resolved(), where);
  const std::string what = where.empty() ? "the body" : "\"" + where + "\"";
  if (shape.kind == Kind::kOneOf) {
    Result<> inside;  // Of the part that it is by its kind.
    for (const Shape& part : shape.parts) {
      if (!fits(value, part.resolved())) continue;
      inside = check(value, part, where);
      if (inside) return {};
    }
    if (!inside) return inside;
    return bad(fmt::format("{} must be {}", what, words_for(shape)));
  }
  if (!fits(value, shape)) return bad(fmt::format("{} must be {}", what, words_for(shape)));
  if (shape.kind == Kind::kObject) return check_object(value.get_object(), shape, where);
  if (shape.kind != Kind::kList) return {};
  for (const json::value& item : value.get_array()) DM_TRY(check(item, shape.parts.front(), where));
  return {};
}

Result<> check(const net::Target& target, const Shape& declared_as) {
  const Shape& shape = declared_as.resolved();
  json::object given;
  for (const auto& [name, text] : target.query) {
    const Shape* field = shape.field(name);
    if (field == nullptr && shape.parts.empty()) return bad(fmt::format("the parameter \"{}\" is not known", name));
    if (field == nullptr) continue;
    if (field->kind == Kind::kList) {
      json::value& list = given[name];
      if (list.is_null()) list.emplace_array();
      list.get_array().push_back(value_of(text, field->parts.front()));
    } else if (!given.emplace(name, value_of(text, *field)).second) {
      return bad(fmt::format("the parameter \"{}\" is given more than once", name));
    }
  }
  return check(given, shape);
}

json::value schema_of(const Shape& shape) {
  switch (shape.kind) {
    case Kind::kAny:
      return json::object{};
    case Kind::kNull:
      return json::object{{"type", "null"}};
    case Kind::kFlag:
      return json::object{{"type", "boolean"}};
    case Kind::kNumber:
      return json::object{{"type", "number"}};
    case Kind::kWhole:
      return bounded({{"type", "integer"}}, shape, "minimum", "maximum");
    case Kind::kText:
      return bounded({{"type", "string"}}, shape, "minLength", "maxLength");
    case Kind::kWord:
      return json::object{{"const", shape.word}};
    case Kind::kNamed:
      return json::object{{"$ref", "#/components/schemas/" + shape.word}};
    case Kind::kList:
      return bounded({{"type", "array"}, {"items", schema_of(shape.parts.front())}}, shape, "minItems", "maxItems");
    case Kind::kObject:
      return object_schema(shape);
    case Kind::kOneOf:
      return choice_schema(shape);
  }
  return json::object{};
}

}  // namespace docmind::server
