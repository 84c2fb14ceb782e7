// The process that holds a data directory: everything the product is made of, built once in order, taken down in
// reverse.
//
// Thread safety: open and the destructor on one thread; in between every method from any.
#pragma once
#include <memory>
#include <string>

#include "app/connection.h"
#include "app/layout.h"
#include "base/clock.h"
#include "config/load.h"
#include "net/client.h"
#include "obs/log.h"
#include "sys/environment.h"
#include "sys/fd.h"

namespace docmind::app {

struct HolderDeps {
  const Layout& layout;
  const config::Sources& sources;
  const config::Loaded& loaded;  // From them.
  const sys::Environment& environment;
  const Clock& clock;
  net::Client& client;
  obs::Log& log;
  // Whether servers of models that are ours to start are started at once, and again when they end: for somebody who
  // serves. Else they are started when a command wants them.
  bool keeps_up = false;
  std::string host{};  // The address that will be served, for listen(); empty: none.
};

class Holder final : public Holding {
 public:
  // Takes the lock, opens the library, serves the Unix socket. kConflict when another process holds the directory;
  // kUnauthorized when the address to be served needs keys and there are none.
  static Result<std::unique_ptr<Holder>> open(const HolderDeps& deps);
  ~Holder() override;

  // Serves the address, too. The port it got; kConflict when the port is taken.
  Result<std::uint16_t> listen(std::uint16_t port);
  // The same on a socket that listens at that address already.
  Result<> listen_on(sys::Fd listening);
  // Serves /metrics at a port of its own, too, where one is set. One that cannot be had is told to the log.
  void listen_for_metrics();
  // Starts the engine and loads the index in the background, until stop() or the end.
  void warm_up();
  // Reads the settings again; what they fail with, and then they stay as they were.
  Result<> reload_settings();
  std::uint64_t running() const override;
  void stop(Deadline drain) override;

 private:
  struct State;
  explicit Holder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace docmind::app
