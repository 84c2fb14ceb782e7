#include "vectors/store.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "base/utf8.h"

namespace docmind::vectors {
namespace {

constexpr std::size_t kMaxFields = 16;

Error refused(std::string message) { return {Code::kInvalidArgument, std::move(message)}; }

bool is_name(std::string_view name, std::size_t most) {
  const auto letter = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto other = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_'; };
  return !name.empty() && name.size() <= most && letter(name.front()) && std::ranges::all_of(name, other);
}

Result<> check_text(std::string_view text) {
  if (text.size() > kMaxTextBytes) return refused(fmt::format("a text is longer than {} bytes", kMaxTextBytes));
  if (!is_utf8(text) || text.find('\0') != std::string_view::npos) return refused("a text is no plain UTF-8");
  return {};
}

Result<> check_value(const Field& field, const Value& value) {
  if (value.index() != static_cast<std::size_t>(field.kind)) {
    return refused(fmt::format("the field {} has a value of another kind", field.name));
  }
  if (const auto* text = std::get_if<std::string>(&value)) return check_text(*text);
  if (const auto* texts = std::get_if<Texts>(&value)) {
    if (texts->size() > kMaxTexts) return refused(fmt::format("a list has more than {} texts", kMaxTexts));
    for (const std::string& text : *texts) DM_TRY(check_text(text));
  }
  return {};
}

Result<> check_size(std::uint32_t dimensions, std::size_t size) {
  if (size == 0 || size > kMaxDimensions) {
    return refused(fmt::format("a vector has 1 to {} dimensions, not {}", kMaxDimensions, size));
  }
  if (dimensions != 0 && size != dimensions) {
    return refused(fmt::format("a vector has {} dimensions where {} are kept", size, dimensions));
  }
  return {};
}

bool is_finite(Half half) { return (half & 0x7c00U) != 0x7c00U; }

Result<> check_point(const Collection& collection, std::uint32_t dimensions, const Point& point) {
  if (point.id < 0) return refused("the id of a point is negative");
  DM_TRY(check_size(dimensions, point.vector.size()));
  if (!std::ranges::all_of(point.vector, is_finite)) return refused("a vector has a number that is not finite");
  for (const auto& [name, value] : point.payload) {
    const Field* field = field_of(collection, name);
    if (field == nullptr) return refused(fmt::format("there is no field {}", name));
    DM_TRY(check_value(*field, value));
  }
  return {};
}

}  // namespace

const Field* field_of(const Collection& collection, std::string_view name) {
  const auto found = std::ranges::find(collection.fields, name, &Field::name);
  return found == collection.fields.end() ? nullptr : &*found;
}

bool meets_nothing(const Filter& filter) {
  const auto none = [](const Condition& one) {
    return std::visit([](const auto& values) { return values.empty(); }, one.any_of);
  };
  return (filter.ids && filter.ids->empty()) || std::ranges::any_of(filter.all, none);
}

Result<> check_dimensions(std::uint32_t dimensions) { return check_size(0, dimensions); }

Result<> check(const Collection& collection) {
  if (!is_name(collection.name, 40)) return refused("the name of a collection is small letters, digits and _");
  if (collection.fields.size() > kMaxFields) return refused(fmt::format("there are {} fields at most", kMaxFields));
  std::set<std::string_view> names{"id", "vector"};
  for (const Field& field : collection.fields) {
    if (!is_name(field.name, 31)) return refused("the name of a field is small letters, digits and _");
    if (!names.insert(field.name).second) return refused(fmt::format("the field {} is named twice", field.name));
  }
  return {};
}

Result<> check(const Collection& collection, std::uint32_t dimensions, std::span<const Point> points) {
  // Without an agreed size, all are of the first one's.
  if (dimensions == 0 && !points.empty()) dimensions = static_cast<std::uint32_t>(points.front().vector.size());
  for (const Point& point : points) DM_TRY(check_point(collection, dimensions, point));
  return {};
}

Result<> check(const Collection& collection, const Filter& filter) {
  for (const Condition& one : filter.all) {
    const Field* field = field_of(collection, one.field);
    if (field == nullptr) return refused(fmt::format("there is no field {}", one.field));
    const auto* texts = std::get_if<Texts>(&one.any_of);
    if ((texts == nullptr) != (field->kind == FieldKind::kInteger)) {
      return refused(fmt::format("the field {} is compared with values of another kind", one.field));
    }
    if (texts == nullptr) continue;
    for (const std::string& text : *texts) DM_TRY(check_text(text));
  }
  if (filter.ids && std::ranges::any_of(*filter.ids, [](std::int64_t id) { return id < 0; })) {
    return refused("the id of a point is negative");
  }
  return {};
}

Result<> check(const Collection& collection, std::uint32_t dimensions, const NearestQuery& query) {
  DM_TRY(check_size(dimensions, query.vector.size()));
  if (!std::ranges::all_of(query.vector, [](float x) { return std::isfinite(x); })) {
    return refused("a vector has a number that is not finite");
  }
  if (query.k > kMaxNearest) return refused(fmt::format("there are {} nearest at most", kMaxNearest));
  for (const std::string& name : query.payload) {
    if (field_of(collection, name) == nullptr) return refused(fmt::format("there is no field {}", name));
  }
  return check(collection, query.filter);
}

}  // namespace docmind::vectors
