#include "tracing/otlp.h"

#include <boost/json.hpp>

#include "base/json.h"

namespace docmind::tracing {
namespace {

namespace json = boost::json;

constexpr int kStatusError = 2;

json::object value_of(const Value& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return {{"boolValue", *flag}};
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return {{"intValue", std::to_string(*whole)}};
  if (const auto* real = std::get_if<double>(&value)) return {{"doubleValue", *real}};
  if (const auto* text = std::get_if<std::string>(&value)) return {{"stringValue", *text}};
  json::array values;
  for (const std::string& one : std::get<std::vector<std::string>>(value)) {
    values.push_back(json::object{{"stringValue", one}});
  }
  return {{"arrayValue", json::object{{"values", std::move(values)}}}};
}

json::object attribute(std::string_view key, const Value& value) { return {{"key", key}, {"value", value_of(value)}}; }

json::object to_json(const Span& span) {
  json::array attributes;
  for (const auto& [key, value] : span.attributes) attributes.push_back(attribute(key, value));
  if (!span.error.empty()) attributes.push_back(attribute("error.type", span.error));
  json::object out{{"traceId", trace_id(span.place)},
                   {"spanId", span_id(span.place.span)},
                   {"name", span.name},
                   {"kind", static_cast<int>(span.kind)},
                   {"startTimeUnixNano", std::to_string(span.began)},
                   {"endTimeUnixNano", std::to_string(span.ended)},
                   {"attributes", std::move(attributes)}};
  if (span.place.parent != 0) out["parentSpanId"] = span_id(span.place.parent);
  if (!span.error.empty()) out["status"] = json::object{{"code", kStatusError}};
  return out;
}

json::array attributes_of(const Resource& resource) {
  json::array out{attribute("service.name", resource.service), attribute("service.version", resource.version)};
  if (!resource.instance.empty()) out.push_back(attribute("service.instance.id", resource.instance));
  return out;
}

}  // namespace

std::string to_otlp(std::span<const Span> spans, const Resource& resource) {
  json::array all;
  for (const Span& span : spans) all.push_back(to_json(span));
  const json::object scope{{"name", "docmind"}, {"version", resource.version}};
  const json::object of_scope{{"scope", scope}, {"spans", std::move(all)}};
  const json::object of_resource{{"resource", json::object{{"attributes", attributes_of(resource)}}},
                                 {"scopeSpans", json::array{of_scope}}};
  return to_text(json::object{{"resourceSpans", json::array{of_resource}}});
}

}  // namespace docmind::tracing
