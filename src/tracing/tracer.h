// Takes spans and sends them to a collector, a batch at a time, from a thread of its own.
//
// Thread safety: every method from any thread; open and the destructor on one. add() never waits: where the
// queue is full, which a collector that is away makes it, spans are dropped and counted. A batch that the collector
// may take another time (base/error.h, retryable) is kept until it does; one that it refuses is dropped. That it is
// away is told once, and that it is back.
// Metrics: docmind_tracing_spans_sent_total, docmind_tracing_spans_dropped_total.
// Source of the sampling: https://opentelemetry.io/docs/specs/otel/trace/sdk (ParentBased; TraceIdRatioBased by the
// rightmost 56 bits of the trace's id, so that every service with one share takes the same traces).
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/deadline.h"
#include "base/result.h"
#include "base/trace_context.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "tracing/otlp.h"
#include "tracing/span.h"

namespace docmind::tracing {

struct TracerOptions {
  double share = 1;                                  // Of traces that begin here, 0 to 1.
  std::size_t waiting = 4096;                        // Spans that wait at most.
  std::size_t batch = 512;                           // Of one request.
  Duration delay = std::chrono::seconds(2);          // From the first span that waits to its request;
  Duration pause = std::chrono::seconds(5);          // from a request that failed to the next one.
  Duration patience = std::chrono::seconds(10);      // For the collector to answer.
  Duration last_patience = std::chrono::seconds(2);  // The same for what is left at the end, all of it.
  Resource resource{};
};

// Brings a body to the collector.
using Send = std::function<Result<>(const std::string& body, const Deadline& deadline, const std::stop_token& stop)>;

struct TracerDeps {  // The references outlive it.
  const Clock& clock;
  const obs::Log& log;
  obs::Metrics& metrics;
  Send send{};
};

class Tracer {
 public:
  // kResourceExhausted when the machine refuses a thread.
  static Result<std::unique_ptr<Tracer>> open(TracerOptions options, TracerDeps deps);
  ~Tracer();  // Sends what is left, within last_patience.

  // Whether this trace is recorded: as its caller has it, or by its id.
  TraceContext sampled(TraceContext context) const;

  // Those of traces that are not recorded are left out.
  void add(std::vector<Span> spans);

  // As spans have their times.
  std::uint64_t nanoseconds(TimePoint at) const;

 private:
  class Queue;
  Tracer(TracerOptions options, TracerDeps deps);
  const double share_;
  const Clock& clock_;
  mutable std::atomic<Duration::rep> between_clocks_ = 0;  // From the zero of its now() to that of its wall().
  std::unique_ptr<Queue> queue_;
};

}  // namespace docmind::tracing
