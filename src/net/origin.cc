#include "net/origin.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"

namespace docmind::net {
namespace {

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// "localhost:8080" gives "localhost", "[::1]:8080" gives "[::1]"; nothing when it is not host[:port].
std::optional<std::string> host_of(std::string_view authority) {
  const std::size_t end =
      authority.starts_with('[') ? authority.find(']') : std::min(authority.find(':'), authority.size());
  if (end == std::string_view::npos) return std::nullopt;
  const std::size_t size = authority.starts_with('[') ? end + 1 : end;
  const std::string_view rest = authority.substr(size);
  if (!rest.empty() && (rest.front() != ':' || !is_port(rest.substr(1)))) return std::nullopt;
  return lowered(authority.substr(0, size));
}

// "192.168.1.5" or "[fe80::1]": a whole number of this form is never looked up.
bool is_number(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> ignored{};
  if (!host.starts_with('[')) return ::inet_pton(AF_INET, host.c_str(), ignored.data()) == 1;
  return host.ends_with(']') && ::inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), ignored.data()) == 1;
}

bool is_allowed(const std::string& host, const HostRules& rules) {
  constexpr std::array<std::string_view, 3> kOwn = {"127.0.0.1", "[::1]", "localhost"};
  return std::ranges::find(kOwn, host) != kOwn.end() || std::ranges::find(rules.allowed, host) != rules.allowed.end() ||
         (rules.numbers && is_number(host));
}

bool is_safe(std::string_view method) { return method == "GET" || method == "HEAD" || method == "OPTIONS"; }

// An upload passes without Origin: any browser since 2020 names a foreign one, and curl has none to name.
bool has_expected_type(const Request& head) {
  const std::string type = media_type(head.headers.find("Content-Type").value_or(""));
  return type == "application/json" || type == "multipart/form-data";
}

Response refusal(int status, std::string message, std::string hint) {
  return error_response(
      status, {status == 415 ? Code::kInvalidArgument : Code::kUnauthorized, std::move(message), std::move(hint)});
}

// Same host and port as the request itself came to.
bool is_own_origin(std::string_view origin, std::string_view host) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (lowered(origin).starts_with(scheme) && lowered(origin.substr(scheme.size())) == lowered(host)) return true;
  }
  return false;
}

}  // namespace

std::optional<Response> refuse_foreign(const Request& head, const HostRules& rules) {
  const std::string_view host = head.headers.find("Host").value_or("");
  const std::optional<std::string> name = host_of(host);
  if (head.headers.count("Host") != 1 || !name || !is_allowed(*name, rules)) {
    return refusal(421, "this server does not answer under that host name",
                   "Use 127.0.0.1 or localhost, or name it in server.hosts.");
  }
  const std::optional<std::string_view> origin = head.headers.find("Origin");
  if (head.headers.count("Origin") > 1 || (origin && !is_own_origin(*origin, host))) {
    return refusal(403, "requests from other sites are refused", "Open the interface from this server's own address.");
  }
  if (is_safe(head.method)) return std::nullopt;  // Nothing changes, and without CORS another site cannot read it.
  const std::string site = lowered(head.headers.find("Sec-Fetch-Site").value_or("none"));
  if (site != "none" && site != "same-origin") {
    return refusal(403, "requests from other sites are refused", "Open the interface from this server's own address.");
  }
  if (head.method == "POST" && !origin && !has_expected_type(head)) {
    return refusal(415, "a request that changes something must not look like a form of another site",
                   "Send Content-Type: application/json, or multipart/form-data for an upload.");
  }
  return std::nullopt;
}

}  // namespace docmind::net
