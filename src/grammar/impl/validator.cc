#include "grammar/impl/validator.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/json.h"

namespace docmind::grammar {
namespace {

namespace json = boost::json;

constexpr std::size_t kDeepest = 1000;

bool is_whole(const json::value& value) {
  return value.is_int64() || value.is_uint64() ||
         (value.is_double() && std::trunc(value.get_double()) == value.get_double());
}

bool is_named_type(const json::value& value, std::string_view type) {
  switch (value.kind()) {
    case json::kind::null:
      return type == "null";
    case json::kind::bool_:
      return type == "boolean";
    case json::kind::string:
      return type == "string";
    case json::kind::array:
      return type == "array";
    case json::kind::object:
      return type == "object";
    default:
      return type == "number" || (type == "integer" && is_whole(value));
  }
}

std::string_view view(const json::value& text) { return {text.get_string().data(), text.get_string().size()}; }

// -1, 0, 1; exact where both are whole.
int compare(const json::value& a, const json::value& b) {
  if (!a.is_double() && !b.is_double()) {
    const auto wide = [](const json::value& v) {
      return v.is_int64() ? static_cast<__int128>(v.get_int64()) : static_cast<__int128>(v.get_uint64());
    };
    return wide(a) < wide(b) ? -1 : wide(a) > wide(b) ? 1 : 0;
  }
  const double x = a.to_number<double>();
  const double y = b.to_number<double>();
  return x < y ? -1 : x > y ? 1 : 0;
}

bool is_multiple(const json::value& number, const json::value& of) {
  if (number.is_int64() && of.is_int64()) return number.get_int64() % of.get_int64() == 0;
  const double times = number.to_number<double>() / of.to_number<double>();
  return std::isfinite(times) && std::abs(times - std::round(times)) <= 1e-9 * std::max(1.0, std::abs(times));
}

double characters(std::string_view text) {
  return static_cast<double>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

bool is_calendar_day(std::string_view text) {  // Of the shape the pattern has checked.
  const int year = std::stoi(std::string(text.substr(0, 4)));
  const int month = std::stoi(std::string(text.substr(5, 2)));
  const int day = std::stoi(std::string(text.substr(8, 2)));
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return day <= kDays.at(static_cast<std::size_t>(month - 1)) + (month == 2 && leap ? 1 : 0);
}

std::string escaped(std::string_view name) {
  std::string out;
  for (const char c : name) out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return out;
}

}  // namespace

bool same(const json::value& a, const json::value& b, std::size_t& steps) {
  constexpr std::size_t kBytesPerStep = 64;
  steps -= std::min(steps, 1 + (a.is_string() ? a.get_string().size() / kBytesPerStep : 0));
  if (steps == 0) return false;
  if (a.is_number() && b.is_number()) return compare(a, b) == 0;
  if (a.kind() != b.kind()) return false;
  if (const json::array* items = a.if_array()) {
    const json::array& others = b.get_array();
    return std::equal(items->begin(), items->end(), others.begin(), others.end(),
                      [&](const json::value& x, const json::value& y) { return same(x, y, steps); });
  }
  if (const json::object* members = a.if_object()) {
    const json::object& others = b.get_object();
    return members->size() == others.size() && std::all_of(members->begin(), members->end(), [&](const auto& member) {
             const json::value* other = others.if_contains(member.key());
             return other != nullptr && same(member.value(), *other, steps);
           });
  }
  return a == b;
}

Result<> Validator::check(const json::value& value, std::string under) {
  place_ = std::move(under);
  if (valid(schema_.root(), value)) return {};
  return Error{Code::kInvalidArgument, "the text does not satisfy the schema at \"" + wrong_place_ + "\": " + why_};
}

bool Validator::holds(const json::value& schema, const json::value& value, const json::value* known) {
  place_.clear();
  known_ = known;
  return valid(schema, value);
}

bool Validator::fail(std::string why) {
  wrong_place_ = place_;
  why_ = std::move(why);
  return false;
}

bool Validator::inside(std::string part, const Value& schema, const Value& value) {
  const std::size_t size = place_.size();
  place_ += '/';
  place_ += part;
  const bool ok = valid(schema, value);
  place_.resize(size);
  return ok;
}

bool Validator::valid(const Value& schema, const Value& value) {
  if (steps_ == 0 || depth_ >= kDeepest) {
    steps_ = 0;
    return fail("it takes too long to decide");
  }
  --steps_;
  if (schema.is_bool()) return schema.get_bool() || fail("nothing is allowed here");
  if (value.is_null()) {
    const Value* nullable = keyword(schema, "nullable");
    if (nullable != nullptr && nullable->get_bool()) return true;
  }
  ++depth_;
  bool ok = valid_type(schema, value);
  if (ok && value.is_string()) ok = valid_text(schema, value.get_string());
  if (ok && value.is_number()) ok = valid_number(schema, value);
  if (ok && value.is_array()) ok = valid_array(schema, value.get_array());
  if (ok && value.is_object()) ok = valid_object(schema, value.get_object());
  ok = ok && valid_choices(schema, value);
  --depth_;
  return ok;
}

bool Validator::valid_type(const Value& schema, const Value& value) {
  if (const Value* type = keyword(schema, "type")) {
    const bool ok = type->is_string() ? is_named_type(value, view(*type))
                                      : std::any_of(type->get_array().begin(), type->get_array().end(),
                                                    [&](const Value& t) { return is_named_type(value, view(t)); });
    if (!ok) return fail("it must be of type " + to_text(*type));
  }
  if (const Value* only = keyword(schema, "const"); only != nullptr && !same(*only, value, steps_)) {
    return fail("it must be the const of the schema");
  }
  if (const Value* values = keyword(schema, "enum"); values != nullptr && values != known_) {
    const json::array& list = values->get_array();
    if (std::none_of(list.begin(), list.end(), [&](const Value& v) { return same(v, value, steps_); })) {
      return fail("it is none of the enum's values");
    }
  }
  return true;
}

bool Validator::valid_text(const Value& schema, const json::string& text) {
  const std::string_view here(text.data(), text.size());
  constexpr std::size_t kBytesPerStep = 64;
  steps_ -= std::min(steps_, here.size() / kBytesPerStep);
  if (const Value* least = keyword(schema, "minLength")) {
    if (characters(here) < least->to_number<double>()) return fail("it is shorter than minLength " + to_text(*least));
  }
  if (const Value* most = keyword(schema, "maxLength")) {
    if (characters(here) > most->to_number<double>()) return fail("it is longer than maxLength " + to_text(*most));
  }
  if (const Value* pattern = keyword(schema, "pattern")) {
    if (!schema_.pattern(view(*pattern)).matches(here, steps_)) return fail("it does not match the pattern");
  }
  if (const Value* format = keyword(schema, "format")) {
    const std::string_view shape = format_pattern(view(*format));
    if (shape.empty()) return true;
    if (!schema_.pattern(shape).matches(here, steps_) ||
        (view(*format).starts_with("date") && !is_calendar_day(here))) {
      return fail("it is no " + std::string(view(*format)));
    }
  }
  return true;
}

bool Validator::valid_number(const Value& schema, const Value& number) {
  const auto off = [&](const char* name, const auto& wrong) {
    const Value* bound = keyword(schema, name);
    return bound != nullptr && wrong(compare(number, *bound)) ? bound : nullptr;
  };
  if (off("minimum", [](int c) { return c < 0; }) != nullptr) return fail("it is below the minimum");
  if (off("maximum", [](int c) { return c > 0; }) != nullptr) return fail("it is above the maximum");
  if (off("exclusiveMinimum", [](int c) { return c <= 0; }) != nullptr) return fail("it is not above exclusiveMinimum");
  if (off("exclusiveMaximum", [](int c) { return c >= 0; }) != nullptr) return fail("it is not below exclusiveMaximum");
  const Value* of = keyword(schema, "multipleOf");
  if (of != nullptr && !is_multiple(number, *of)) return fail("it is no multiple of " + to_text(*of));
  return true;
}

bool Validator::unique(const json::array& items) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      if (steps_ == 0) return fail("it takes too long to decide");
      if (same(items[i], items[k], steps_)) return fail("its items are not unique");
    }
  }
  return true;
}

