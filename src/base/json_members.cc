#include "base/json_members.h"

#include <algorithm>

namespace docmind {
namespace {

namespace json = boost::json;

const json::value kNull;
const json::array kNoItems;
const json::object kNoMembers;

}  // namespace

const json::value& json_member(const json::object& whole, std::string_view key) {
  const json::value* found = whole.if_contains(key);
  return found != nullptr ? *found : kNull;
}

const json::value& json_member(const json::value& whole, std::string_view key) {
  return json_member(json_object(whole), key);
}

std::string_view json_text(const json::value& value) {
  return value.is_string() ? std::string_view(value.get_string()) : std::string_view();
}

std::uint64_t json_count(const json::value& value) {
  if (value.is_uint64()) return value.get_uint64();
  return value.is_int64() && value.get_int64() > 0 ? static_cast<std::uint64_t>(value.get_int64()) : 0;
}

std::uint32_t json_small(const json::value& value) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(json_count(value), UINT32_MAX));
}

bool json_flag(const json::value& value) { return value.is_bool() && value.get_bool(); }

const json::array& json_list(const json::value& value) { return value.is_array() ? value.get_array() : kNoItems; }

const json::object& json_object(const json::value& value) {
  return value.is_object() ? value.get_object() : kNoMembers;
}

}  // namespace docmind
