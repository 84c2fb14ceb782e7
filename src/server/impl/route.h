// A line of the table of routes.
#pragma once
#include <optional>
#include <string_view>

#include "access/scope.h"
#include "server/routes.h"

namespace docmind::server {

// Of a route that whoever reaches the server may use, without a key.
inline constexpr std::nullopt_t kOpen = std::nullopt;

struct Routes::Route {
  std::string_view method;
  std::string_view pattern;  // With {id} and {page} for a segment each.
  std::optional<access::Scope> scope;
  Reply (Routes::*run)(const Call&);
};

}  // namespace docmind::server
