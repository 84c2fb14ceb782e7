#include "app/span_export.h"

#include "app/remote_hosts.h"
#include "net/address.h"
#include "tracing/http_sender.h"

namespace docmind::app {
namespace {

Result<net::Address> collector_of(const config::Settings& settings) {
  auto address = net::address_of(settings.tracing.endpoint);
  if (!address) {
    return Error{Code::kInvalidArgument, "tracing.endpoint is no address of a collector",
                 "Write it as http://127.0.0.1:4318; https is not spoken to it."};
  }
  DM_TRY(check_host("tracing.endpoint", address->endpoint.host, settings, "times and counts"));
  return address;
}

}  // namespace

Result<> check_span_export(const config::Settings& settings) {
  if (!settings.tracing.endpoint.empty()) (void)DM_TRY(collector_of(settings));
  return {};
}

Result<std::unique_ptr<SpanExport>> SpanExport::open(const config::Settings& settings, const SpanExportDeps& deps) {
  if (settings.tracing.endpoint.empty()) return std::unique_ptr<SpanExport>();
  net::Address collector = DM_TRY(collector_of(settings));
  const bool here = net::is_loopback(collector.endpoint);
  deps.log.event(here ? obs::Level::kInfo : obs::Level::kWarn, "tracing_to",
                 {{"host", collector.endpoint.host}, {"port", collector.endpoint.port}, {"elsewhere", !here}});
  std::unique_ptr<SpanExport> out(new SpanExport());
  out->client_ = DM_TRY(net::Client::open({.reach = here ? net::Reach::kThisMachine : net::Reach::kAnywhere}));
  out->tracer_ = DM_TRY(tracing::Tracer::open(
      {.share = settings.tracing.sample, .resource = {.version = DOCMIND_VERSION}},
      {deps.clock, deps.log, deps.metrics, tracing::http_sender(*out->client_, std::move(collector))}));
  return out;
}

}  // namespace docmind::app
