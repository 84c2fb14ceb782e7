// A blocking HTTP/1.1 client over Unix sockets and TCP, on libcurl.
//
// Thread safety: send() from any thread; each call takes a connection of its own and leaves it for the next one
// (keep-alive). No proxy, no redirect, no cookie, no other protocol than http; hosts that are not this machine are
// refused unless allowed. What comes back is bounded: headers 64 KiB, body as the caller says.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/deadline.h"
#include "base/result.h"
#include "net/http.h"

namespace docmind::net {

// A Unix socket when unix_path is set, else host and port.
struct Endpoint {
  std::string unix_path{};
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
};

enum class Reach : std::uint8_t { kThisMachine, kAnywhere };

struct ClientOptions {
  Reach reach = Reach::kThisMachine;
  Duration connect_timeout = std::chrono::seconds(5);
  std::uint32_t idle_connections = 16;  // Kept for later calls.
};

// A request's body that is read while it is sent: for what does not fit into memory.
struct BodySource {
  std::uint64_t size = 0;  // Bytes of the whole.
  // The bytes from `at` on, at least one and at most as many as `into` has. Called on the thread of send(), now and
  // then again from 0 (a connection that was kept was dead); its Error ends the call and is returned.
  std::function<Result<std::size_t>(std::uint64_t at, std::span<char> into)> read{};
};

struct SendOptions {
  Deadline deadline{};  // For the whole call.
  std::stop_token stop{};
  std::uint64_t max_body = 64U << 20U;  // More is kResourceExhausted. Counts streamed bytes too.

  BodySource body{};  // With read(): sent in the place of Request::body.

  // With a clock: the longest wait for the first byte of the answer, counted from the last piece of the body that was
  // read, and from then on for another one; what on_data takes does not count. kDeadlineExceeded.
  const Clock* clock = nullptr;
  Duration first_byte = Duration::max();
  Duration idle = Duration::max();

  // For streams: takes the pieces of a 2xx body as they arrive, and Response::body stays empty. Other bodies are
  // collected as ever. Called on the thread of send(); its Error ends the call and is returned.
  std::function<Result<>(std::string_view)> on_data{};
};

class Client {
 public:
  static Result<std::unique_ptr<Client>> open(ClientOptions options = {});
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // The response, whatever its status. Errors: kUnavailable (nobody listens, connection lost), kDeadlineExceeded,
  // kCancelled, kResourceExhausted (answer over its cap), kDataLoss (not HTTP), kInvalidArgument (host refused).
  Result<Response> send(const Endpoint& endpoint, const Request& request, const SendOptions& options = {});

  // send(), and a status other than 2xx is an Error: what error_of() says.
  Result<Response> call(const Endpoint& endpoint, const Request& request, const SendOptions& options = {});

 private:
  struct State;
  explicit Client(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace docmind::net
