#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <limits>

#include "graph/graph.h"

namespace docmind::graph {
namespace {

const Value kNull;
const Array kNothing;

Channel channel(std::string name, Reducer reducer, Type type) {
  return {.name = std::move(name), .reducer = reducer, .type = type};
}

}  // namespace

Channel last(std::string name, Type type) { return channel(std::move(name), Reducer::kLast, type); }
Channel any(std::string name, Type type) { return channel(std::move(name), Reducer::kAny, type); }
Channel append(std::string name) { return channel(std::move(name), Reducer::kAppend, Type::kList); }
Channel messages(std::string name) { return channel(std::move(name), Reducer::kMessages, Type::kList); }
Channel ephemeral(std::string name, Type type) { return channel(std::move(name), Reducer::kEphemeral, type); }

Channel fold(std::string name, Fold how, Value initial, Type type) {
  Channel made = channel(std::move(name), Reducer::kFold, type);
  made.fold = std::move(how);
  made.initial = std::move(initial);
  return made;
}

Value remove_message(std::string_view id) { return Object{{"type", "remove"}, {"id", id}}; }
Value remove_all_messages() { return Object{{"type", "remove_all"}}; }

const Value& State::operator[](std::string_view name) const {
  if (over_ != nullptr) {
    if (const Value* found = over_->if_contains(name)) return *found;
  }
  const Value* found = values_.if_contains(name);
  return found != nullptr ? *found : kNull;
}

bool State::has(std::string_view name) const { return !(*this)[name].is_null(); }

std::int64_t State::integer(std::string_view name) const {
  const Value& value = (*this)[name];
  if (value.is_int64()) return value.get_int64();
  // A number that was unsigned where it was written is an integer all the same.
  const bool fits = value.is_uint64() && value.get_uint64() <= std::numeric_limits<std::int64_t>::max();
  return fits ? static_cast<std::int64_t>(value.get_uint64()) : 0;
}

double State::number(std::string_view name) const {
  const Value& value = (*this)[name];
  if (value.is_double()) return value.get_double();
  if (value.is_uint64()) return static_cast<double>(value.get_uint64());
  return static_cast<double>(integer(name));
}

std::string_view State::text(std::string_view name) const {
  const Value& value = (*this)[name];
  return value.is_string() ? std::string_view(value.get_string()) : std::string_view();
}

const Array& State::list(std::string_view name) const {
  const Value& value = (*this)[name];
  return value.is_array() ? value.get_array() : kNothing;
}

Object State::all() const {
  Object out = values_;
  if (over_ == nullptr) return out;
  for (const auto& [key, value] : *over_) out[key] = value;
  return out;
}

Update& Update::set(std::string channel, Value value, Mode mode) {
  writes_.push_back({std::move(channel), std::move(value), mode});
  return *this;
}

}  // namespace docmind::graph
