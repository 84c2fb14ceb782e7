#include "app/exposure.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "net/address.h"

namespace docmind::app {
namespace {

// Lower case, without what stands around it; kInvalidArgument when no Host could be it.
Result<std::string> host_name(std::string_view text) {
  const std::size_t first = std::min(text.find_first_not_of(' '), text.size());
  std::string out = lowered(text.substr(first, text.find_last_not_of(' ') + 1 - first));
  if (out.empty() || out.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-_[:]") != std::string::npos) {
    return Error{Code::kInvalidArgument, fmt::format("server.hosts: \"{}\" is no name of a machine", out),
                 "Name hosts without http:// and without a port: docs.example, 192.168.1.5"};
  }
  return out;
}

}  // namespace

Result<Exposure> exposure_of(const config::Settings::Server& settings, const std::string& host) {
  Exposure out{.loopback = net::is_loopback({.host = host})};
  std::string_view rest = settings.hosts;
  while (!rest.empty()) {
    const std::string_view one = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(one.size() + 1, rest.size()));
    out.hosts.allowed.push_back(DM_TRY(host_name(one)));
  }
  out.keys_needed = settings.require_key || !out.loopback || !out.hosts.allowed.empty();
  out.hosts.numbers = host == "0.0.0.0" || host == "::";
  if (!out.loopback) out.hosts.allowed.push_back(in_address(host));
  return out;
}

std::string in_address(const std::string& host) {
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

std::string numeric(const std::string& host) { return host == "localhost" ? "127.0.0.1" : host; }

Result<> check_keys(const Exposure& exposure, const std::string& host, const access::Keys& keys) {
  if (!exposure.keys_needed || keys.any_usable()) return {};
  return Error{
      Code::kUnauthorized,
      exposure.loopback
          ? std::string("server.require_key or server.hosts is set and there is no key, so nobody could come in")
          : "serving on " + host + " would open this machine's documents to others: that needs a key",
      "make one first: docmind keys add --scope ask"};
}

}  // namespace docmind::app
