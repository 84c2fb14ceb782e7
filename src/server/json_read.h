// What requests carry, as the product's values. A field that is missing, unknown, of another type or out of its range
// is kInvalidArgument with its name, so that a typing error is never silently an empty filter: most of that is checked
// by the route's shape (server/shape.h), before. What takes a body wants one that fits; the rest is checked here.
//
// Pure functions; hostile input.
#pragma once
#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/scope.h"
#include "base/result.h"
#include "net/http.h"
#include "service/service.h"

namespace docmind::server {

// A whole number that `name` is to be.
Result<std::int64_t> read_whole(std::string_view text, std::string_view name, std::int64_t least, std::int64_t most);
// The parameter of that name; `fallback` when it is not given.
Result<std::int64_t> read_whole(const net::Target& target, std::string_view name, std::int64_t fallback,
                                std::int64_t least, std::int64_t most);

Result<service::Question> read_question(const boost::json::object& body);
// The same of an object that no route has checked.
Result<service::Question> checked_question(const boost::json::object& body);

struct CachePurge {
  cache::PurgeBy by = cache::PurgeBy::kAll;
  std::string name{};
};
// ?user=, ?session=, ?document= or ?all=true, one of them.
Result<CachePurge> read_purge(const net::Target& target);

// ?q=&k=&document=&type=&from=&to=; document and type may be repeated.
Result<service::Query> read_query(const net::Target& target, std::uint32_t default_k);

// ?version=&start=&end=&offset=&quote=; start and end together.
Result<service::PlaceAsked> read_place(const net::Target& target, const std::string& document);

// The page's number from the path, and ?version=&width=.
Result<service::PageAsked> read_page(const net::Target& target, const std::string& document, std::string_view page);

// Each must be absolute.
Result<std::vector<std::string>> read_paths(const boost::json::object& body);

struct KeyRequest {
  std::string name{};
  std::vector<access::Scope> scopes{};
  std::optional<std::int64_t> expires_ms{};
};
KeyRequest read_key_request(const boost::json::object& body);

// The citations of an answer as to_json wrote it. Fields of the answer besides claims[].citations[] are not looked at.
Result<std::vector<agents::Citation>> read_citations(const boost::json::object& body);

}  // namespace docmind::server
