// The routes of keys, and signing in: a browser's way to bring one.
#include <boost/json.hpp>

#include "base/json.h"
#include "base/json_members.h"
#include "server/impl/call.h"
#include "server/json_read.h"
#include "server/routes.h"

namespace docmind::server {
namespace {

namespace json = boost::json;

constexpr auto kSignedIn = std::chrono::days(30);

json::array scopes_json(const access::Key& key) {
  json::array out;
  for (const access::Scope scope : key.scopes) out.emplace_back(name(scope));
  return out;
}

json::object to_json(const access::Key& key) {
  return {{"id", key.id},
          {"name", key.name},
          {"scopes", scopes_json(key)},
          {"made_ms", key.made_ms},
          {"expires_ms", key.expires_ms ? json::value(*key.expires_ms) : json::value(nullptr)}};
}

// No script can read it, no other site can send it; over TLS alone where the page came over TLS.
std::string cookie(const net::Request& request, std::string_view value, std::chrono::seconds age) {
  const bool encrypted = request.headers.find("Origin").value_or("").starts_with("https://");
  return std::string(kKeyCookie) + "=" + std::string(value) +
         "; Path=/; HttpOnly; SameSite=Strict; Max-Age=" + std::to_string(age.count()) + (encrypted ? "; Secure" : "");
}

}  // namespace

Result<access::Keys*> Routes::kept_keys() const {
  if (options_.keys != nullptr) return options_.keys;
  return Error{Code::kNotFound, "this server has no keys", "It answers on its own machine alone."};
}

Routes::Reply Routes::keys(const Call&) {
  json::array list;
  for (const access::Key& key : DM_TRY(kept_keys())->list()) list.push_back(to_json(key));
  return ok(json::object{{"keys", std::move(list)}});
}

Routes::Reply Routes::add_key(const Call& call) {
  KeyRequest asked = read_key_request(call.body);
  const access::NewKey made =
      DM_TRY(DM_TRY(kept_keys())->add(std::move(asked.name), std::move(asked.scopes), asked.expires_ms));
  json::object body = to_json(made.key);
  body["key"] = made.secret;
  return ok(body);
}

Routes::Reply Routes::revoke_key(const Call& call) { return ok(to_json(DM_TRY(DM_TRY(kept_keys())->revoke(call.id)))); }

Routes::Reply Routes::signed_in(const Call& call) {
  const std::optional<access::Key> key = gate_.key_of(call.request);
  json::object body{{"needed", gate_.keys_needed() && call.request.peer == net::Peer::kTcp}};
  body["name"] = key ? json::value(key->name) : json::value(nullptr);
  body["scopes"] = key ? scopes_json(*key) : json::array();
  return ok(body);
}

Routes::Reply Routes::sign_in(const Call& call) {
  const std::string_view secret = json_text(json_member(call.body, "key"));
  const std::optional<access::Key> key = DM_TRY(kept_keys())->find(secret);
  if (!key) {
    return Error{Code::kUnauthorized, kNoSuchKey, "docmind keys add makes one, on the server's machine."};
  }
  net::Response response =
      net::json_response(200, to_text(json::object{{"name", key->name}, {"scopes", scopes_json(*key)}}));
  response.headers.set("Set-Cookie", cookie(call.request, secret, kSignedIn));
  return Answered(std::move(response));
}

Routes::Reply Routes::sign_out(const Call& call) {
  net::Response response = net::json_response(200, to_text(json::object{{"signed_out", true}}));
  response.headers.set("Set-Cookie", cookie(call.request, "", std::chrono::seconds(0)));
  return Answered(std::move(response));
}

}  // namespace docmind::server
