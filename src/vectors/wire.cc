#include "vectors/wire.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <iterator>
#include <map>
#include <utility>

#include "base/json.h"

namespace docmind::vectors {
namespace {

namespace json = boost::json;

Error nonsense(std::string_view what) {
  return {Code::kDataLoss, fmt::format("the store of vectors answered with {}", what)};
}

template <typename Items, typename Append>
std::string array_of(const Items& items, Append append) {
  std::string out = "[";
  for (const auto& item : items) {
    if (out.size() > 1) out += ',';
    append(out, item);
  }
  return out += ']';
}

Result<std::int64_t> integer_in(const json::value& value) {
  json::error_code failed;
  const auto number = value.to_number<std::int64_t>(failed);
  if (failed || value.is_double()) return nonsense("a number that is none");
  return number;
}

Result<std::string> text_in(const json::value& value) {
  if (!value.is_string()) return nonsense("a text that is none");
  return std::string(value.get_string());
}

Result<Value> value_in(const json::value& value, FieldKind kind) {
  if (kind == FieldKind::kInteger) return Value(DM_TRY(integer_in(value)));
  if (kind == FieldKind::kText) return Value(DM_TRY(text_in(value)));
  if (!value.is_array()) return nonsense("a list that is none");
  Texts texts;
  for (const json::value& one : value.get_array()) texts.push_back(DM_TRY(text_in(one)));
  return Value(std::move(texts));
}

}  // namespace

std::string json_of(std::span<const float> vector) {
  return array_of(vector, [](std::string& out, float x) { fmt::format_to(std::back_inserter(out), "{}", x); });
}

std::string json_of(std::span<const std::int64_t> numbers) {
  return array_of(numbers, [](std::string& out, std::int64_t x) { fmt::format_to(std::back_inserter(out), "{}", x); });
}

std::string json_of(std::span<const std::string> texts) {
  return array_of(texts, [](std::string& out, const std::string& x) { out += json_quoted(x); });
}

std::string json_of(const Value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* text = std::get_if<std::string>(&value)) return json_quoted(*text);
  return json_of(std::span<const std::string>(*std::get_if<Texts>(&value)));
}

std::string json_of(const Condition& condition) {
  return std::visit([](const auto& values) { return json_of(std::span(values)); }, condition.any_of);
}

Result<std::int64_t> id_in(const json::value& value) {
  const std::int64_t id = DM_TRY(integer_in(value));
  if (id < 0) return nonsense("an id that is none");
  return id;
}

Result<Payload> payload_in(const json::value& value, const Collection& collection) {
  Payload out;
  if (value.is_null()) return out;
  if (!value.is_object()) return nonsense("a payload that is none");
  for (const auto& [name, of_field] : value.get_object()) {
    const Field* field = field_of(collection, name);
    if (field == nullptr || of_field.is_null()) continue;
    out.emplace(name, DM_TRY(value_in(of_field, field->kind)));
  }
  return out;
}

Result<std::vector<Count>> counts_in(std::vector<std::pair<json::value, std::uint64_t>> found, FieldKind kind) {
  std::map<std::variant<std::int64_t, std::string>, std::uint64_t> by_value;
  for (const auto& [value, points] : found) {
    if (kind == FieldKind::kInteger) {
      by_value[DM_TRY(integer_in(value))] += points;
    } else {
      by_value[DM_TRY(text_in(value))] += points;
    }
  }
  std::vector<Count> out;
  for (const auto& [value, points] : by_value) out.push_back({value, points});
  return out;
}

void put_in_order(std::vector<Nearest>& found, std::size_t k) {
  std::ranges::sort(found, [](const Nearest& a, const Nearest& b) {
    return a.cosine != b.cosine ? a.cosine > b.cosine : a.id < b.id;
  });
  if (found.size() > k) found.resize(k);
}

std::vector<const Point*> without_repeats(std::span<const Point> points) {
  std::map<std::int64_t, const Point*> by_id;
  for (const Point& one : points) by_id[one.id] = &one;
  std::vector<const Point*> out;
  for (const auto& [id, point] : by_id) out.push_back(point);
  return out;
}

Error Patience::told(Error error, std::string_view where) const {
  if (error.code == Code::kDeadlineExceeded && !caller_.expired()) error.code = Code::kUnavailable;
  error.message = fmt::format("{}: {}", where, error.message);
  if (error.hint.empty() && error.code == Code::kUnavailable) {
    error.hint = "Start it, or look at vectors.url; meanwhile this machine's own vectors are used.";
  }
  return error;
}

}  // namespace docmind::vectors
