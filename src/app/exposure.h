// Who can reach an address that is served, and what is asked of them: the rules of docs/access.md. Pure.
#pragma once
#include <string>

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

}  // namespace docmind::app