bool Validator::valid_array(const Value& schema, const json::array& items) {
  if (const Value* least = keyword(schema, "minItems");
      least && static_cast<double>(items.size()) < least->to_number<double>()) {
    return fail("it has fewer items than minItems " + to_text(*least));
  }
  if (const Value* most = keyword(schema, "maxItems");
      most && static_cast<double>(items.size()) > most->to_number<double>()) {
    return fail("it has more items than maxItems " + to_text(*most));
  }
  if (const Value* flag = keyword(schema, "uniqueItems"); flag && flag->get_bool() && !unique(items)) return false;
  const Value* first = keyword(schema, "prefixItems");
  const Value* rest = keyword(schema, "items");
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Value* item = first != nullptr && i < first->get_array().size() ? &first->get_array()[i] : rest;
    if (item != nullptr && !inside(std::to_string(i), *item, items[i])) return false;
  }
  return true;
}

bool Validator::valid_object(const Value& schema, const json::object& members) {
  if (const Value* required = keyword(schema, "required")) {
    for (const Value& name : required->get_array()) {
      if (!members.contains(view(name))) return fail("it lacks " + json_quoted(view(name)));
    }
  }
  if (const Value* least = keyword(schema, "minProperties");
      least && static_cast<double>(members.size()) < least->to_number<double>()) {
    return fail("it has fewer members than minProperties " + to_text(*least));
  }
  if (const Value* most = keyword(schema, "maxProperties");
      most && static_cast<double>(members.size()) > most->to_number<double>()) {
    return fail("it has more members than maxProperties " + to_text(*most));
  }
  const Value* declared = keyword(schema, "properties");
  const Value* free = keyword(schema, "additionalProperties");
  for (const auto& member : members) {
    const Value* known = declared == nullptr ? nullptr : declared->get_object().if_contains(member.key());
    const Value* must = known != nullptr ? known : free;
    if (must == nullptr) continue;
    if (!inside(escaped({member.key().data(), member.key().size()}), *must, member.value())) return false;
  }
  return true;
}

bool Validator::valid_choices(const Value& schema, const Value& value) {
  if (const Value* reference = keyword(schema, "$ref")) {
    if (!valid(schema_.target(view(*reference)), value)) return false;
  }
  if (const Value* all = keyword(schema, "allOf")) {
    for (const Value& one : all->get_array()) {
      if (!valid(one, value)) return false;
    }
  }
  for (const char* name : {"anyOf", "oneOf"}) {
    const Value* some = keyword(schema, name);
    if (some == nullptr) continue;
    const bool only = *name == 'o';
    std::size_t held = 0;
    for (const Value& one : some->get_array()) {
      held += valid(one, value) ? 1 : 0;
      if (held > (only ? 1U : 0U)) break;
    }
    if (steps_ == 0) return fail("it takes too long to decide");
    if (held != 1) return fail(held == 0 ? std::string("it fits none of ") + name : "it fits more than one of oneOf");
  }
  return true;
}

}  // namespace docmind::grammar
