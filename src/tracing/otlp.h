// Spans as the body of a request to an OpenTelemetry collector. Pure.
//
// Source: https://github.com/open-telemetry/opentelemetry-proto/blob/v1.5.0/docs/specification.md (OTLP/HTTP, JSON):
// the JSON mapping of ExportTraceServiceRequest, with ids as hex digits, whole numbers of 64 bits as strings, and enums
// as numbers.
#pragma once
#include <span>
#include <string>

#include "tracing/span.h"

namespace docmind::tracing {

// Who makes the spans.
struct Resource {
  std::string service = "docmind";
  std::string version{};
  std::string instance{};  // Of this process; empty: it is not told.
};

std::string to_otlp(std::span<const Span> spans, const Resource& resource);

}  // namespace docmind::tracing
