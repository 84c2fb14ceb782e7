#include "server/gate.h"

#include <fmt/format.h>

namespace docmind::server {
namespace {

constexpr std::string_view kBearer = "Bearer ";

std::string_view cookie_in(std::string_view cookies, std::string_view name) {
  while (!cookies.empty()) {
    cookies.remove_prefix(std::min(cookies.find_first_not_of(" ;"), cookies.size()));
    const std::string_view one = cookies.substr(0, cookies.find(';'));
    cookies.remove_prefix(one.size());
    const std::size_t equals = one.find('=');
    if (equals != std::string_view::npos && one.substr(0, equals) == name) return one.substr(equals + 1);
  }
  return {};
}

// What a program sends goes before what a browser remembers. Empty: none is given.
std::string_view secret_in(const net::Headers& headers) {
  const std::string_view authorization = headers.find("Authorization").value_or("");
  if (net::same_name(authorization.substr(0, kBearer.size()), kBearer)) return authorization.substr(kBearer.size());
  if (const auto key = headers.find("x-api-key")) return *key;
  return cookie_in(headers.find("Cookie").value_or(""), kKeyCookie);
}

// Of "2001:db8:1:2:3:4:5:6" its first four groups; what is shortened is shorter than that already.
std::string network_of(const std::string& address) {
  std::size_t at = 0;
  for (int groups = 0; groups < 4 && at != std::string::npos; ++groups) at = address.find(':', at + 1);
  return address.substr(0, at);
}

std::string scopes_of(const access::Key& key) {
  std::string out;
  for (const access::Scope scope : key.scopes) out += (out.empty() ? "" : ", ") + std::string(name(scope));
  return out;
}

}  // namespace

net::Response response_to(const Refusal& refusal) {
  net::Response out = net::error_response(refusal.status, refusal.error);
  if (refusal.status == 401) out.headers.set("WWW-Authenticate", "Bearer");
  if (refusal.wait > Duration::zero()) {
    out.headers.set("Retry-After", std::to_string(std::chrono::ceil<std::chrono::seconds>(refusal.wait).count()));
  }
  return out;
}

std::optional<access::Key> Gate::key_of(const net::Request& head) const {
  const std::string_view secret = secret_in(head.headers);
  return keys_ == nullptr || secret.empty() ? std::nullopt : keys_->find(secret);
}

bool Gate::shut_out(const net::Request& head) const {
  return head.peer == net::Peer::kTcp && options_.keys_needed && !key_of(head);
}

std::optional<Refusal> Gate::refuse(const net::Request& head, std::optional<access::Scope> needed) {
  if (head.peer == net::Peer::kUnixSocket || !options_.keys_needed) return std::nullopt;
  const std::optional<access::Key> key = key_of(head);
  const std::string who = key ? "key " + key->id : "address " + network_of(head.address);
  if (const Duration wait = limits_.take(who); wait > Duration::zero()) {
    return Refusal{429, {Code::kRateLimited, "that is too many requests a minute", "Wait as Retry-After says."}, wait};
  }
  if (!needed) return std::nullopt;
  if (secret_in(head.headers).empty()) {
    return Refusal{401,
                   {Code::kUnauthorized, "this server wants a key",
                    "Send it as Authorization: Bearer KEY; docmind keys add makes one on the server's machine."}};
  }
  if (!key) {
    return Refusal{
        401, {Code::kUnauthorized, kNoSuchKey, "docmind keys list shows those there are, on the server's machine."}};
  }
  if (!key->covers(*needed)) {
    return Refusal{403,
                   {Code::kUnauthorized,
                    fmt::format("this needs a key with the scope {}; this one has {}", name(*needed), scopes_of(*key)),
                    "docmind keys add --scope makes another, on the server's machine."}};
  }
  return std::nullopt;
}

}  // namespace docmind::server
