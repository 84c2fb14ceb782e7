// The tracer that the settings ask for, with what it needs: a way to the collector of tracing.endpoint.
//
// Thread safety: as tracing::Tracer.
#pragma once
#include <memory>

#include "base/clock.h"
#include "config/settings.h"
#include "net/client.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "tracing/tracer.h"

namespace docmind::app {

// kInvalidArgument when tracing.endpoint is set and no address, or on another machine that nobody named.
Result<> check_span_export(const config::Settings& settings);

struct SpanExportDeps {  // All outlive it.
  const Clock& clock;
  const obs::Log& log;
  obs::Metrics& metrics;
};

class SpanExport {
 public:
  // Null without tracing.endpoint. Errors: those of check_span_export().
  static Result<std::unique_ptr<SpanExport>> open(const config::Settings& settings, const SpanExportDeps& deps);

  tracing::Tracer& tracer() { return *tracer_; }

 private:
  SpanExport() = default;
  std::unique_ptr<net::Client> client_;
  std::unique_ptr<tracing::Tracer> tracer_;  // Uses the client.
};

}  // namespace docmind::app
