// The product as a command sees it: the routes of docs/api.md, over whatever transport app chose.
#pragma once
#include <functional>
#include <string_view>

#include "base/result.h"
#include "net/http.h"
#include "net/sse.h"

namespace docmind::cli {

// Thread safety: one call at a time.
class Api {
 public:
  virtual ~Api() = default;
  // A 2xx response; every other status and every failure of the transport is an Error.
  virtual Result<net::Response> call(const net::Request& request) = 0;
  // The same for an event stream; the response's body is empty.
  virtual Result<net::Response> stream(const net::Request& request, const net::SseParser::OnEvent& on_event) = 0;
};

}  // namespace docmind::cli
