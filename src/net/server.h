// An HTTP/1.1 server over TCP and Unix sockets: connections live on one io thread, handlers run on a bounded pool.
//
// Thread safety: any method from any thread. Handlers run at the same time on several threads, never on the io thread,
// so they may block; each has its own ResponseWriter, used by one thread at a time.
// Bounds: connections, header bytes, body bytes (each and in all), waiting requests and unsent bytes of a stream are
// all capped; what passes a cap gets 503, 431, 413, 429, or waits. Requests that two parsers could read differently
// (two lengths, a length and chunks, odd transfer codings) get 400 and the connection is closed.
// Sources: RFC 9110, RFC 9112; chunked coding for streams; keep-alive; pipelined requests are answered in order.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/deadline.h"
#include "base/result.h"
#include "net/http.h"
#include "net/origin.h"
#include "sys/fd.h"

namespace docmind::net {

// How a handler answers: once with send(), or begin(), write()..., end(). A handler that returns without having
// answered sends 500; one that returns inside a stream cuts it off, so that the client sees it as broken.
class ResponseWriter {
 public:
  virtual ~ResponseWriter() = default;

  // The whole response. Does not wait for the client to read it.
  virtual Result<> send(Response response) = 0;

  // Starts a stream (its body is the first piece). Content-Length is not sent; the wire uses chunks.
  virtual Result<> begin(Response head) = 0;
  // Waits while the client is behind; kCancelled when it has gone or the server stops.
  virtual Result<> write(std::string_view bytes) = 0;
  virtual Result<> end() = 0;

  // Fires when the client has gone (within 500 ms) or the server stops waiting. Pass it down.
  virtual std::stop_token stop() const = 0;
};

using Handler = std::function<void(const Request&, ResponseWriter&)>;

// Quick requests (health, metrics) have a thread of their own, so that they answer while all others are busy. Long ones
// mostly wait (for events, for a model): many of them at once keep no others from being answered.
enum class Lane : std::uint8_t { kNormal, kQuick, kLong };

struct ServerOptions {
  std::uint32_t threads = 16;         // Handlers at once.
  std::uint32_t waiting = 256;        // Requests that may wait for a thread; more get 429.
  std::uint32_t long_requests = 256;  // The same for those that are long: each holds a thread while it lasts.
  std::uint32_t connections = 1024;   // Open at once; more get 503.
  std::uint32_t header_bytes = 16U << 10U;
  std::uint64_t bodies_in_all = 1U << 30U;             // Bytes of all bodies being held; more get 503.
  std::uint64_t stream_bytes = 256U << 10U;            // Unsent bytes of one stream before write() waits.
  Duration header_timeout = std::chrono::seconds(10);  // For a whole header.
  Duration body_grace = std::chrono::seconds(10);      // A body may be this late over body_rate.
  std::uint32_t body_rate = 1024;                      // Bytes a second.
  Duration idle_timeout = std::chrono::seconds(75);    // Between two requests.
  Duration write_stall = std::chrono::seconds(30);     // Without one byte taken by the client.

  // The refusal of a request by its header, before any of its body is read, or nothing. Called on the io thread for
  // what came over TCP and passed HostRules: must not block. A refused request ends its connection.
  std::function<std::optional<Response>(const Request& head)> refuse{};
  // Cap on the body of a request, known when its header is; 0 fields of body are set. Default: 32 MiB for all.
  std::function<std::uint64_t(const Request& head)> body_bytes{};
  std::function<Lane(const Request& head)> lane{};  // Default: kNormal for all.
};

struct TcpOptions {
  std::string host = "127.0.0.1";  // An address, not a name.
  std::uint16_t port = 0;          // 0: any free one.
  HostRules hosts{};               // Who may call: checked before anything else is done with a request.
};

class Server {
 public:
  static Result<std::unique_ptr<Server>> open(ServerOptions options, Handler handler);
  ~Server();  // stop() without waiting.
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Serves on a Unix socket with mode 0600. A socket file that nobody listens on is replaced; kConflict when somebody
  // does or when the path is something else; kInvalidArgument past 107 bytes.
  Result<> listen_unix(const std::string& path);

  // Serves on an address and returns the port. kConflict when it is taken.
  Result<std::uint16_t> listen_tcp(const TcpOptions& options);
  // Serves on a TCP socket that listens already.
  Result<> adopt_tcp(sys::Fd listening, HostRules hosts);

  // Takes no more connections, waits for running requests until the deadline, then fires their stop tokens, closes
  // everything and joins the threads. Once; later calls return at once.
  void stop(Deadline drain);

  struct Counts {
    std::uint64_t connections = 0;  // Open now.
    std::uint64_t requests = 0;     // Handed to handlers so far.
    std::uint64_t running = 0;      // Handlers running or waiting now.
    std::uint64_t refused = 0;      // Answered by the server itself with 4xx or 5xx.
  };
  Counts counts() const;

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace docmind::net
