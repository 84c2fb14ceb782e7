#include "server/json_read.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <limits>

#include "base/json_members.h"
#include "server/shape.h"

namespace docmind::server {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxList = 1000;
constexpr std::uint32_t kUsualWidth = 900;  // Of a page's picture, in pixels.

Error bad(std::string message) { return {Code::kInvalidArgument, std::move(message), "See docs/api.md."}; }

Result<std::string> read_text(std::string_view text, std::string_view what) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return bad(fmt::format("{} is empty", what));
  if (text.find('\0') != std::string_view::npos) return bad(fmt::format("{} contains a NUL", what));
  return std::string(text);
}

std::vector<std::string> strings_in(const json::value& list) {
  std::vector<std::string> out;
  for (const json::value& one : json_list(list)) out.emplace_back(json_text(one));
  return out;
}

std::optional<std::int64_t> time_in(const json::value& value) {
  return value.is_int64() ? std::optional(value.get_int64()) : std::nullopt;
}

service::Filter read_filter(const json::value& given) {
  service::Filter filter;
  filter.documents = strings_in(json_member(given, "documents"));
  filter.types = strings_in(json_member(given, "types"));
  filter.modified_from = time_in(json_member(given, "from"));
  filter.modified_to = time_in(json_member(given, "to"));
  return filter;
}

std::vector<std::string> all_of(const net::Target& target, std::string_view name) {
  std::vector<std::string> out;
  for (const auto& [key, value] : target.query) {
    if (key == name) out.push_back(value);
  }
  return out;
}

std::optional<std::int64_t> whole_in(const net::Target& target, std::string_view name) {
  constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  const auto text = target.parameter(name);
  const auto whole = text ? read_whole(*text, name, kLeast, kMost) : Result<std::int64_t>(Error{Code::kNotFound, ""});
  return whole ? std::optional(*whole) : std::nullopt;
}

Result<agents::Citation> read_citation(const json::value& value) {
  const auto text = [&](std::string_view key) { return std::string(json_text(json_member(value, key))); };
  agents::Citation citation;
  citation.document = text("document");
  citation.document_id = text("document_id");
  citation.version = text("version");
  citation.quote = text("quote");
  citation.span = {json_count(json_member(value, "start")), json_count(json_member(value, "end"))};
  if (citation.span.start > citation.span.end) return bad("a citation ends before it starts");
  return citation;
}

cache::Use read_use(std::string_view use) {
  if (use == "bypass") return cache::Use::kBypass;
  return use == "refresh" ? cache::Use::kRefresh : cache::Use::kUse;
}

}  // namespace

Result<CachePurge> read_purge(const net::Target& target) {
  if (target.query.size() != 1) return bad("one of \"user\", \"session\", \"document\" and \"all\" is needed");
  const auto& [name, value] = target.query.front();
  if (name == "user") return CachePurge{cache::PurgeBy::kUser, value};
  if (name == "session") return CachePurge{cache::PurgeBy::kSession, value};
  if (name == "document") return CachePurge{cache::PurgeBy::kDocument, value};
  if (value == "true") return CachePurge{cache::PurgeBy::kAll, ""};
  return bad("\"all\" must be true");
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

Result<service::Question> read_question(const json::object& body) {
  service::Question question;
  question.text = DM_TRY(read_text(json_text(json_member(body, "question")), "\"question\""));
  question.filter = read_filter(json_member(body, "filter"));
  question.cache = read_use(json_text(json_member(body, "cache")));
  question.user = json_text(json_member(body, "user"));
  const bool separate = json_text(json_member(body, "analysis")) == "separate";
  question.analysis = separate ? service::Analysis::kSeparate : service::Analysis::kCombined;
  return question;
}

Result<service::Question> checked_question(const json::object& body) {
  static const Shape shape("Question");
  DM_TRY(check(body, shape));
  return read_question(body);
}

Result<service::Query> read_query(const net::Target& target, std::uint32_t default_k) {
  service::Query query;
  query.text = DM_TRY(read_text(target.parameter("q").value_or(""), "\"q\""));
  query.k = static_cast<std::uint32_t>(whole_in(target, "k").value_or(default_k));
  query.filter.documents = all_of(target, "document");
  query.filter.types = all_of(target, "type");
  query.filter.modified_from = whole_in(target, "from");
  query.filter.modified_to = whole_in(target, "to");
  return query;
}

Result<service::PlaceAsked> read_place(const net::Target& target, const std::string& document) {
  service::PlaceAsked asked{.document = document,
                            .version = std::string(target.parameter("version").value_or("")),
                            .quote = std::string(target.parameter("quote").value_or(""))};
  const auto start = whole_in(target, "start");
  const auto end = whole_in(target, "end");
  if (start.has_value() != end.has_value()) return bad("\"start\" and \"end\" belong together");
  if (start) asked.span = doc::Span{static_cast<std::uint64_t>(*start), static_cast<std::uint64_t>(*end)};
  if (const auto offset = whole_in(target, "offset")) asked.offset = static_cast<std::uint64_t>(*offset);
  return asked;
}

Result<service::PageAsked> read_page(const net::Target& target, const std::string& document, std::string_view page) {
  constexpr std::int64_t kMostPage = std::numeric_limits<std::int32_t>::max();
  service::PageAsked asked{.document = document, .version = std::string(target.parameter("version").value_or(""))};
  asked.page = static_cast<std::uint32_t>(DM_TRY(read_whole(page, "page", 1, kMostPage)));
  asked.width = static_cast<std::uint32_t>(whole_in(target, "width").value_or(kUsualWidth));
  return asked;
}

Result<std::vector<std::string>> read_paths(const json::object& body) {
  std::vector<std::string> paths = strings_in(json_member(body, "paths"));
  for (const std::string& path : paths) {
    if (!path.starts_with('/') || path.find('\0') != std::string::npos) return bad("a path is not absolute: " + path);
  }
  return paths;
}

KeyRequest read_key_request(const json::object& body) {
  KeyRequest request{.name = std::string(json_text(json_member(body, "name"))),
                     .expires_ms = time_in(json_member(body, "expires_ms"))};
  for (const std::string& one : strings_in(json_member(body, "scopes"))) {
    if (const auto scope = access::scope_named(one)) request.scopes.push_back(*scope);
  }
  return request;
}

Result<std::vector<agents::Citation>> read_citations(const json::object& body) {
  std::vector<agents::Citation> citations;
  for (const json::value& claim : json_list(json_member(body, "claims"))) {
    for (const json::value& one : json_list(json_member(claim, "citations"))) {
      if (citations.size() == kMaxList) return bad("an answer has at most 1000 citations");
      citations.push_back(DM_TRY(read_citation(one)));
    }
  }
  return citations;
}

}  // namespace docmind::server
