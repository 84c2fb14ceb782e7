// GET /api/openapi.json: the table of routes as an OpenAPI 3.1 document.
// Source: https://spec.openapis.org/oas/v3.1.1
#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <ranges>

#include "base/ascii.h"
#include "base/json.h"
#include "server/impl/call.h"
#include "server/impl/route.h"

namespace docmind::server {
namespace {

namespace json = boost::json;

// Of every route, from the connection, from keys and limits, or from whatever it needs being away or too slow.
constexpr std::array kUsual = {400, 401, 403, 408, 413, 415, 421, 429, 431, 499, 500, 503, 504};

json::object reference(std::string_view of) { return {{"$ref", "#/components/" + std::string(of)}}; }

// Of a reply that is not JSON: a stream's is that of its events.
json::object other_schema(std::string_view media_type) {
  return media_type == "text/event-stream" ? reference("schemas/ServerEvent") : json::object{{"type", "string"}};
}

std::string_view error_of(std::string_view pattern) {
  return pattern.starts_with("/v1/") ? "schemas/ErrorOfV1" : "schemas/Error";
}

json::object responses_of(std::string_view pattern, const Wire& wire) {
  json::object content;
  if (wire.reply) content["application/json"] = {{"schema", schema_of(*wire.reply)}};
  for (const auto part : std::views::split(wire.other_reply, ' ')) {
    const std::string_view type(part.begin(), part.end());
    content[type] = {{"schema", other_schema(type)}};
  }
  json::object out{{std::to_string(wire.status), {{"description", net::reason(wire.status)}, {"content", content}}}};
  const auto add = [&](int status) {
    json::object response{{"description", net::reason(status)}};
    if (status >= 400) response["content"] = {{"application/json", {{"schema", reference(error_of(pattern))}}}};
    out[std::to_string(status)] = std::move(response);
  };
  std::ranges::for_each(kUsual, add);
  std::ranges::for_each(wire.also, add);
  return out;
}

// Ids are names: a segment of the path, without control characters.
json::array parameters(std::string_view pattern, const Wire& wire) {
  json::array out;
  const auto add = [&](std::string_view name, std::string_view in, bool needed, json::value schema) {
    out.push_back({{"name", name}, {"in", in}, {"required", needed}, {"schema", std::move(schema)}});
  };
  if (pattern.find("{id}") != std::string_view::npos) {
    add("id", "path", true, {{"type", "string"}, {"pattern", "^[A-Za-z0-9_~][A-Za-z0-9._~ -]{0,127}$"}});
  }
  if (pattern.find("{page}") != std::string_view::npos) {
    add("page", "path", true, {{"type", "integer"}, {"minimum", 1}, {"maximum", 2147483647}});
  }
  for (const Shape& field : wire.query.resolved().fields) add(field.name, "query", field.needed, schema_of(field));
  return out;
}

json::object upload() {
  const json::object file{{"type", "string"}, {"contentMediaType", "application/octet-stream"}};
  return {{"type", "object"}, {"properties", {{"file", file}}}, {"required", json::array{"file"}}};
}

json::value request_body(const Wire& wire) {
  if (wire.upload) return {{"required", true}, {"content", {{"multipart/form-data", {{"schema", upload()}}}}}};
  if (!wire.body) return nullptr;
  const bool needed = std::ranges::any_of(wire.body->resolved().fields, &Shape::needed);
  return {{"required", needed || wire.body->resolved().fields.empty()},
          {"content", {{"application/json", {{"schema", schema_of(*wire.body)}}}}}};
}

// "GET /api/documents/{id}/text" is get_api_documents_id_text.
std::string operation_id(std::string_view method, std::string_view pattern) {
  std::string out(method);
  for (const char c : pattern) {
    if (c != '{' && c != '}') out += c >= 'a' && c <= 'z' ? c : '_';
    if (c >= '0' && c <= '9') out.back() = c;
  }
  return lowered(out);
}

json::array security(std::optional<access::Scope> scope) {
  if (!scope) return {};
  return {json::object{{"bearer", json::array()}}, json::object{{"key", json::array()}}, json::object()};
}

json::object components() {
  json::object schemas;
  for (const auto& [name, shape] : declared_shapes()) schemas[name] = schema_of(shape);
  return {{"schemas", std::move(schemas)},
          {"securitySchemes",
           {{"bearer", {{"type", "http"}, {"scheme", "bearer"}}},
            {"key", {{"type", "apiKey"}, {"in", "header"}, {"name", "x-api-key"}}}}}};
}

}  // namespace

std::string Routes::openapi_document() {
  json::object paths;
  for (const Route& route : table()) {
    json::object operation{{"operationId", operation_id(route.method, route.pattern)},
                           {"summary", route.about},
                           {"security", security(route.scope)},
                           {"responses", responses_of(route.pattern, route.wire)}};
    operation["x-scope"] = route.scope ? json::value(name(*route.scope)) : json::value(nullptr);
    if (json::array all = parameters(route.pattern, route.wire); !all.empty()) operation["parameters"] = std::move(all);
    if (json::value body = request_body(route.wire); !body.is_null()) operation["requestBody"] = std::move(body);
    const std::string method = lowered(route.method);
    json::value& path = paths[route.pattern];
    if (path.is_null()) path.emplace_object();
    path.get_object()[method] = std::move(operation);
  }
  return to_text(json::object{
      {"openapi", "3.1.0"},
      {"info",
       {{"title", "DocMind"},
        {"version", DOCMIND_VERSION},
        {"description", "Answers from your documents, with citations that can be checked. docs/api.md says more."}}},
      {"paths", std::move(paths)},
      {"components", components()}});
}

Routes::Reply Routes::openapi(const Call&) {
  static const std::string document = openapi_document();
  return Answered(net::json_response(200, document));
}

}  // namespace docmind::server
