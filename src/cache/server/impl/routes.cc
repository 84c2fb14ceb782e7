#include "cache/server/impl/routes.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <charconv>
#include <cmath>

#include "base/base64.h"
#include "base/json.h"
#include "base/json_members.h"

namespace docmind::cache {
namespace {

constexpr std::string_view kEntries = "/v1/entries/";
constexpr std::string_view kAgents = "/v1/agents/";
constexpr double kMostSeconds = 3e9;  // 95 years; what is longer is for ever.

Error invalid(std::string message, std::string hint) {
  return {Code::kInvalidArgument, std::move(message), std::move(hint)};
}

AskReply refused(const Error& error) { return {net::error_response(error)}; }

AskReply not_allowed(std::string_view allowed) {
  AskReply reply{net::error_response(
      405, invalid("this address does not take that method", "It takes " + std::string(allowed) + "."))};
  reply.response.headers.add("Allow", allowed);
  return reply;
}

Result<double> seconds_of(std::string_view name, std::string_view text) {
  double number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || !std::isfinite(number) || number < 0) {
    return invalid(std::string(name) + " is not a number of seconds", "Write it as 60 or 0.5.");
  }
  return number;
}

Duration duration_of(double seconds) {
  if (seconds >= kMostSeconds) return kForever;
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

Result<> set(Put& put, std::string_view name, std::string value) {
  if (name == "ttl") {
    put.ttl = duration_of(DM_TRY(seconds_of(name, value)));
  } else if (name == "cost") {
    put.cost = DM_TRY(seconds_of(name, value));
  } else if (name == "tag") {
    put.tags.push_back(std::move(value));
  } else if (name == "since") {
    std::uint64_t since = 0;
    const auto read = std::from_chars(value.data(), value.data() + value.size(), since);
    if (read.ec != std::errc{} || read.ptr != value.data() + value.size()) {
      return invalid("since is not what /v1/moment gave", "Pass that number on as it is.");
    }
    put.since = since;
  } else {
    return invalid("there is no parameter of that name", "There are ttl, cost, tag and since.");
  }
  return {};
}

Result<Put> put_of(std::string_view query) {
  Put put{.ttl = kForever};
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string name = DM_TRY(net::percent_decode_bytes(pair.substr(0, equals), net::Plus::kSpace));
    DM_TRY(set(put, name,
               DM_TRY(net::percent_decode_bytes(pair.substr(std::min(equals + 1, pair.size())), net::Plus::kSpace))));
  }
  return put;
}

// AGENT/TYPE/QUESTION gives "AGENT::TYPE::normalised question", as the specification records it.
Result<std::string> agent_key(std::string_view rest, const RouteOptions& options) {
  const std::size_t first = rest.find('/');
  const std::size_t second = first == std::string_view::npos ? first : rest.find('/', first + 1);
  if (second == std::string_view::npos) {
    return invalid("this address is not /v1/agents/AGENT/TYPE/QUESTION", "Percent-encode each of the three.");
  }
  const std::string agent = DM_TRY(net::percent_decode_bytes(rest.substr(0, first)));
  const std::string type = DM_TRY(net::percent_decode_bytes(rest.substr(first + 1, second - first - 1)));
  const std::string question = DM_TRY(net::percent_decode_bytes(rest.substr(second + 1)));
  if (agent.empty() || type.empty() || question.empty() || agent.find("::") != std::string::npos ||
      type.find("::") != std::string::npos) {
    return invalid("agent, type and question must not be empty, nor the first two have \"::\" in them",
                   "Name the agent and the type with plain words.");
  }
  return agent + "::" + type + "::" + (options.normalise ? options.normalise(question) : question);
}

Asked one_entry(const RequestHead& head, Result<std::string> key, std::string_view query, std::string_view body) {
  if (!key) return refused(key.error());
  if (key->empty()) return refused(invalid("the key is empty", "Put it behind /v1/entries/."));
  if (key->size() > kMaxKeyBytes) return refused(invalid("the key is longer than 4096 bytes", "Use its hash as key."));
  if (head.method == "GET" || head.method == "HEAD") return AskValue{*std::move(key)};
  if (head.method == "DELETE") return AskChange{{Change::Kind::kErase, *std::move(key), {}}};
  if (head.method != "PUT") return not_allowed("GET, HEAD, PUT, DELETE");
  auto put = put_of(query);
  if (!put) return refused(put.error());
  put->value = body;
  return AskChange{{Change::Kind::kPut, *std::move(key), *std::move(put)}};
}

Result<const boost::json::array*> items_of(const boost::json::value& whole, std::string_view name) {
  const boost::json::value& member = json_member(whole, name);
  if (!member.is_array() || member.get_array().size() > kMostInBatch) {
    return invalid("the body is not {\"" + std::string(name) + "\": [...]} with at most 1000 of them",
                   "Send several smaller requests.");
  }
  return &member.get_array();
}

Result<Change> change_of(const boost::json::value& item) {
  Change change{.put = {.ttl = kForever}};
  const boost::json::value& key = json_member(json_object(item), "key");
  const boost::json::value& text = json_member(json_object(item), "value");
  const boost::json::value& packed = json_member(json_object(item), "value_base64");
  if (!key.is_string() || text.is_string() == packed.is_string()) {
    return invalid("an entry is not {\"key\", \"value\" or \"value_base64\"} with text in both", "Check the body.");
  }
  change.key = json_text(key);
  change.put.value = text.is_string() ? std::string(json_text(text)) : DM_TRY(from_base64(json_text(packed)));
  for (const char* name : {"ttl", "cost"}) {
    const boost::json::value& number = json_member(json_object(item), name);
    if (number.is_null()) continue;
    if (!number.is_number()) return invalid(std::string(name) + " is not a number of seconds", "Check the body.");
    const double seconds = number.to_number<double>();
    if (seconds < 0) return invalid(std::string(name) + " is less than 0", "Check the body.");
    if (std::string_view(name) == "ttl") {
      change.put.ttl = duration_of(seconds);
    } else {
      change.put.cost = seconds;
    }
  }
  for (const boost::json::value& tag : json_list(json_member(json_object(item), "tags"))) {
    change.put.tags.emplace_back(json_text(tag));
  }
  const boost::json::value& since = json_member(json_object(item), "since");
  if (!since.is_null()) change.put.since = json_count(since);
  return change;
}

Result<Asked> posted(std::string_view path, const boost::json::value& whole) {
  if (path == "/v1/get") {
    AskValues ask;
    for (const boost::json::value& key : *DM_TRY(items_of(whole, "keys"))) {
      if (!key.is_string()) return invalid("a key is not text", "Get that entry by its own address.");
      ask.keys.emplace_back(json_text(key));
    }
    return Asked(std::move(ask));
  }
  AskChanges ask;
  if (path == "/v1/put") {
    for (const boost::json::value& item : *DM_TRY(items_of(whole, "entries"))) {
      ask.changes.push_back(DM_TRY(change_of(item)));
    }
    return Asked(std::move(ask));
  }
  const std::string_view tag = json_text(json_member(whole, "tag"));
  const bool all = json_flag(json_member(whole, "all"));
  if (tag.empty() != all) {
    return invalid("the body is neither {\"tag\": \"...\"} nor {\"all\": true}", "Say what shall be purged.");
  }
  ask.purge = true;
  ask.changes.push_back({Change::Kind::kPurge, std::string(tag), {}});
  return Asked(std::move(ask));
}

bool is_batch(std::string_view path) { return path == "/v1/get" || path == "/v1/put" || path == "/v1/purge"; }

Asked page(std::string_view path, std::string_view method) {
  struct Entry {
    std::string_view path;
    Page page;
  };
  for (const Entry& entry : {Entry{"/stats", Page::kStats}, Entry{"/health", Page::kHealth},
                             Entry{"/metrics", Page::kMetrics}, Entry{"/v1/moment", Page::kMoment}}) {
    if (entry.path != path) continue;
    if (method != "GET" && method != "HEAD") return not_allowed("GET, HEAD");
    return AskPage{entry.page};
  }
  return refused({Code::kNotFound, "there is nothing at this address", "docs/cache-server.md lists the addresses."});
}

}  // namespace

std::uint64_t body_limit(std::string_view target, const RouteOptions& options) {
  if (target.starts_with(kEntries) || target.starts_with(kAgents)) return options.max_value_bytes;
  return target.starts_with("/v1/") ? options.max_batch_bytes : 0;
}

Asked route(const RequestHead& head, std::string_view body, const RouteOptions& options) {
  const std::string_view path = head.target.substr(0, head.target.find('?'));
  const std::string_view query = head.target.substr(std::min(path.size() + 1, head.target.size()));
  if (path.starts_with(kEntries)) {
    return one_entry(head, net::percent_decode_bytes(path.substr(kEntries.size())), query, body);
  }
  if (path.starts_with(kAgents)) {
    return one_entry(head, agent_key(path.substr(kAgents.size()), options), query, body);
  }
  if (!is_batch(path)) return page(path, head.method);
  if (head.method != "POST") return not_allowed("POST");
  const auto whole = parse_json(body);
  if (!whole) return refused(whole.error());
  auto asked = posted(path, *whole);
  if (!asked) return refused(asked.error());
  return *std::move(asked);
}

}  // namespace docmind::cache
