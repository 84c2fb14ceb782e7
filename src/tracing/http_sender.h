// Where a collector listens, and how a body gets there: POST of JSON to ADDRESS/v1/traces over HTTP (OTLP/HTTP).
//
// Source: https://github.com/open-telemetry/opentelemetry-proto/blob/v1.5.0/docs/specification.md#otlphttp.
#pragma once
#include "net/address.h"
#include "net/client.h"
#include "tracing/tracer.h"

namespace docmind::tracing {

// client outlives it. Its errors are those of net::Client::call; what a collector answers is looked at no further.
Send http_sender(net::Client& client, net::Address collector);

}  // namespace docmind::tracing
