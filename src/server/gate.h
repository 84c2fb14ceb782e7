// Who may use a route: whether a request brings a key, whether its scopes cover the route, and how often it comes.
//
// What comes over the Unix socket is the owner's and passes; where no keys are needed, all does. Asked before a
// request's body is read. A key comes as "Authorization: Bearer KEY", as "x-api-key: KEY" (Anthropic's clients), or as
// the cookie that signing in sets (docs/adr/0016-access.md). Requests with a good key count for that key, all others
// for their address: a network of /64 in IPv6, since a machine has all of one.
//
// Thread safety: any thread. Never waits for the disk or the network.
// Sources: RFC 6750 (bearer), RFC 6265bis (cookies).
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "access/keys.h"
#include "net/http.h"
#include "server/rate_limits.h"

namespace docmind::server {

inline constexpr std::string_view kKeyCookie = "docmind_key";
inline constexpr const char* kNoSuchKey = "this is no key of this server: it is wrong, was revoked, or has expired";

struct GateOptions {
  bool keys_needed = false;               // Over TCP.
  std::uint32_t requests_per_minute = 0;  // Of a key or an address, where keys are needed; 0: any number.
};

struct Refusal {
  int status = 401;
  Error error;
  Duration wait{};  // Until it may come again; zero: that would not help.
};

// Its answer; the body as the API of our own has errors.
net::Response response_to(const Refusal& refusal);

class Gate {
 public:
  // keys outlives it; null: there are none, so nobody passes where one is needed.
  Gate(GateOptions options, const access::Keys* keys, const Clock& clock)
      : options_(options), keys_(keys), limits_(options.requests_per_minute, clock) {}

  bool keys_needed() const { return options_.keys_needed; }
  // Why a request may not use a route that needs this scope (nothing: an open one).
  std::optional<Refusal> refuse(const net::Request& head, std::optional<access::Scope> needed);
  // Whether one that was let in, and still gets what it asked for, has lost its key meanwhile: revoked, or expired.
  bool shut_out(const net::Request& head) const;
  // The key that a request brings, if it is one.
  std::optional<access::Key> key_of(const net::Request& head) const;

 private:
  const GateOptions options_;
  const access::Keys* const keys_;
  RateLimits limits_;
};

}  // namespace docmind::server
