// The address of a server as people write it: "http://127.0.0.1:8000/v1".
//
// Pure. Only http, for servers on this machine or behind a tunnel; no user, password, query or fragment.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/client.h"

namespace docmind::net {

struct Address {
  Endpoint endpoint{};
  std::string path{};  // Without a slash at its end: "" or "/v1".
};

// kInvalidArgument when it is none. Port 80 where none is said.
Result<Address> address_of(std::string_view text);

// Whether it is this machine by its name or number, without asking anybody.
bool is_loopback(const Endpoint& endpoint);

}  // namespace docmind::net
