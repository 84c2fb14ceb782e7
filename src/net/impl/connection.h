// One connection of the server, on the io thread: bytes in, requests out to handlers, bytes back.
//
// Thread safety: everything on the io thread, except what handlers do through their Exchange.
#pragma once
#include <boost/asio/generic/stream_protocol.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "base/trace_context.h"
#include "net/server.h"

namespace docmind::net {

using Socket = boost::asio::generic::stream_protocol::socket;

class Connection;

// What a connection needs from its server.
class ConnectionOwner {
 public:
  virtual ~ConnectionOwner() = default;
  virtual const ServerOptions& options() const = 0;
  virtual const Handler& handler() const = 0;
  virtual bool draining() const = 0;
  virtual std::string new_request_id() = 0;
  virtual TraceContext new_trace() = 0;
  virtual Result<> run(Lane lane, std::function<void()> task) = 0;  // kResourceExhausted when too many wait.
  virtual bool hold_body(std::uint64_t bytes) = 0;                  // False: too many bytes are held already.
  virtual void release_body(std::uint64_t bytes) = 0;
  virtual void request_started() = 0;
  virtual void request_ended() = 0;
  virtual void request_refused() = 0;
  virtual void closed(const std::shared_ptr<Connection>& connection) = 0;
};

class Connection {
 public:
  // rules: set for TCP.
  static std::shared_ptr<Connection> make(Socket socket, std::optional<HostRules> rules, ConnectionOwner& owner);
  virtual ~Connection() = default;
  virtual void start() = 0;
  virtual void close_if_idle() = 0;
  virtual void close() = 0;  // At once; a running handler is told through its token.
};

}  // namespace docmind::net
