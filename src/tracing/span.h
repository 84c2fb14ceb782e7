// A piece of work with its beginning and end, as OpenTelemetry has it. A value.
//
// Of what people wrote there is nothing in it: names, attributes and status are counts, ids, codes and words of ours.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/trace_context.h"

namespace docmind::tracing {

enum class SpanKind : std::uint8_t { kInternal = 1, kServer = 2, kClient = 3 };  // Numbers as OTLP has them.

using Value = std::variant<bool, std::int64_t, double, std::string, std::vector<std::string>>;

struct Span {
  TraceContext place{};  // Its trace, its own id, and its parent's.
  std::string name{};
  SpanKind kind = SpanKind::kInternal;
  std::uint64_t began = 0;                                       // Nanoseconds since 1970, UTC,
  std::uint64_t ended = 0;                                       // not before that.
  std::vector<std::pair<std::string_view, Value>> attributes{};  // Keys of the semantic conventions, or docmind.*.
  std::string error{};  // The name of a Code, or a status; empty: it did not fail.
};

}  // namespace docmind::tracing
