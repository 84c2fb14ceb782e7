// A line of the table of routes: where it lies, who may use it, what it takes and what it answers.
#pragma once
#include <optional>
#include <string_view>
#include <vector>

#include "access/scope.h"
#include "server/routes.h"
#include "server/shape.h"

namespace docmind::server {

// Of a route that whoever reaches the server may use, without a key.
inline constexpr std::nullopt_t kOpen = std::nullopt;

// What goes over the wire. Query and body are checked by it before the route is asked (a body that may be any object is
// left to the route), and all of it stands in the OpenAPI document.
struct Wire {
  Shape query = "{}";
  std::optional<Shape> body{};        // As JSON; nothing: none is looked at.
  bool upload = false;                // The body is multipart/form-data with files.
  std::optional<Shape> reply{};       // As JSON.
  std::string_view other_reply = "";  // Other media types that it may answer with, with a space in between.
  int status = 200;                   // Of its answer,
  std::vector<int> also{};            // and others that it has, besides those of all routes.
};

struct Routes::Route {
  std::string_view method;
  std::string_view pattern;  // With {id} and {page} for a segment each.
  std::optional<access::Scope> scope;
  Reply (Routes::*run)(const Call&);
  std::string_view about{};  // One line.
  Wire wire{};
};

}  // namespace docmind::server
