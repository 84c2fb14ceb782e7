// One request on its way through the routes.
#pragma once
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <stop_token>
#include <string>

#include "base/deadline.h"
#include "base/json.h"
#include "net/server.h"
#include "server/routes.h"

namespace docmind::server {

struct Routes::Call {
  const net::Request& request;
  net::ResponseWriter& out;
  std::string id;            // What stands for {id} in the route's template,
  std::string page;          // and for {page}.
  boost::json::object body;  // Where the route declares one: it fits.
  Deadline deadline;
  std::stop_token stop;
};

struct Routes::Following {
  agents::Watch watch{};
  service::OnPart on_part{};
};

using Answered = std::optional<net::Response>;  // What a route gives back; nothing when it answered as a stream.

inline Answered ok(const boost::json::value& body) { return net::json_response(200, to_text(body)); }

// A stream of events, with its first words.
inline Result<> begin_events(net::ResponseWriter& out, std::string first = {}) {
  return out.begin({.headers = {{"Content-Type", "text/event-stream"},
                                {"Cache-Control", "no-store"},
                                {"X-Content-Type-Options", "nosniff"}},
                    .body = std::move(first)});
}

// So that nobody between takes a stream in which nothing happens for dead.
inline constexpr const char* kStillHere = ": still here\n\n";

inline bool wants_events(const net::Request& request) {
  return request.headers.find("Accept").value_or("").find("text/event-stream") != std::string::npos;
}

}  // namespace docmind::server
