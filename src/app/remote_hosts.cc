#include "app/remote_hosts.h"

#include <algorithm>

#include "base/list.h"
#include "net/address.h"

namespace docmind::app {

Result<> check_host(std::string_view setting, const std::string& host, const config::Settings& settings,
                    std::string_view what) {
  if (net::is_loopback({.host = host})) return {};
  const std::vector<std::string> allowed = words_between_commas(settings.backends.allow_remote);
  if (std::ranges::find(allowed, host) != allowed.end()) return {};
  return Error{Code::kInvalidArgument,
               std::string(setting) + " would send " + std::string(what) + " to " + host + ", another machine",
               "Name that host in backends.allow_remote if that is meant."};
}

}  // namespace docmind::app
