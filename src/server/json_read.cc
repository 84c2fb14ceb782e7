#include "server/json_read.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <initializer_list>
#include <limits>

#include "base/json.h"

namespace docmind::server {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxText = 16U << 10U;
constexpr std::size_t kMaxList = 1000;
constexpr std::size_t kMaxUser = 256;
constexpr std::uint32_t kMaxHits = 1000;
constexpr std::uint32_t kUsualWidth = 900;  // Of a page's picture, in pixels.

Error bad(std::string message) { return {Code::kInvalidArgument, std::move(message), "See docs/api.md."}; }

// A body that is not JSON is the caller's mistake, however it is broken.
Result<json::object> read_object(std::string_view body) {
  Result<json::value> value = parse_json(body);
  if (!value) return bad("the body is not usable JSON: " + value.error().message);
  if (!value->is_object()) return bad("the body is not a JSON object");
  return std::move(value->get_object());
}

Result<> only(const json::object& object, std::initializer_list<std::string_view> known) {
  for (const auto& field : object) {
    const std::string_view key(field.key().data(), field.key().size());
    if (std::ranges::find(known, key) == known.end()) return bad(fmt::format("the field \"{}\" is not known", key));
  }
  return {};
}

Result<std::string> read_text(std::string_view text, std::string_view what) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return bad(fmt::format("{} is empty", what));
  if (text.size() > kMaxText) return bad(fmt::format("{} is longer than 16 KiB", what));
  if (text.find('\0') != std::string_view::npos) return bad(fmt::format("{} contains a NUL", what));
  return std::string(text);
}

Result<std::string> string_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) return bad(fmt::format("\"{}\" must be a string", key));
  return std::string(value->get_string());
}

Result<std::vector<std::string>> strings_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr) return std::vector<std::string>{};
  const auto error = bad(fmt::format("\"{}\" must be a list of at most {} strings", key, kMaxList));
  if (!value->is_array() || value->get_array().size() > kMaxList) return error;
  std::vector<std::string> out;
  for (const json::value& one : value->get_array()) {
    if (!one.is_string() || one.get_string().empty()) return error;
    out.emplace_back(one.get_string());
  }
  return out;
}

Result<std::optional<std::int64_t>> time_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || value->is_null()) return std::optional<std::int64_t>();
  if (!value->is_int64()) return bad(fmt::format("\"{}\" must be whole UTC milliseconds", key));
  return std::optional(value->get_int64());
}

Result<std::uint64_t> offset_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_int64() || value->get_int64() < 0) {
    return bad(fmt::format("\"{}\" must be a byte offset", key));
  }
  return static_cast<std::uint64_t>(value->get_int64());
}

Result<service::Filter> read_filter(const json::object& object) {
  DM_TRY(only(object, {"documents", "types", "from", "to"}));
  service::Filter filter;
  filter.documents = DM_TRY(strings_at(object, "documents"));
  filter.types = DM_TRY(strings_at(object, "types"));
  filter.modified_from = DM_TRY(time_at(object, "from"));
  filter.modified_to = DM_TRY(time_at(object, "to"));
  return filter;
}

Result<> read_parameter(std::string_view name, std::string_view value, service::Query& query) {
  constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  service::Filter& filter = query.filter;
  if (name == "q") {
    query.text = DM_TRY(read_text(value, "\"q\""));
  } else if (name == "k") {
    query.k = static_cast<std::uint32_t>(DM_TRY(read_whole(value, name, 1, kMaxHits)));
  } else if (name == "document" || name == "type") {
    std::vector<std::string>& list = name == "type" ? filter.types : filter.documents;
    if (value.empty() || list.size() == kMaxList) return bad(fmt::format("\"{}\" is empty or given too often", name));
    list.emplace_back(value);
  } else if (name == "from") {
    filter.modified_from = DM_TRY(read_whole(value, name, kLeast, kMost));
  } else if (name == "to") {
    filter.modified_to = DM_TRY(read_whole(value, name, kLeast, kMost));
  } else {
    return bad(fmt::format("the parameter \"{}\" is not known", name));
  }
  return {};
}

