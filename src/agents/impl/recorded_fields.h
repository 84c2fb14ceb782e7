// Members of a recording as it was written: what is missing or of another kind counts as nothing. Pure.
#pragma once
#include <boost/json/value.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/json_members.h"

namespace docmind::agents {

inline double number(const boost::json::value& value) { return value.is_number() ? value.to_number<double>() : 0; }
inline std::uint32_t small(const boost::json::value& whole, std::string_view key) {
  return json_small(json_member(whole, key));
}
inline std::string text(const boost::json::value& whole, std::string_view key) {
  return std::string(json_text(json_member(whole, key)));
}

}  // namespace docmind::agents
