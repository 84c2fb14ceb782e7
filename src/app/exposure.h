// Who can reach an address that is served, and what is asked of them: the rules of docs/access.md. Pure.
#pragma once
#include <string>

#include "access/keys.h"
#include "config/settings.h"
#include "net/origin.h"

namespace docmind::app {

struct Exposure {
  bool loopback = true;      // Programs of this machine alone can reach it.
  bool keys_needed = false;  // Of everything that comes over TCP.
  net::HostRules hosts{};
};

// Of serving on that address. Keys are needed when others reach it, by themselves or through a proxy of this machine
// (which is known by server.hosts), and when server.require_key says so. kInvalidArgument for names that are none.
Result<Exposure> exposure_of(const config::Settings::Server& settings, const std::string& host);

// As it stands in an address: an IPv6 one in brackets.
std::string in_address(const std::string& host);

// The address that is listened on under that name: localhost is no address itself.
std::string numeric(const std::string& host);

// kUnauthorized when that needs a key and there is none that is valid: nobody could come in, or everybody.
Result<> check_keys(const Exposure& exposure, const std::string& host, const access::Keys& keys);

}  // namespace docmind::app
