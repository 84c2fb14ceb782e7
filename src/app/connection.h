// A command's way to the product: over the Unix socket of whoever holds the data directory, ourselves if nobody does.
//
// If the holder goes away while we wait for it, we connect again, or become the holder, and ask again: every request
// a command makes can be repeated. Thread safety: one thread.
#pragma once
#include <functional>
#include <memory>
#include <stop_token>

#include "app/layout.h"
#include "base/clock.h"
#include "cli/api.h"
#include "net/client.h"

namespace docmind::app {

// What serves the socket in this process. Destroying it stops serving.
class Holding {
 public:
  virtual ~Holding() = default;
  virtual std::uint64_t running() const = 0;  // Requests that are being answered.
  // Takes no more requests and waits for those that run.
  virtual void stop(Deadline drain) = 0;
};

struct ConnectionDeps {
  const Layout& layout;
  const Clock& clock;
  net::Client& client;
  // Takes the lock and serves the socket; kConflict when another process holds it.
  std::function<Result<std::unique_ptr<Holding>>()> hold;
};

class Connection final : public cli::Api {
 public:
  Connection(ConnectionDeps deps, std::stop_token stop) : deps_(std::move(deps)), stop_(std::move(stop)) {}

  Result<net::Response> call(const net::Request& request) override;
  Result<net::Response> stream(const net::Request& request, const net::SseParser::OnEvent& on_event) override;

  // From the next request on this one stops it.
  void stop_with(std::stop_token stop) { stop_ = std::move(stop); }

  // The command is done. When we hold the directory and others' requests still run, says so and waits for them, unless
  // the person stops it: they then find another holder.
  void finish(const std::function<void()>& say_waiting);

 private:
  Result<> connect();
  // One attempt after another, while the holder is lost on the way. `attempt` is net::Client::send.
  Result<net::Response> send(const std::function<Result<net::Response>(const net::Endpoint&)>& attempt);

  ConnectionDeps deps_;
  std::stop_token stop_;
  std::unique_ptr<Holding> holding_;
};

}  // namespace docmind::app
