// Another address with /metrics and nothing else, for who lets a Prometheus in there and not at the product: loopback
// unless told otherwise, and then with the keys of docs/access.md.
//
// Thread safety: open and the destructor on one thread; in between it answers on its own.
#pragma once
#include <cstdint>
#include <memory>

#include "access/keys.h"
#include "base/clock.h"
#include "config/settings.h"
#include "net/server.h"
#include "server/gate.h"
#include "server/routes.h"

namespace docmind::app {

struct MetricsPortDeps {  // All outlive it.
  const access::Keys& keys;
  server::Routes& routes;
  const Clock& clock;
};

class MetricsPort {
 public:
  // Listens at server.metrics_host and server.metrics_port, which is set. kConflict when that is taken; kUnauthorized
  // when it needs a key and there is none; kInvalidArgument when the host is no address.
  static Result<std::unique_ptr<MetricsPort>> open(const config::Settings::Server& settings,
                                                   const MetricsPortDeps& deps);

  std::uint16_t port() const { return port_; }

 private:
  MetricsPort(server::GateOptions gate, const MetricsPortDeps& deps)
      : gate_(gate, &deps.keys, deps.clock), routes_(deps.routes) {}
  void answer(const net::Request& request, net::ResponseWriter& out);

  server::Gate gate_;
  server::Routes& routes_;
  std::uint16_t port_ = 0;
  std::unique_ptr<net::Server> server_;  // The last: its threads use the others.
};

}  // namespace docmind::app
