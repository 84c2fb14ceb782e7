#include "app/metrics_port.h"

#include "app/exposure.h"

namespace docmind::app {
namespace {

constexpr std::string_view kPath = "/metrics";
constexpr std::uint32_t kConnections = 64;
constexpr std::uint32_t kThreads = 2;

}  // namespace

Result<std::unique_ptr<MetricsPort>> MetricsPort::open(const config::Settings::Server& settings,
                                                       const MetricsPortDeps& deps) {
  const Exposure exposure = DM_TRY(exposure_of(settings, settings.metrics_host));
  if (exposure.keys_needed && !deps.keys.any_usable()) {
    return Error{Code::kUnauthorized, "metrics at " + settings.metrics_host + " want a key, and there is none",
                 "make one first: docmind keys add --scope ask"};
  }
  std::unique_ptr<MetricsPort> out(new MetricsPort(
      {.keys_needed = exposure.keys_needed, .requests_per_minute = settings.requests_per_minute}, deps));
  net::ServerOptions options;
  options.threads = kThreads;
  options.long_requests = 1;
  options.connections = kConnections;
  options.refuse = [port = out.get()](const net::Request& head) -> std::optional<net::Response> {
    const auto refusal = port->gate_.refuse(head, access::Scope::kAsk);
    return refusal ? std::optional(server::response_to(*refusal)) : std::nullopt;
  };
  options.body_bytes = [](const net::Request&) { return std::uint64_t{0}; };
  out->server_ = DM_TRY(net::Server::open(
      std::move(options),
      [port = out.get()](const net::Request& request, net::ResponseWriter& answer) { port->answer(request, answer); }));
  out->port_ = DM_TRY(out->server_->listen_tcp({.host = numeric(settings.metrics_host),
                                                .port = static_cast<std::uint16_t>(settings.metrics_port),
                                                .hosts = exposure.hosts}));
  return out;
}

void MetricsPort::answer(const net::Request& request, net::ResponseWriter& out) {
  if (request.target.path == kPath && (request.method == "GET" || request.method == "HEAD")) {
    routes_.handle(request, out);
    return;
  }
  (void)out.send(net::error_response({Code::kNotFound, "this port has /metrics alone",
                                      "Everything else is at the server's own address: server.port."}));
}

}  // namespace docmind::app
