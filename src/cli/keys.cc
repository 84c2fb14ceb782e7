// docmind keys: who may come from other machines.
#include <fmt/format.h>

#include <boost/json.hpp>
#include <chrono>

#include "base/json.h"
#include "base/json_members.h"
#include "cli/commands.h"
#include "cli/impl/request.h"
#include "cli/render.h"

namespace docmind::cli {
namespace {

namespace json = boost::json;

std::string day_of(const json::value& ms) {
  if (!ms.is_int64()) return "never";
  const std::chrono::sys_time<std::chrono::milliseconds> at{std::chrono::milliseconds(ms.get_int64())};
  const std::chrono::year_month_day day{std::chrono::floor<std::chrono::days>(at)};
  return fmt::format("{:04}-{:02}-{:02}", int(day.year()), unsigned(day.month()), unsigned(day.day()));
}

std::string scopes_of(const json::value& key) {
  std::string out;
  for (const json::value& scope : list(key, "scopes")) {
    out += (out.empty() ? "" : ",") + one_line(json_text(scope));
  }
  return out;
}

std::string render_key(const json::value& key) {
  return fmt::format("{}  {:<16}  made {}  expires {}  {}\n", one_line(text(key, "id")), scopes_of(key),
                     day_of(json_member(key, "made_ms")), day_of(json_member(key, "expires_ms")),
                     one_line(text(key, "name")));
}

std::string render_keys(const json::value& body) {
  std::string out;
  for (const json::value& key : list(body, "keys")) out += render_key(key);
  return out.empty() ? "There is no key: docmind keys add --scope ask\n" : out;
}

}  // namespace

int keys_add(Api& api, const KeysAddOptions& options, const Surroundings& here) {
  json::object body{{"name", options.name}, {"scopes", json::value_from(options.scopes)}};
  if (!options.expires.empty()) {
    const auto expires = day(options.expires);
    if (!expires) return report(expires.error(), here);
    body["expires_ms"] = *expires;
  }
  return print(api.call(post("/api/keys", body)), here, [](const json::value& made) {
    return fmt::format("{}\n{}This is the only time that it is shown. Take it back: docmind keys revoke {}\n",
                       one_line(text(made, "key")), render_key(made), one_line(text(made, "id")));
  });
}

int keys_list(Api& api, const KeysListOptions&, const Surroundings& here) {
  return print(api.call(get("/api/keys")), here, render_keys);
}

int keys_revoke(Api& api, const KeysRevokeOptions& options, const Surroundings& here) {
  net::Request request = get("/api/keys/" + options.id);
  request.method = "DELETE";
  return print(api.call(request), here, [](const json::value& key) { return "revoked " + render_key(key); });
}

}  // namespace docmind::cli
