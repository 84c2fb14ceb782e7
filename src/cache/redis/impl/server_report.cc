#include "cache/redis/impl/server_report.h"

#include <fmt/format.h>

#include <charconv>
#include <map>

#include "base/find.h"

namespace docmind::cache {
namespace {

using Fields = std::map<std::string, std::string, std::less<>>;

Fields fields_of(std::string_view info) {
  Fields out;
  while (!info.empty()) {
    const std::size_t end = std::min(info.find('\n'), info.size());
    std::string_view line = info.substr(0, end);
    info.remove_prefix(std::min(end + 1, info.size()));
    while (line.ends_with('\r')) line.remove_suffix(1);
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos) out.emplace(line.substr(0, colon), line.substr(colon + 1));
  }
  return out;
}

std::string_view field(const Fields& fields, std::string_view name) {
  const auto found = fields.find(name);
  return found == fields.end() ? std::string_view() : std::string_view(found->second);
}

std::uint64_t number(std::string_view text) {
  std::uint64_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

// "7.0.15" is 70015.
std::uint32_t version_of(std::string_view text) {
  std::uint32_t out = 0;
  for (int part = 0; part < 3; ++part) {
    const std::size_t end = std::min(text.find('.'), text.size());
    out = out * 100 + static_cast<std::uint32_t>(std::min<std::uint64_t>(99, number(text.substr(0, end))));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

}  // namespace

Result<RedisReport> read_info(std::string_view info) {
  const Fields fields = fields_of(info);
  const auto unusable = [](std::string message, std::string hint) {
    return Error{Code::kUnavailable, std::move(message), std::move(hint)};
  };
  const std::string_view redis = field(fields, "redis_version");
  if (redis.empty()) return unusable("What answers there is no Redis.", "Look whether the address is that of one.");
  if (field(fields, "role") == "slave") {
    return unusable("That Redis is a read-only replica.", "Name the address of its primary.");
  }
  if (field(fields, "cluster_enabled") == "1") {
    return unusable("That Redis is a cluster, which is not supported.", "Use a single server.");
  }
  if (field(fields, "loading") == "1") return unusable("That Redis is still loading its data.", "It is tried again.");
  RedisReport out;
  const std::string_view valkey = field(fields, "valkey_version");
  out.server = valkey.empty() ? fmt::format("Redis {}", redis) : fmt::format("Valkey {}", valkey);
  out.version = version_of(redis);  // Valkey says which Redis it stands for.
  out.max_memory = number(field(fields, "maxmemory"));
  out.used_memory = number(field(fields, "used_memory"));
  out.policy = field(fields, "maxmemory_policy");
  if (!field(fields, "aof_enabled").empty()) {
    out.append_only = field(fields, "aof_enabled") == "1";
    out.durability = out.append_only ? RedisDurability::kEverySecond : RedisDurability::kSnapshots;
    if (out.append_only && out.version >= 70200) out.durability = RedisDurability::kWaitedFor;
  }
  return out;
}

std::vector<std::string> RedisReport::remarks() const {
  std::vector<std::string> out;
  if (durability == RedisDurability::kSnapshots) {
    out.emplace_back(
        "its append-only file is off: a power cut there may bring back purged entries until this machine "
        "reaches it again; set appendonly to yes");
  } else if (durability == RedisDurability::kEverySecond) {
    out.emplace_back(
        "it writes its append-only file once a second: a power cut there may bring back what was purged in "
        "the last seconds until this machine reaches it again; set appendfsync to always");
  } else if (durability == RedisDurability::kUnknown) {
    out.emplace_back("it does not say whether what it keeps survives a power cut");
  }
  if (max_memory != 0 && policy == "noeviction" && used_memory >= max_memory) {
    out.emplace_back("it has no room left (maxmemory with noeviction): nothing new is kept; raise maxmemory");
  }
  if (max_memory != 0 && policy.starts_with("allkeys")) {
    out.push_back("it throws away any key when memory is short (" + policy +
                  "): purged values whose index went first stay in its memory, never given, until their time ends");
  }
  return out;
}

Error error_of_reply(std::string_view text) {
  const auto begins = [text](auto... words) { return (text.starts_with(words) || ...); };
  const std::string said = fmt::format("Redis says: {}", text.substr(0, 200));
  if (begins("NOAUTH", "WRONGPASS", "ERR invalid password", "ERR AUTH", "ERR Client sent AUTH")) {
    return {Code::kUnauthorized, "Redis refuses user or password.", "Correct them in cache.shared."};
  }
  // What a script did without leave comes back as an error of the script.
  if (contains_any(text, {"NOPERM", "ACL failure in script", "The user executing the script can't"})) {
    return {Code::kUnauthorized, said, "Give that user the commands and keys that docs/shared-cache.md lists."};
  }
  if (begins("OOM") || contains_any(text, {"OOM command not allowed"})) {
    return {Code::kResourceExhausted, "Redis has no room left.", "Raise its maxmemory, or let it evict."};
  }
  if (begins("MISCONF")) {
    return {Code::kResourceExhausted, "Redis cannot write to its disk.", "See to its disk and its log."};
  }
  if (contains_any(text, {"WRONGTYPE"})) {
    return {Code::kDataLoss, "Under that key lies something that is no entry.", "Use another prefix."};
  }
  if (begins("LOADING")) return {Code::kUnavailable, "That Redis is still loading its data.", "It is tried again."};
  if (contains_any(text, {"READONLY"})) {
    return {Code::kUnavailable, "That Redis is a read-only replica.", "Name the address of its primary."};
  }
  return {Code::kUnavailable, said, "Look at its log."};
}

}  // namespace docmind::cache
