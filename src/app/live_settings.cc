#include "app/live_settings.h"

#include <algorithm>
#include <boost/json.hpp>
#include <optional>
#include <utility>

#include "app/backends.h"
#include "app/exposure.h"
#include "app/log_settings.h"
#include "app/settings_object.h"
#include "app/shared_cache.h"
#include "app/span_export.h"
#include "app/vector_stores.h"
#include "base/json.h"

namespace docmind::app {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostChanges = 500;

struct Asked {
  config::Changes changes{};
  bool check = false;
};

Error bad(std::string message) {
  return {Code::kInvalidArgument, std::move(message), R"(Send {"changes":{"search.k":20},"check":false}.)"};
}

// As it would be written in a file.
std::optional<std::string> text_of(const json::value& value) {
  if (value.is_string()) return std::string(value.get_string());
  if (value.is_bool()) return value.get_bool() ? "true" : "false";
  if (value.is_int64() || value.is_uint64()) return to_text(value);
  if (value.is_double()) return json_number(value.get_double());
  return std::nullopt;
}

// Its fields are checked: "changes" is an object, "check" true or false.
Result<Asked> read(const json::object& body) {
  Asked out;
  if (const json::value* check = body.if_contains("check")) out.check = check->get_bool();
  const json::value* given = body.if_contains("changes");
  if (given == nullptr) return out;
  const json::object& changes = given->get_object();
  if (changes.size() > kMostChanges) return bad("these are too many changes at once");
  for (const auto& field : changes) {
    const std::optional<std::string> text = text_of(field.value());
    if (!text) return bad(std::string(field.key()) + " must be a text, a number, true or false");
    out.changes.emplace(field.key(), *text);
  }
  return out;
}

// With "key": which of them the message is about.
net::Response refusal(const Error& error, const config::Changes& changes) {
  net::Response out = net::error_response(error);
  for (const auto& [key, value] : changes) {
    if (error.message.find(key) == std::string::npos) continue;
    auto body = parse_json(out.body);
    if (!body) return out;
    body->as_object()["error"].as_object()["key"] = key;
    return net::json_response(out.status, to_text(*body));
  }
  return out;
}

// Those that cannot change in a running process stay as they were at its start.
config::Settings in_force(const config::Settings& started, const config::Settings& written) {
  config::Settings out = started;
  for (const config::Declaration& one : config::declarations()) {
    if (one.effect == config::Effect::kAtOnce) (void)static_cast<bool>(one.set(out, one.get(written)));
  }
  return out;
}

bool same_values(const config::Loaded& one, const config::Loaded& other) {
  return std::ranges::all_of(config::declarations(), [&](const config::Declaration& setting) {
    return setting.get(one.settings) == setting.get(other.settings);
  });
}

}  // namespace

Result<> check_settings(const config::Settings& settings) {
  DM_TRY(log_levels_of(settings.log, LogFor::kServer));
  DM_TRY(check_backends(settings));
  DM_TRY(check_shared_cache(settings));
  DM_TRY(check_span_export(settings));
  return check_vector_stores(settings);
}

// A start would refuse a model that is not there, too, and an address that needs a key when there is none.
Result<> LiveSettings::usable(const config::Settings& settings) const {
  DM_TRY(check_settings(settings));
  DM_TRY(reachable(settings.server));
  const config::Settings& before = deps_.started.settings;
  const std::pair<const char*, std::pair<const std::string&, const std::string&>> models[] = {
      {"embedder.model", {settings.embedder.model, before.embedder.model}},
      {"engine.model", {settings.engine.model, before.engine.model}},
      {"reranker.model", {settings.reranker.model, before.reranker.model}}};
  for (const auto& [key, value] : models) {
    if (value.first.empty() || value.first == value.second) continue;
    auto found = find_model(deps_.layout, value.first);
    if (!found) return Error{found.error().code, std::string(key) + ": " + found.error().message, found.error().hint};
  }
  return {};
}

Result<> LiveSettings::reachable(const config::Settings::Server& server) const {
  const config::Settings::Server& before = deps_.started.settings.server;
  std::string_view changed;
  if (server.host != before.host) changed = "server.host";
  if (server.hosts != before.hosts) changed = "server.hosts";
  if (server.require_key != before.require_key) changed = "server.require_key";
  if (changed.empty()) return {};
  const Exposure exposure = DM_TRY(exposure_of(server, server.host));
  const Result<> keys = check_keys(exposure, server.host, *deps_.keys);
  if (keys) return {};
  return Error{Code::kConflict, std::string(changed) + ": " + keys.error().message, keys.error().hint};
}

std::string LiveSettings::object() const {
  const MutexLock lock(mutex_);
  return shown();
}

std::string LiveSettings::shown() const {
  return settings_object(now_, deps_.started, {.generation = generation_, .trouble = trouble_});
}

config::Settings LiveSettings::written() const {
  const MutexLock lock(mutex_);
  return now_.settings;
}

net::Response LiveSettings::change(const json::object& body) {
  const Result<Asked> asked = read(body);
  if (!asked) return net::error_response(asked.error());
  const MutexLock lock(mutex_);
  const auto write = asked->check ? config::Write::kNo : config::Write::kYes;
  auto loaded = config::change(
      deps_.sources, now_, asked->changes, [this](const config::Settings& then) { return usable(then); }, write,
      deps_.files);
  if (!loaded) return refusal(loaded.error(), asked->changes);
  if (asked->check) return net::json_response(200, shown());
  put_in_force(*std::move(loaded));
  for (const auto& [key, value] : asked->changes) deps_.log.event(obs::Level::kInfo, "setting_changed", {{"key", key}});
  return net::json_response(200, shown());
}

Result<> LiveSettings::reload() {
  const MutexLock lock(mutex_);
  put_in_force(DM_TRY(read_again()));
  deps_.log.event(obs::Level::kInfo, "settings_reloaded");
  return {};
}

void LiveSettings::look() {
  const MutexLock lock(mutex_);
  if (config::stamp_of(deps_.sources, deps_.files) == stamp_) return;
  auto loaded = read_again();
  if (!loaded) return;  // The log and whoever looks at the settings are told.
  if (same_values(*loaded, now_)) {
    now_ = *std::move(loaded);
    return;
  }
  put_in_force(*std::move(loaded));
  deps_.log.event(obs::Level::kInfo, "settings_reloaded");
}

// The stamp comes first: what is written while they are read is read next time.
Result<config::Loaded> LiveSettings::read_again() {
  stamp_ = config::stamp_of(deps_.sources, deps_.files);
  auto loaded = config::load(deps_.sources, deps_.files);
  const Result<> fits = loaded ? usable(loaded->settings) : Result<>(loaded.error());
  trouble_ = fits ? std::nullopt : std::optional(fits.error());
  if (fits) return loaded;
  deps_.log.failure(obs::Level::kError, "settings_not_reloaded", fits.error());
  return fits.error();
}

void LiveSettings::put_in_force(config::Loaded loaded) {
  now_ = std::move(loaded);
  trouble_.reset();
  apply_(in_force(deps_.started.settings, now_.settings), ++generation_);
}

}  // namespace docmind::app
