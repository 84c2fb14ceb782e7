// Reading JSON that came from outside where what is missing or of another kind counts as nothing: no text, no items, 0.
// Where it has to be an error, look at the value itself.
//
// Pure functions; what they return lives as long as what they were given.
#pragma once
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <string_view>

namespace docmind {

// A member of an object; JSON's null when it is not there, or when the whole is no object.
const boost::json::value& json_member(const boost::json::object& whole, std::string_view key);
const boost::json::value& json_member(const boost::json::value& whole, std::string_view key);

std::string_view json_text(const boost::json::value& value);
std::uint64_t json_count(const boost::json::value& value);  // 0 for a negative or broken number, too.
std::uint32_t json_small(const boost::json::value& value);  // The count, at most UINT32_MAX.
bool json_flag(const boost::json::value& value);
const boost::json::array& json_list(const boost::json::value& value);
const boost::json::object& json_object(const boost::json::value& value);

}  // namespace docmind
