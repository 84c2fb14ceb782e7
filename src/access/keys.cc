#include "access/keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "base/ascii.h"
#include "base/json.h"
#include "base/json_members.h"
#include "base/sha256.h"
#include "base/utf8.h"

namespace docmind::access {
namespace {

namespace json = boost::json;

constexpr std::array kScopes = {std::pair{Scope::kAsk, std::string_view("ask")},
                                std::pair{Scope::kIngest, std::string_view("ingest")},
                                std::pair{Scope::kAdmin, std::string_view("admin")}};
constexpr std::string_view kPrefix = "dmk_";
constexpr std::size_t kIdDigits = 8;
constexpr std::size_t kMostKeys = 256;
constexpr std::size_t kMostName = 128;
constexpr std::uint64_t kMostBytes = 1U << 20U;  // Of the file.

std::string hash_of(std::string_view secret) { return Sha256().add(secret).hex(); }

bool is_line(std::string_view text) { return is_utf8(text) && text.size() <= kMostName && !has_control(text); }

Error damaged(const std::filesystem::path& path) {
  return {Code::kDataLoss, sys::printable(path) + " holds no keys that can be read",
          "Move that file away and make new keys: docmind keys add."};
}

json::value to_json(const Key& key, const std::string& hash) {
  json::array scopes;
  for (const Scope scope : key.scopes) scopes.emplace_back(name(scope));
  return json::object{{"hash", hash},
                      {"name", key.name},
                      {"scopes", std::move(scopes)},
                      {"made_ms", key.made_ms},
                      {"expires_ms", key.expires_ms ? json::value(*key.expires_ms) : json::value(nullptr)}};
}

// Nothing for what to_json() would not have written: a key that is half understood must not open anything.
std::optional<Key> key_of(const json::value& value) {
  const std::string_view hash = json_text(json_member(value, "hash"));
  const json::value& made = json_member(value, "made_ms");
  const json::value& expires = json_member(value, "expires_ms");
  if (!is_sha256(hash) || !made.is_int64() || !(expires.is_null() || expires.is_int64())) return std::nullopt;
  Key key{.id = std::string(hash.substr(0, kIdDigits)),
          .name = std::string(json_text(json_member(value, "name"))),
          .made_ms = made.get_int64()};
  if (!is_line(key.name)) return std::nullopt;
  for (const json::value& one : json_list(json_member(value, "scopes"))) {
    const auto scope = scope_named(json_text(one));
    if (!scope) return std::nullopt;
    key.scopes.push_back(*scope);
  }
  if (key.scopes.empty()) return std::nullopt;
  if (expires.is_int64()) key.expires_ms = expires.get_int64();
  return key;
}

}  // namespace

std::string_view name(Scope scope) { return kScopes.at(static_cast<std::size_t>(scope)).second; }

std::optional<Scope> scope_named(std::string_view name) {
  const auto found = std::ranges::find(kScopes, name, &std::pair<Scope, std::string_view>::second);
  return found == kScopes.end() ? std::nullopt : std::optional(found->first);
}

bool Key::covers(Scope scope) const {
  return std::ranges::any_of(scopes, [scope](Scope one) { return one == scope || one == Scope::kAdmin; });
}

Result<std::unique_ptr<Keys>> Keys::open(std::filesystem::path path, const Deps& deps) {
  std::unique_ptr<Keys> keys(new Keys(std::move(path), deps));
  DM_TRY(keys->read());
  return keys;
}

Result<> Keys::read() {
  const Result<std::string> bytes = deps_.files.read(path_, kMostBytes);
  if (!bytes && bytes.error().code == Code::kNotFound) return {};
  if (!bytes) return bytes.error();
  const Result<json::value> value = parse_json(*bytes);
  const json::value list = value ? json_member(*value, "keys") : json::value();
  if (!list.is_array() || list.get_array().size() > kMostKeys) return damaged(path_);
  std::vector<Kept> read;
  for (const json::value& one : list.get_array()) {
    std::optional<Key> key = key_of(one);
    if (!key) return damaged(path_);
    read.push_back({*std::move(key), std::string(json_text(json_member(one, "hash")))});
  }
  const MutexLock lock(mutex_);
  kept_ = std::move(read);
  return {};
}

Result<> Keys::write(std::vector<Kept> kept) {
  json::array list;
  for (const Kept& one : kept) list.push_back(to_json(one.key, one.hash));
  DM_TRY(deps_.files.write_atomic(path_, to_text(json::object{{"keys", std::move(list)}}) + "\n"));
  const MutexLock lock(mutex_);
  kept_ = std::move(kept);
  return {};
}

std::vector<Keys::Kept> Keys::kept() const {
  const MutexLock lock(mutex_);
  return kept_;
}

bool Keys::expired(const Key& key) const {
  return key.expires_ms && deps_.clock.wall().time_since_epoch().count() >= *key.expires_ms;
}

std::string Keys::new_secret() {
  std::string secret(kPrefix);
  for (int i = 0; i < 4; ++i) secret += fmt::format("{:016x}", deps_.rng.next());
  return secret;
}

Result<NewKey> Keys::add(std::string name, std::vector<Scope> scopes, std::optional<std::int64_t> expires_ms) {
  if (scopes.empty()) {
    return Error{Code::kInvalidArgument, "a key without a scope opens nothing", "Name one of ask, ingest and admin."};
  }
  if (!is_line(name)) {
    return Error{Code::kInvalidArgument, "the name of a key is at most 128 bytes in one line",
                 "Give it a shorter one."};
  }
  std::ranges::sort(scopes);
  scopes.erase(std::ranges::unique(scopes).begin(), scopes.end());
  Key key{.name = std::move(name),
          .scopes = std::move(scopes),
          .made_ms = deps_.clock.wall().time_since_epoch().count(),
          .expires_ms = expires_ms};
  if (expired(key)) {
    return Error{Code::kInvalidArgument, "the key would have expired already", "Give it a day that is still to come."};
  }
  const MutexLock lock(writing_);
  std::vector<Kept> all = kept();
  if (all.size() >= kMostKeys) {
    return Error{Code::kResourceExhausted, "there are 256 keys already", "Revoke one: docmind keys list."};
  }
  std::string secret;
  do {  // Two of one name could not be told apart.
    secret = new_secret();
    key.id = hash_of(secret).substr(0, kIdDigits);
  } while (std::ranges::any_of(all, [&](const Kept& one) { return one.key.id == key.id; }));
  all.push_back({key, hash_of(secret)});
  DM_TRY(write(std::move(all)));
  return NewKey{std::move(key), std::move(secret)};
}

Result<Key> Keys::revoke(std::string_view id) {
  const MutexLock lock(writing_);
  std::vector<Kept> all = kept();
  const auto found = std::ranges::find_if(all, [id](const Kept& one) { return one.key.id == id; });
  if (found == all.end()) {
    return Error{Code::kNotFound, "there is no key " + std::string(id), "docmind keys list shows those there are."};
  }
  Key key = found->key;
  all.erase(found);
  DM_TRY(write(std::move(all)));
  return key;
}

std::vector<Key> Keys::list() const {
  std::vector<Key> out;
  for (Kept& one : kept()) out.push_back(std::move(one.key));
  return out;
}

std::optional<Key> Keys::find(std::string_view secret) const {
  const std::string hash = hash_of(secret);
  std::optional<Key> found;
  const MutexLock lock(mutex_);
  for (const Kept& one : kept_) {
    if (same_digest(one.hash, hash)) found = one.key;
  }
  if (found && expired(*found)) return std::nullopt;
  return found;
}

bool Keys::any_usable() const {
  return std::ranges::any_of(kept(), [this](const Kept& one) { return !expired(one.key); });
}

}  // namespace docmind::access
