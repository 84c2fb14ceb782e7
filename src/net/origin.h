// Who may call a server that listens on an address: the guard against DNS rebinding and cross-site requests.
//
// A page from anywhere can make a browser on this machine send requests to 127.0.0.1. Such a request names a foreign
// Host (rebinding) or carries a foreign Origin; and without asking first, a browser can only send the three form
// content types. So: Host must be on the list (421), Origin and Sec-Fetch-Site, when present, must be our own (403),
// and a POST without Origin must carry JSON or an upload (415). Requests over a Unix socket are not checked. Thread
// safety: pure functions.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "net/http.h"

namespace docmind::net {

struct HostRules {
  // Besides 127.0.0.1, [::1] and localhost; without a port, lower case. Any port is accepted: the connection has come
  // to ours.
  std::vector<std::string> allowed{};
  // Any IP address, for who listens on all of the machine's: only names can be made to lead elsewhere.
  bool numbers = false;
};

// The refusal, or nothing when the request may pass.
std::optional<Response> refuse_foreign(const Request& head, const HostRules& rules);

}  // namespace docmind::net
