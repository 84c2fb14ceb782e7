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

}  // namespace docmind::server
