// Where in a trace this thread works: the trace's id and that of the span that is being made, as they go from one
// process to the next in the header `traceparent`.
//
// Thread safety: each thread has its own. Tasks of an exec::Pool work in the place of whoever submitted them.
// Source: W3C Trace Context, level 1 (https://www.w3.org/TR/trace-context-1/).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace docmind {

inline constexpr std::string_view kTraceparentHeader = "traceparent";

struct TraceContext {
  std::uint64_t high = 0;  // The trace's id, 128 bits; 0 and 0: there is no trace.
  std::uint64_t low = 0;
  std::uint64_t span = 0;    // Of this thread's work,
  std::uint64_t parent = 0;  // and of who wants it; 0: nobody is known.
  bool sampled = true;       // Whether anybody records it.

  explicit operator bool() const { return (high | low) != 0; }
  bool operator==(const TraceContext&) const = default;
};

// Lower-case hex digits: 32 and 16.
std::string trace_id(const TraceContext& context);
std::string span_id(std::uint64_t span);

// Where the caller is, as a header says it. Nothing for one that is broken.
std::optional<TraceContext> read_traceparent(std::string_view header);
// The header for who works for `context`.
std::string traceparent(const TraceContext& context);

// Of a piece of its work: the same trace, another span.
TraceContext child_of(const TraceContext& context);

// Of this thread.
const TraceContext& trace_context();

// While it lives, this thread works there; then again where it did before.
class TraceScope {
 public:
  explicit TraceScope(const TraceContext& context);
  ~TraceScope();
  TraceScope(const TraceScope&) = delete;
  TraceScope& operator=(const TraceScope&) = delete;

 private:
  TraceContext before_;
};

}  // namespace docmind