Result<agents::Citation> read_citation(const json::value& value) {
  if (!value.is_object()) return bad("a citation is not an object");
  const json::object& object = value.get_object();
  agents::Citation citation;
  citation.document = DM_TRY(string_at(object, "document"));
  citation.document_id = DM_TRY(string_at(object, "document_id"));
  citation.version = DM_TRY(string_at(object, "version"));
  citation.quote = DM_TRY(string_at(object, "quote"));
  citation.span = {DM_TRY(offset_at(object, "start")), DM_TRY(offset_at(object, "end"))};
  if (citation.span.start > citation.span.end) return bad("a citation ends before it starts");
  return citation;
}

Result<json::array> array_at(const json::value& value, std::string_view key) {
  const json::object* object = value.if_object();
  const json::value* list = object == nullptr ? nullptr : object->if_contains(key);
  if (list == nullptr || !list->is_array()) return bad(fmt::format("\"{}\" must be a list", key));
  return list->get_array();
}

Result<cache::Use> read_use(const json::object& object) {
  if (!object.contains("cache")) return cache::Use::kUse;
  const std::string use = DM_TRY(string_at(object, "cache"));
  if (use == "use") return cache::Use::kUse;
  if (use == "bypass") return cache::Use::kBypass;
  if (use == "refresh") return cache::Use::kRefresh;
  return bad("\"cache\" must be use, bypass or refresh");
}

}  // namespace

Result<CachePurge> read_purge(const net::Target& target) {
  if (target.query.size() != 1) return bad("one of \"user\", \"session\", \"document\" and \"all\" is needed");
  const auto& [name, value] = target.query.front();
  if (value.empty()) return bad(fmt::format("\"{}\" is empty", name));
  if (name == "user") return CachePurge{cache::PurgeBy::kUser, value};
  if (name == "session") return CachePurge{cache::PurgeBy::kSession, value};
  if (name == "document") return CachePurge{cache::PurgeBy::kDocument, value};
  if (name == "all" && value == "true") return CachePurge{cache::PurgeBy::kAll, ""};
  return bad(fmt::format("the parameter \"{}\" is not known", name));
}

Result<std::int64_t> read_whole(std::string_view text, std::string_view name, std::int64_t least, std::int64_t most) {
  std::int64_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc() || end != text.data() + text.size() || number < least || number > most) {
    return bad(fmt::format("\"{}\" must be a whole number from {} to {}", name, least, most));
  }
  return number;
}

Result<std::int64_t> read_whole(const net::Target& target, std::string_view name, std::int64_t fallback,
                                std::int64_t least, std::int64_t most) {
  const auto given = target.parameter(name);
  if (!given) return fallback;
  return read_whole(*given, name, least, most);
}

Result<service::Question> read_question(std::string_view body) {
  const json::object object = DM_TRY(read_object(body));
  DM_TRY(only(object, {"question", "filter", "cache", "user"}));
  service::Question question;
  question.cache = DM_TRY(read_use(object));
  if (object.contains("user")) {
    question.user = DM_TRY(string_at(object, "user"));
    if (question.user.size() > kMaxUser) return bad("\"user\" is longer than 256 bytes");
  }
  const std::string text = DM_TRY(string_at(object, "question"));
  question.text = DM_TRY(read_text(text, "\"question\""));
  const json::value* filter = object.if_contains("filter");
  if (filter == nullptr || filter->is_null()) return question;
  if (!filter->is_object()) return bad("\"filter\" must be an object");
  question.filter = DM_TRY(read_filter(filter->get_object()));
  return question;
}

Result<service::Query> read_query(const net::Target& target, std::uint32_t default_k) {
  service::Query query;
  query.k = default_k;
  for (const auto& [name, value] : target.query) {
    DM_TRY(read_parameter(name, value, query));
  }
  if (query.text.empty()) return bad("the parameter \"q\" is missing");
  return query;
}

