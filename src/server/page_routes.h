// The web interface over HTTP: its pages and built files, with the headers that keep a browser from running or loading
// anything else. Thread safety: pure function.
#pragma once
#include <optional>

#include "net/http.h"

namespace docmind::server {

// The answer to a GET (or HEAD) for a page or a built file. Nothing when the path is neither and no browser asks for a
// page; for a browser an unknown address is 404 with the interface, which says so.
std::optional<net::Response> page_response(const net::Request& request);

}  // namespace docmind::server
