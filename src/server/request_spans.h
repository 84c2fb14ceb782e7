// What a request leaves in a trace (tracing/tracer.h): a span of itself, in it one of the answer to a question, in that
// one of each agent's run, and in those the calls of the chat model and of a supervisor's tools. Taken from what is
// recorded of them anyhow, when they are done.
//
// Pure. Of the question, the documents and what was written there is nothing in a span: counts, ids and codes alone.
// Source of the names: https://opentelemetry.io/docs/specs/semconv (http, gen-ai); docmind.* are ours.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "agents/trace.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/trace_context.h"
#include "service/service.h"
#include "tracing/span.h"

namespace docmind::server {

// Nanoseconds since 1970.
struct Stretch {
  std::uint64_t began = 0;
  std::uint64_t ended = 0;
};

// `route` is its template, "none" where there is no such route: what stands in a path may be a document's name.
tracing::Span request_span(const TraceContext& place, const Stretch& when, std::string_view method,
                           std::string_view route, int status, std::string_view request_id);

// `type` is how it was asked: ask, session, chat, mcp.
tracing::Span answer_span(const TraceContext& place, const Stretch& when, const std::string& type,
                          const Result<service::Answer>& answer);

// Of everything that is recorded in `trace`, below the span of the answer; `nanoseconds` since 1970 of a moment.
using Nanoseconds = std::function<std::uint64_t(TimePoint)>;
std::vector<tracing::Span> spans_of(const agents::Trace& trace, const TraceContext& answer,
                                    const Nanoseconds& nanoseconds);

}  // namespace docmind::server