Result<service::PlaceAsked> read_place(const net::Target& target, const std::string& document) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  service::PlaceAsked asked{.document = document};
  std::optional<std::uint64_t> start;
  std::optional<std::uint64_t> end;
  for (const auto& [name, value] : target.query) {
    if (name == "version") {
      asked.version = value;
    } else if (name == "quote") {
      asked.quote = value;
    } else if (name == "start") {
      start = static_cast<std::uint64_t>(DM_TRY(read_whole(value, name, 0, kMost)));
    } else if (name == "end") {
      end = static_cast<std::uint64_t>(DM_TRY(read_whole(value, name, 0, kMost)));
    } else if (name == "offset") {
      asked.offset = static_cast<std::uint64_t>(DM_TRY(read_whole(value, name, 0, kMost)));
    } else {
      return bad(fmt::format("the parameter \"{}\" is not known", name));
    }
  }
  if (start.has_value() != end.has_value()) return bad("\"start\" and \"end\" belong together");
  if (start) asked.span = doc::Span{*start, *end};
  return asked;
}

Result<service::PageAsked> read_page(const net::Target& target, const std::string& document, std::string_view page) {
  constexpr std::int64_t kMostPage = std::numeric_limits<std::int32_t>::max();
  service::PageAsked asked{.document = document, .width = kUsualWidth};
  asked.page = static_cast<std::uint32_t>(DM_TRY(read_whole(page, "page", 1, kMostPage)));
  for (const auto& [name, value] : target.query) {
    if (name == "version") {
      asked.version = value;
    } else if (name == "width") {
      asked.width = static_cast<std::uint32_t>(DM_TRY(read_whole(value, name, doc::kLeastWidth, doc::kMostWidth)));
    } else {
      return bad(fmt::format("the parameter \"{}\" is not known", name));
    }
  }
  return asked;
}

Result<std::vector<std::string>> read_paths(std::string_view body) {
  const json::object object = DM_TRY(read_object(body));
  DM_TRY(only(object, {"paths"}));
  std::vector<std::string> paths = DM_TRY(strings_at(object, "paths"));
  if (paths.empty()) return bad("\"paths\" must name at least one file or folder");
  for (const std::string& path : paths) {
    if (!path.starts_with('/') || path.find('\0') != std::string::npos) return bad("a path is not absolute: " + path);
  }
  return paths;
}

Result<KeyRequest> read_key_request(std::string_view body) {
  const json::object object = DM_TRY(read_object(body));
  DM_TRY(only(object, {"name", "scopes", "expires_ms"}));
  KeyRequest request{.expires_ms = DM_TRY(time_at(object, "expires_ms"))};
  if (object.contains("name")) request.name = DM_TRY(string_at(object, "name"));
  for (const std::string& one : DM_TRY(strings_at(object, "scopes"))) {
    const auto scope = access::scope_named(one);
    if (!scope) return bad(fmt::format("\"scopes\" may be ask, ingest and admin, not \"{}\"", one.substr(0, 64)));
    request.scopes.push_back(*scope);
  }
  return request;
}

Result<std::string> read_sign_in(std::string_view body) {
  const json::object object = DM_TRY(read_object(body));
  DM_TRY(only(object, {"key"}));
  return string_at(object, "key");
}

Result<std::vector<agents::Citation>> read_citations(std::string_view body) {
  const json::value answer = DM_TRY(read_object(body));
  std::vector<agents::Citation> citations;
  for (const json::value& claim : DM_TRY(array_at(answer, "claims"))) {
    for (const json::value& one : DM_TRY(array_at(claim, "citations"))) {
      if (citations.size() == kMaxList) return bad("an answer has at most 1000 citations");
      citations.push_back(DM_TRY(read_citation(one)));
    }
  }
  return citations;
}

}  // namespace docmind::server
